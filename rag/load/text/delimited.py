"""Reads CSV and TSV: one table, its first row the names of the columns where it holds names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.outline import Element, Outline, paragraph, table
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode_file
from rag.load.text.grid import guess_head_rows

MAX_CELLS = 1_000_000
_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.I)  # what Excel is told in the first line
_SAMPLE_ROWS = 60
_MAX_FIELD_CHARS = 1 << 20


def read_delimited(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a CSV or TSV file.

    Raises:
        DataError: It is not text, or holds more cells than are read.
    """
    text, note = decode_file(path)
    stated = _SEPARATOR.match(text)
    text = text[stated.end() :] if stated else text
    delimiter = stated[1] if stated else "\t" if path.suffix.lower() == ".tsv" else delimiter_of(text)
    csv.field_size_limit(_MAX_FIELD_CHARS)
    rows: list[list[str]] = []
    count = 0
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            count += len(row)
            if count > MAX_CELLS:
                raise DataError(f"has more than {MAX_CELLS:,} cells", path=path)
            rows.append([" ".join(cell.split()) for cell in row])
    except csv.Error as error:
        raise DataError(f"cannot be read as a table: {error}", path=path) from error
    return SectionReader(
        path, path.suffix.lower()[1:], "Python csv", Outline(tuple(tables_of(rows)), note=note), limits
    )


def delimiter_of(text: str) -> str:
    """Return the mark that parts most of the first rows into the same number of cells, more than one."""
    sample = text[: 1 << 16].splitlines()[:_SAMPLE_ROWS]

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            return 0, 0
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual), usual) if usual > 1 else (0, 0)

    return max(_DELIMITERS, key=agreement)


def tables_of(rows: Sequence[Sequence[str]]) -> Iterator[Element]:
    """Yield what rows of a sheet hold: lines above a table as paragraphs, tables parted by empty rows."""
    group: list[Sequence[str]] = []
    for row in [*rows, []]:
        if any(cell.strip() for cell in row):
            group.append(row)
            continue
        yield from _group(group)
        group = []


def _group(rows: list[Sequence[str]]) -> Iterator[Element]:
    width = max(map(len, rows), default=0)
    while rows and sum(bool(cell.strip()) for cell in rows[0]) == 1 and (len(rows) == 1 or width != 1):
        yield paragraph(next(cell for cell in rows.pop(0) if cell.strip()))
    if rows:
        yield table(rows, guess_head_rows(rows, certain=True))
