"""Cells that span several rows of a table whose cells are drawn: where a line between two rows leaves out a column."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rag.load.pdf.layout.rows import TextRow
from rag.load.pdf.layout.rules import Rules

_SLACK = 3.0  # points: lines that meet at a corner may end apart
_HALF_WIDTH = 3.0  # points: of the middle of a column, which a line has to cross


@dataclass(frozen=True, slots=True)
class Bands:
    """Drawn rows of a table.

    Attributes:
        of_line: Drawn row in which each line of text stands.
        first: For each column, the first drawn row of the cell that holds a drawn row, `(n_columns, n_bands)`.
        is_open: For each column and drawn row, whether no line parts it from the next column, `(n_columns, n_bands)`.
    """

    of_line: list[int]
    first: list[list[int]]
    is_open: list[list[bool]]

    def last(self, column: int, band: int) -> int:
        """Return the last drawn row of the cell that begins at a drawn row."""
        return max(index for index, first in enumerate(self.first[column]) if first == band)

    def last_column(self, column: int, band: int) -> int:
        """Return the last column of the cell that begins at a column."""
        while self.is_open[column][band]:
            column += 1
        return column


def drawn_bands(rows: Sequence[TextRow], columns: Sequence[tuple[float, float]], rules: Rules) -> Bands | None:
    """Return the drawn rows of a table with cells over several rows, None where it has none.

    Args:
        rows: Its lines of text, top to bottom.
        columns: Left and right of each column's text.
        rules: What is drawn on the page.
    """
    if len(rows) < 2 or not len(rules.strokes):
        return None
    top, bottom = rows[0].top, max(row.bottom for row in rows)
    drawn = [_crossing(rules, top, bottom, column) for column in columns]
    borders = _distinct(sorted(height for heights in drawn for height in heights))
    if not borders or all(len(heights) == len(borders) for heights in drawn):
        return None
    edges = [top, *borders, bottom]
    first: list[list[int]] = []
    for column, heights in enumerate(drawn):
        starts = [0]
        for band, border in enumerate(borders, 1):
            parted = any(abs(height - border) <= _SLACK for height in heights)
            closed = parted or _has_sides(rules, columns, column, edges[band - 1], edges[band + 1])
            starts.append(starts[-1] if not parted and closed else band)
        first.append(starts)
    if all(start == band for starts in first for band, start in enumerate(starts)):
        return None
    middles = [(row.top + row.bottom) / 2 for row in rows]
    of_line = [sum(border < middle for border in borders) for middle in middles]
    return Bands(of_line, first, _open_sides(rules, columns, edges))


def _open_sides(rules: Rules, columns: Sequence[tuple[float, float]], edges: Sequence[float]) -> list[list[bool]]:
    """Tell for each column and drawn row whether the line to the next column, drawn elsewhere, is left out."""
    out = []
    for (_, right), (left, _) in itertools.pairwise(columns):
        drawn = [_is_covered(rules, right, left, top, bottom) for top, bottom in itertools.pairwise(edges)]
        out.append([any(drawn) and not here for here in drawn])
    return [*out, [False] * (len(edges) - 1)]


def _crossing(rules: Rules, top: float, bottom: float, column: tuple[float, float]) -> list[float]:
    middle = (column[0] + column[1]) / 2
    half = min(_HALF_WIDTH, (column[1] - column[0]) / 2)
    return rules.crossing(top, bottom, middle - half, middle + half)


def _distinct(heights: Sequence[float]) -> list[float]:
    out: list[float] = []
    for height in heights:
        if not out or height - out[-1] > _SLACK:
            out.append(height)
    return out


def _has_sides(rules: Rules, columns: Sequence[tuple[float, float]], column: int, top: float, bottom: float) -> bool:
    """Tell whether lines are drawn along both sides of a column, the whole stretch through."""
    before = columns[column - 1][1] if column else float("-inf")
    after = columns[column + 1][0] if column + 1 < len(columns) else float("inf")
    left, right = columns[column]
    return _is_covered(rules, before, left, top, bottom) and _is_covered(rules, right, after, top, bottom)


def _is_covered(rules: Rules, left: float, right: float, top: float, bottom: float) -> bool:
    x, low, high = rules.strokes.T
    near = (x >= left - 1) & (x <= right + 1) & (high > top) & (low < bottom)
    reached = top
    for start, end in sorted(zip(low[near].tolist(), high[near].tolist(), strict=True)):
        if start > reached + _SLACK:
            return False
        reached = max(reached, end)
    return reached >= bottom - _SLACK
