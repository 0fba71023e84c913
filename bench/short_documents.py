"""Ask 441 questions about 99 short documents: yes or no, near misses, tables of words, labels, lists, other scripts.

    python -m bench.short_documents [--show]

The documents and what is right stand in `bench/short_documents.jsonl`: null where nothing answers, "yes" or "no" where
the answer has to begin so, "~" before what the short answer has to hold, else the short answer itself. Every document
is asked alone. `--show` prints what is wrong. Needs the embedder (`kb models pull minilm`).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from core.settings import home_dir
from core.types import Answer
from kb import KnowledgeBase

QUESTIONS = Path(__file__).with_suffix(".jsonl")


def is_right(answer: Answer, gold: str | None) -> bool:
    """Tell whether an answer is the one wanted; see above."""
    short = answer.short_answer.casefold()
    if gold is None:
        return answer.ground == "abstained"
    if gold in ("yes", "no"):
        return answer.answer.casefold().startswith(gold)
    return gold[1:].casefold() in short if gold.startswith("~") else gold.casefold() == short


def main() -> None:
    """Parse arguments, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    documents: list[dict[str, Any]] = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    models = home_dir(os.environ) / "models"
    right = total = 0
    with tempfile.TemporaryDirectory(prefix="kb-short-") as scratch:
        (Path(scratch) / "models").symlink_to(models)
        os.environ["KB_HOME"] = scratch
        for index, document in enumerate(documents):
            file = Path(scratch) / document["doc"]
            file.write_text(document["text"], encoding="utf-8")
            with KnowledgeBase(collection=f"c{index}", model="extractive") as base:
                base.ingest(str(file))
                for asked in document["questions"]:
                    answer = base.ask(asked["question"])
                    is_good = is_right(answer, asked["answer"])
                    right, total = right + is_good, total + 1
                    if options.show and not is_good:
                        print(
                            f"{document['doc']}: {asked['question']}\n    {asked['answer']} / {answer.answer[:160]!r}"
                        )
    print(f"{right} of {total} questions to {len(documents)} documents right")


if __name__ == "__main__":
    main()
