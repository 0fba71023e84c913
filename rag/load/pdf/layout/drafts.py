"""What a page is read into before it has its place in the text: cells, tables, and how words are set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from rag.load.pdf.layout.rows import Segment, Word


class Style(NamedTuple):
    """How a word is set."""

    bold: bool
    italic: bool


StyleOf = Callable[[Word], Style]


@dataclass(slots=True)
class DraftCell:
    """A cell before it has its place in the text.

    Attributes:
        lines: Its words, line by line.
        column: First column.
        column_span: Columns that it takes.
        row_span: Rows that it takes.
    """

    lines: list[Segment]
    column: int
    column_span: int = 1
    row_span: int = 1

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


@dataclass(slots=True)
class DraftTable:
    """A table before it has its place in the text; empty cells are left out of `rows`.

    Attributes:
        rows: Cells that hold text, by row.
        n_columns: Number of columns.
        head_rows: How many rows, from the first, are heads.
        height: Height of its words, points.
        columns: Left and right of each column's texts, points.
    """

    rows: list[list[DraftCell]]
    n_columns: int
    head_rows: int
    height: float
    top: float
    bottom: float
    x0: float
    x1: float
    columns: list[tuple[float, float]] = field(default_factory=list)
