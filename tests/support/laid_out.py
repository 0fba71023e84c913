"""A table laid out on a page below its title, as a reader of files gives it."""

from __future__ import annotations

from collections.abc import Sequence

from core.blocks import Block, Cell
from core.reading.tables.table import Table, table_of


def laid_out(rows: Sequence[Sequence[str]], title: str) -> tuple[str, Table]:
    """The page's text and its one table; the first row holds the heads, an empty text is an empty cell."""
    text = f"{title}\n\n"
    start = len(text)
    width = max(map(len, rows))
    lines: list[tuple[Cell, ...]] = []
    for row in rows:
        line = []
        for piece in [*row, *[""] * (width - len(row))]:
            line.append(Cell(start=len(text), end=len(text) + len(piece)))
            text += f"{piece} " if piece else ""
        text = text.rstrip(" ") + "\n"
        lines.append(tuple(line))
    table = table_of(Block(kind="table", start=start, end=len(text) - 1, rows=tuple(lines), head_rows=1), text)
    assert table is not None
    return text, table
