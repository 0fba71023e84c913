"""Heads over other heads that repeat: each stands over one turn of them, wherever in it the head is printed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.load.pdf.layout.drafts import DraftCell


def widen_over_repeats(head_rows: Sequence[Sequence[DraftCell]], n_columns: int) -> None:
    """Give heads the columns of one turn each, where the heads below them repeat: "Trucks Vans Trucks Vans".

    There must be as many heads as turns, each of them over its own turn.

    Args:
        head_rows: From the top; the cells of a row in the order of their columns.
        n_columns: Of the table, that of the labels included.
    """
    for above, below in pairwise(head_rows):
        size = _turn(below, n_columns - 1)
        heads = [cell for cell in above if cell.column]
        if size and len(heads) * size == n_columns - 1:
            turns = [range(1 + index * size, 1 + (index + 1) * size) for index in range(len(heads))]
            if all(cell.column in turn for cell, turn in zip(heads, turns, strict=True)):
                for cell, turn in zip(heads, turns, strict=True):
                    cell.column, cell.column_span = turn.start, size


def _turn(row: Sequence[DraftCell], n_heads: int) -> int:
    """Return after how many columns the heads of a row begin again, 0 where they do not."""
    texts = [cell.text for cell in row if cell.column and cell.column_span == 1]
    if len(texts) != n_heads:
        return 0
    for size in range(2, n_heads // 2 + 1):
        turn = texts[:size]
        if n_heads % size == 0 and len(set(turn)) == size and texts == turn * (n_heads // size):
            return size
    return 0
