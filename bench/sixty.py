"""Ask the sixty first questions of `bench/sixty/questions.jsonl` and print the answers to be judged by hand.

    python -m bench.sixty --home KB_HOME --collection NAME [--filings] [--json FILE]

The collection holds the documents of `bench/sixty/documents`; with `--filings` also Apple's 10-Q and Lockheed Martin's
10-K under the names that `questions.jsonl` gives. The score printed at the end is a machine's: gold answer contained in
the first line, numbers by value, refusals where no document answers.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from core.files import Home
from core.metrics import contains, numbers_of, numeric_match, token_f1
from core.models import open_chat
from core.settings import Settings
from core.types import Answer
from rag.answer.answer import Answerer
from rag.open import open_knowledge

FOLDER = Path(__file__).parent / "sixty"


def seems_right(answer: Answer, gold: str | None) -> bool:
    """Whether the first line of an answer seems right; a person judges in the end."""
    if gold is None or answer.ground == "abstained":
        return gold is None and answer.ground == "abstained"
    first = answer.short_answer or answer.answer.split("\n", 1)[0]
    if numbers_of(gold) and numeric_match(first, gold, relative_tolerance=1e-6):
        return True
    negative = gold.split(",")[0].strip().lower() == "no"
    if negative:
        return answer.answer.lower().removeprefix("possibly: ").startswith("no:")
    return bool(contains(first, gold) or contains(gold, first)) or token_f1(first, gold) >= 0.6


def main() -> None:
    """Ask, print, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--collection", default="sixty")
    parser.add_argument("--filings", action="store_true")
    parser.add_argument("--json", type=Path, help="write the answers here")
    options = parser.parse_args()
    settings, home = Settings(), Home(options.home)
    knowledge = open_knowledge(settings, home, options.collection)
    answerer = Answerer(
        knowledge.narrowed(),
        open_chat("extractive", settings, home),
        settings,
        lambda sha256, page: knowledge.catalogue.page(options.collection, sha256, page).text,
        embedder=knowledge.embedder,
        page=lambda sha256, page: knowledge.catalogue.page(options.collection, sha256, page),
    )
    rows: list[dict[str, Any]] = []
    for line in (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["doc"].endswith(".pdf") and not options.filings:
            continue
        own = [d.sha256 for d in knowledge.catalogue.documents(options.collection) if d.doc == row["doc"]]
        begun = time.perf_counter()
        # A person who asks these questions has the document before them.
        answerer._searcher = knowledge.narrowed(own)
        answer = answerer.ask(row["question"])
        row |= {
            "short_answer": answer.short_answer,
            "text": answer.answer,
            "ground": answer.ground,
            "confidence": answer.confidence,
            "seems_right": seems_right(answer, row["answer"]),
            "seconds": round(time.perf_counter() - begun, 3),
        }
        rows.append(row)
        print(f"{'+' if row['seems_right'] else '-'} {row['doc']}: {row['question']}")
        print(f"    gold: {row['answer']}\n    {answer.confidence}: " + answer.answer.replace("\n", "\n    ")[:600])
    print(f"{sum(row['seems_right'] for row in rows)} of {len(rows)} seem right")
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
