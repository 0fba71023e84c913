"""How well `kb ask` answers what a dataset of `kb synth` asks, with the extractive reader or another model.

    python bench/answers.py --home KB_HOME --dataset FOLDER [--collection NAME] [--model SPEC] [--count 200]

One closed-book question of every fact, a hash deciding which and in what order; the whole collection is searched.
Right: the gold answer stands in the answer, numbers within 1%. Gold page: the first citation stands on a page of the
fact's evidence.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.files import Home  # noqa: E402
from core.models import open_chat  # noqa: E402
from core.settings import Settings  # noqa: E402
from finetune.compare.measures import right  # noqa: E402
from rag.answer.answer import Answerer  # noqa: E402
from rag.open import open_knowledge  # noqa: E402

TOLERANCE = 0.01


def one_a_fact(dataset: Path) -> list[dict[str, Any]]:
    """Return one closed-book row of every fact, shuffled by a hash."""
    rows = [json.loads(line) for line in (dataset / "pairs.jsonl").read_text("utf-8").splitlines()]
    by_fact: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "closed-book":
            by_fact[row["fact"]].append(row)
    chosen = [min(held, key=lambda row: _hash(row["id"])) for held in by_fact.values()]
    return sorted(chosen, key=lambda row: _hash(row["fact"]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> None:
    """Ask every question, print three shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--model", default="extractive")
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    settings, home = Settings(), Home(given.home)
    knowledge = open_knowledge(settings, home, given.collection)
    answerer = Answerer(
        knowledge.narrowed(),
        open_chat(given.model, settings, home),
        settings,
        lambda sha256, page: knowledge.catalogue.page(given.collection, sha256, page).text,
        model=given.model,
        embedder=knowledge.embedder,
    )
    found, placed, refused = [], [], []
    for row in one_a_fact(given.dataset)[: given.count]:
        answer = answerer.ask(row["question"])
        pages = {(place["sha256"], place["page"]) for place in row["evidence"]}
        first = answer.citations[:1]
        refused.append(answer.ground == "abstained")
        found.append(right(answer.answer, row["answer"], TOLERANCE))
        placed.append(bool(first) and (first[0].sha256, first[0].page) in pages)
    print(
        f"{len(found)} questions: right {fmean(found):.3f}, first citation on a gold page {fmean(placed):.3f}, "
        f"refused {fmean(refused):.3f}"
    )


if __name__ == "__main__":
    main()
