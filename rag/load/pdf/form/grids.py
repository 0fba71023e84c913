"""Fields of a form that stand in a grid: rows of text fields below each other, named by the heads of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.load.pdf.form.labels import EDGE, Entry, Print

_ALIGNED = 3.0  # points: edges of the fields of a column
_STEP = 2.0  # of the height of the fields, from row to row
_LEVEL = 0.3  # of the height: middles of the fields of a row


def grid_cells(printed: Print, entries: Sequence[Entry]) -> frozenset[int]:
    """Return the places of the text fields that form a grid: rows below each other with no label between."""
    rows: list[list[int]] = []
    written = [index for index, entry in enumerate(entries) if entry.written and not entry.typed]
    for index in sorted(written, key=lambda place: (entries[place].middle, entries[place].left)):
        entry, last = entries[index], rows[-1][0] if rows else -1
        if rows and abs(entry.middle - entries[last].middle) < _LEVEL * (entry.bottom - entry.top):
            rows[-1].append(index)
        else:
            rows.append([index])
    cells: set[int] = set()
    for above, below in pairwise(rows):
        if _in_columns(above, below, entries) and not _labelled(above, below, entries, printed):
            cells |= {*above, *below}
    return frozenset(cells)


def _in_columns(above: Sequence[int], below: Sequence[int], entries: Sequence[Entry]) -> bool:
    """Tell whether two rows of fields share two columns and stand close."""
    first, second = entries[above[0]], entries[below[0]]
    if second.middle - first.middle > _STEP * max(first.bottom - first.top, second.bottom - second.top):
        return False
    shared = sum(
        any(
            abs(entries[upper].left - entries[lower].left) <= _ALIGNED
            and abs(entries[upper].right - entries[lower].right) <= _ALIGNED
            for upper in above
        )
        for lower in below
    )
    return shared >= max(2, min(len(above), len(below)))


def _labelled(above: Sequence[int], below: Sequence[int], entries: Sequence[Entry], printed: Print) -> bool:
    """Tell whether words stand between the fields of two rows, or a label with a colon before them."""
    fields = [entries[index] for index in (*above, *below)]
    left, right = min(field.left for field in fields), max(field.right for field in fields)
    top, bottom = min(field.top for field in fields), max(field.bottom for field in fields)
    beside = [
        piece
        for piece in printed.between(top - (bottom - top), bottom + (bottom - top))
        if top < piece.middle < bottom and piece.x0 < right - EDGE
    ]
    return any(piece.x1 > left + EDGE or piece.text[-1] == ":" for piece in beside)
