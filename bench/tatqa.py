"""How well the reader answers questions on financial tables: TAT-QA's tables and text among eight passages.

    python -m bench.tatqa --data FOLDER [--count 300] [--tables-only]

Every table is a passage with its blocks, as a loader gives them; its paragraphs stand below it, and passages of seven
other documents beside it. The figures are those of documents that neither the span reader nor any weight or rule was
fitted to.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.reader_data import is_held_out
from core.blocks import Block, Cell
from core.metrics import exact_match, numbers_of, numeric_match, token_f1
from core.reading.tables.derive import TableReader
from core.reading.tables.table import Table, table_of


@dataclass(frozen=True, slots=True)
class Context:
    """A table with its text as one page."""

    uid: str
    text: str
    block: Block
    held_out: bool
    questions: tuple[dict[str, Any], ...]


def page_of(entry: dict[str, Any]) -> Context:
    """Lay out a table, a row a line, with its paragraphs below."""
    text = ""
    rows = []
    for row in entry["table"]["table"]:
        cells = []
        for column, cell in enumerate(row):
            text += " " if column else ""
            cells.append(Cell(start=len(text), end=len(text) + len(cell)))
            text += cell
        rows.append(tuple(cells))
        text += "\n"
    block = Block(kind="table", start=0, end=len(text) - 1, rows=tuple(rows))
    paragraphs = sorted(entry["paragraphs"], key=lambda part: part["order"])
    text += "\n" + "\n\n".join(part["text"] for part in paragraphs)
    uid = entry["table"]["uid"]
    held_out = is_held_out("tatqa", f"tatqa/{uid}") and zlib.crc32(uid.encode()) % 2 == 1
    return Context(uid, text, block, held_out, tuple(entry["questions"]))


def gold_of(question: dict[str, Any]) -> str:
    """Return the gold answer as text, its scale in words."""
    answer = question["answer"]
    parts = [str(part) for part in answer] if isinstance(answer, list) else [str(answer)]
    scale = question["scale"]
    suffix = {"": "", "percent": "%"}.get(scale, f" {scale}")
    return ", ".join(part + (suffix if suffix and suffix.strip() not in part else "") for part in parts)


def is_right(predicted: str, question: dict[str, Any]) -> bool:
    """Whether a short answer is exactly the gold one or has its numbers, as many and no others."""
    gold = gold_of(question)
    bare = ", ".join(map(str, question["answer"])) if isinstance(question["answer"], list) else str(question["answer"])
    if exact_match(predicted, gold) or exact_match(predicted, bare):
        return True
    numbers = numbers_of(gold)
    if question["answer_type"] in ("span", "multi-span") and len(gold.split()) > 6 * max(1, len(numbers)):
        return token_f1(predicted, gold) > 0.8
    return bool(numbers) and len(numbers_of(predicted)) == len(numbers) and bool(numeric_match(predicted, gold))


def contexts(path: Path) -> Iterator[Context]:
    """Read the set."""
    for entry in json.loads(path.read_text(encoding="utf-8")):
        yield page_of(entry)


def tables_only(sample: list[tuple[Context, dict[str, Any]]], *, show: int) -> None:
    """Print what the table matcher alone answers from the right table."""
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    wrong: Counter[str] = Counter()
    for context, question in sample:
        table: Table | None = table_of(context.block, context.text)
        answers = TableReader(question["question"], [table]).answers() if table else []
        predicted = answers[0].text if answers else ""
        good = is_right(predicted, question)
        right[question["answer_type"], question["answer_from"]].append(good)
        if not good and "table" in question["answer_from"]:
            wrong[question["answer_type"]] += 1
            if sum(wrong.values()) <= show:
                heads = table.heads if table else ()
                score = f"{answers[0].score:.2f} {answers[0].note}" if answers else ""
                print(f"{question['question']}\n    gold {gold_of(question)} ({question['derivation']})")
                print(f"    got {predicted} {score} {heads}")
    for kind, values in sorted(right.items()):
        print(f"{kind[0]:12} {kind[1]:12} n={len(values)} right {fmean(values):.3f}")
    every = [value for values in right.values() for value in values]
    print(f"all n={len(every)} right {fmean(every):.3f}")


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument(
        "--fitted", action="store_true", help="the documents that may be fitted to, instead of the others"
    )
    parser.add_argument("--tables-only", action="store_true")
    parser.add_argument("--show", type=int, default=0, help="print so many wrong answers")
    options = parser.parse_args()
    sets = [
        context for context in contexts(options.data / "qa" / "tatqa-dev.json") if context.held_out != options.fitted
    ]
    pairs = [(context, question) for context in sets for question in context.questions]
    sample = random.Random(0).sample(pairs, min(options.count, len(pairs)))
    tables_only(sample, show=options.show)


if __name__ == "__main__":
    main()
