"""How well `kb ask` answers what a dataset of `kb synth` or a file of questions asks.

    python bench/answers.py --home KB_HOME --dataset FOLDER [--collection NAME] [--model SPEC] [--count 200]
    python bench/answers.py --home KB_HOME --questions FILE [--collection NAME] [--model SPEC] [--show]

Of a dataset one closed-book question of every fact, a hash deciding which and in what order; the whole collection is
searched. Right: the gold answer stands in the answer, numbers within 1%. Gold page: the first citation stands on a page
of the fact's evidence. A file of questions holds records as `kb eval` reads them; one without a gold answer is to be
refused. `--show` prints every question that is not right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.files import Home  # noqa: E402
from core.metrics import contains, numbers_of, numeric_match  # noqa: E402
from core.models import open_chat  # noqa: E402
from core.settings import Settings  # noqa: E402
from core.types import Document  # noqa: E402
from finetune.compare.measures import right  # noqa: E402
from rag.answer.answer import Answerer  # noqa: E402
from rag.answer.evaluate import read_records  # noqa: E402
from rag.open import open_knowledge  # noqa: E402

TOLERANCE = 0.01


def one_a_fact(dataset: Path) -> list[dict[str, Any]]:
    """Return one closed-book row of every fact, shuffled by a hash."""
    rows = [json.loads(line) for line in (dataset / "pairs.jsonl").read_text("utf-8").splitlines()]
    by_fact: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "closed-book":
            by_fact[row["fact"]].append(row)
    chosen = [min(fact_rows, key=lambda row: _hash(row["id"])) for fact_rows in by_fact.values()]
    return sorted(chosen, key=lambda row: _hash(row["fact"]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def of_file(path: Path, answerer: Answerer, documents: Sequence[Document], *, show: bool) -> None:
    """Ask the questions of a file; print shares of the answerable ones, refusals of the others and the time."""
    held, short, numbers, refused, declined, seconds = [], [], [], [], [], []
    for record in read_records(path, documents):
        begun = time.process_time()
        answer = answerer.ask(record.question)
        seconds.append(time.process_time() - begun)
        abstained = answer.ground == "abstained"
        if record.answer is None:
            declined.append(abstained)
            good = abstained
        else:
            good = contains(answer.answer, record.answer) > 0
            held.append(good)
            short.append(contains(answer.short_answer, record.answer) > 0)
            numbers += [numeric_match(answer.short_answer, record.answer)] if numbers_of(record.answer) else []
            refused.append(abstained)
        if show and not good:
            print(f"{record.question}\n    gold {record.answer}\n    {answer.confidence} {answer.answer[:300]!r}")
    print(
        f"{len(held)} answerable: gold in the answer {fmean(held):.3f}, in the short answer {fmean(short):.3f}, "
        f"its numbers {fmean(numbers or [0]):.3f} of {len(numbers)}, refused {sum(refused)}\n"
        f"{len(declined)} without an answer: refused {sum(declined)}\n"
        f"processor seconds of an answer: median {median(seconds):.3f}, mean {fmean(seconds):.3f}"
    )


def main() -> None:
    """Ask every question, print shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", type=Path)
    source.add_argument("--questions", type=Path)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--model", default="extractive")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--show", action="store_true", help="print what is not right")
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
        page=lambda sha256, page: knowledge.catalogue.page(given.collection, sha256, page),
    )
    if given.questions:
        of_file(given.questions, answerer, knowledge.catalogue.documents(given.collection), show=given.show)
        return
    is_right, on_gold_page, refused = [], [], []
    for row in one_a_fact(given.dataset)[: given.count]:
        answer = answerer.ask(row["question"])
        pages = {(place["sha256"], place["page"]) for place in row["evidence"]}
        first = answer.citations[:1]
        refused.append(answer.ground == "abstained")
        is_right.append(right(answer.answer, row["answer"], TOLERANCE))
        on_gold_page.append(bool(first) and (first[0].sha256, first[0].page) in pages)
    print(
        f"{len(is_right)} questions: right {fmean(is_right):.3f}, "
        f"first citation on a gold page {fmean(on_gold_page):.3f}, refused {fmean(refused):.3f}"
    )


if __name__ == "__main__":
    main()
