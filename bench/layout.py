"""Whether the layout of a page is read as a person reads it: columns, tables, marks, forms; and how fast.

    python bench/layout.py made
    python bench/layout.py tables --data tatqa-dev.json
    python bench/layout.py filings --data FOLDER
    python bench/layout.py speed --data FOLDER_OF_PDFS

`made` draws pages whose truth is known. `tables` prints the tables of TAT-QA (github.com/NExTplusplus/TAT-QA) in three
styles and reads them back. `filings` compares ten statements with figures that were read off the drawn page by
hand (`bench/layout_labels.json`). A figure counts as right when a cell holds it whose row has its label and whose
column has its heads. The last line of each is a share or a rate; `--json` prints one document. Exit 1 below `--least`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.layout_made import CASES
from bench.layout_print import STYLES, print_tables
from bench.layout_printed import PRINTED
from core.blocks import Block, cell_grid
from core.settings import IngestSettings
from core.types import Page
from rag.load.linking import linked
from rag.load.pdf.pdfium_reader import PdfReader

LABELS = Path(__file__).parent / "layout_labels.json"


@dataclass(slots=True)
class Score:
    """How many of what was asked for came back right, and what did not."""

    right: int = 0
    checked: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, good: bool, what: str) -> None:
        self.checked += 1
        self.right += good
        if not good:
            self.misses.append(what)

    @property
    def share(self) -> float:
        return self.right / self.checked if self.checked else 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell with the label of its row and the heads of its column, white space folded."""

    text: str
    label: str
    heads: str


def read_pages(path: Path) -> list[Page]:
    """Return the pages of a PDF as ingest gets them."""
    reader = PdfReader(path, IngestSettings())
    try:
        return list(linked(reader.page(index) for index in range(reader.info.n_pages)))
    finally:
        reader.close()


def figures(page: Page) -> Iterator[Figure]:
    """Yield every cell of a page's tables that is no head and no label."""
    for block in page.blocks:
        if block.kind == "table":
            yield from _figures(page, block)


def _figures(page: Page, block: Block) -> Iterator[Figure]:
    heads: dict[int, list[str]] = {}
    for carried in block.carried_heads:
        for column, text in enumerate(carried):
            heads.setdefault(column, []).append(text)
    group = ""
    for row_index, row in enumerate(cell_grid(block.rows)):
        column = 0
        texts: list[tuple[int, int, str]] = []
        while column < len(row):
            cell = row[column]
            span = cell.column_span if cell else 1
            texts.append((column, span, fold(page.text[cell.start : cell.end]) if cell else ""))
            column += span
        if row_index < block.head_rows:
            for first, span, text in texts:
                for place in range(first, first + span):
                    heads.setdefault(place, []).append(text)
            continue
        label = texts[0][2]
        if sum(bool(text) for _, _, text in texts) == 1:
            group = label
        for first, _, text in texts[1:]:
            if text:
                yield Figure(text, f"{group} {label}".strip(), " ".join(filter(None, heads.get(first, []))))


def fold(text: str) -> str:
    """Return a text with its white space folded and without space beside currency and percent signs."""
    folded = " ".join(unicodedata.normalize("NFKC", text).split())
    for sign in "$€£(":
        folded = folded.replace(f"{sign} ", sign)
    return re.sub(r"(?<=[\d)]) (?=[%)])", "", folded)


def is_right(expected: Figure, candidates: Iterable[Figure]) -> bool:
    """Tell whether a figure stands under its heads and beside its label."""
    words = expected.heads.split()
    return any(
        figure.text == expected.text
        and figure.label.endswith(expected.label)
        and all(word in figure.heads.split() for word in words)
        for figure in candidates
    )


def bench_made(score: Score, folder: Path) -> None:
    """Draw the made pages and compare what is read with their truth."""
    for name, draw, check in [*CASES, *PRINTED]:
        path = folder / f"{name}.pdf"
        draw(path)
        for what, good in check(read_pages(path)):
            score.add(good, f"{name}: {what}")


def bench_tables(score: Score, data: Path, folder: Path) -> None:
    """Print tables in three styles and read them back."""
    tables = [entry["table"]["table"] for entry in json.loads(data.read_text(encoding="utf-8"))]
    for style in STYLES:
        printed = print_tables(tables, style, folder / f"{style}.pdf")
        pages = read_pages(folder / f"{style}.pdf")
        for number, (first, last, expected) in enumerate(printed):
            read = [figure for page in pages[first : last + 1] for figure in figures(page)]
            for text, label, heads in expected:
                figure = Figure(fold(text), fold(label), fold(heads))
                score.add(is_right(figure, read), f"{style} table {number}: {figure}")


def bench_filings(score: Score, data: Path) -> None:
    """Compare statements of filings with figures read by hand."""
    for statement in json.loads(LABELS.read_text(encoding="utf-8")):
        path = next(iter(data.rglob(statement["file"])), None)
        if path is None:
            sys.exit(f"{data} holds no {statement['file']}")
        reader = PdfReader(path, IngestSettings())
        read = list(figures(reader.page(statement["page"])))
        reader.close()
        for row in statement["rows"]:
            for heads, text in zip(statement["heads"], row["figures"], strict=True):
                if text:
                    figure = Figure(fold(text), fold(row["label"]), fold(heads))
                    score.add(is_right(figure, read), f"{statement['file']} p. {statement['page'] + 1}: {figure}")


def bench_speed(data: Path) -> dict[str, float]:
    """Return pages and seconds of processor time of one reader over the PDFs of a folder."""
    n_pages, began = 0, time.process_time()
    for path in sorted(data.rglob("*.pdf")):
        n_pages += len(read_pages(path))
    seconds = time.process_time() - began
    return {"pages": n_pages, "cpu_s": round(seconds, 2), "pages_per_s": round(n_pages / seconds, 1)}


def main() -> int:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=["made", "tables", "filings", "speed"])
    parser.add_argument("--data", type=Path, help="what to read; not for `made`")
    parser.add_argument("--least", type=float, default=0.0, help="exit 1 below this share or rate")
    parser.add_argument("--misses", type=int, default=20, help="how many to name")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.part != "made" and options.data is None:
        parser.error("--data is needed")
    if options.part == "speed":
        rate = bench_speed(options.data)
        print(
            json.dumps(rate) if options.json else f"{rate['pages']} pages, {rate['pages_per_s']} pages/s in one process"
        )
        return int(rate["pages_per_s"] < options.least)
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        if options.part == "made":
            bench_made(score, Path(folder))
        elif options.part == "tables":
            bench_tables(score, options.data, Path(folder))
        else:
            bench_filings(score, options.data)
    document: dict[str, Any] = {"right": score.right, "asked": score.checked, "share": round(score.share, 4)}
    if options.json:
        print(json.dumps(document | {"misses": score.misses[: options.misses]}, ensure_ascii=False, indent=2))
    else:
        print(*score.misses[: options.misses], f"{score.right} of {score.checked}: {score.share:.4f}", sep="\n")
    return int(score.share < options.least)


if __name__ == "__main__":
    sys.exit(main())
