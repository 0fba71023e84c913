"""A page with a table in it, as a reader of files gives it."""

from __future__ import annotations

from collections.abc import Sequence

from core.blocks import Block, Cell
from core.types import Page


def table_page(above: str, rows: Sequence[Sequence[str]], *, head_rows: int = 1, below: str = "") -> Page:
    """A page with words, a table of one line a row, and more words."""
    text = f"{above}\n"
    begin = len(text)
    lines = []
    for row in rows:
        cells = []
        for number, words in enumerate(row):
            text += "\t" if number else ""
            cells.append(Cell(start=len(text), end=len(text) + len(words)))
            text += words
        lines.append(tuple(cells))
        text += "\n"
    table = Block(kind="table", start=begin, end=len(text) - 1, rows=tuple(lines), head_rows=head_rows)
    return Page(index=0, text=text + below, blocks=(table,))
