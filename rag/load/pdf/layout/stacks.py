"""Heads that wrap over several lines: which lines stand below each other, and which column each stack is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from rag.load.pdf.layout.extents import Interval
from rag.load.pdf.layout.rows import Segment, TextRow
from rag.load.pdf.layout.rules import Rules

_HEAD_STEP = 1.45  # of the height: lines of one head are no further apart
_SLACK = 1.0  # points: extents that overlap by less stand apart
_OVERFLOW = 8.0  # points: a head in a drawn cell is hardly wider than it


@dataclass(slots=True)
class _Stack:
    """Lines of one head."""

    x0: float
    x1: float
    column: int = -1

    def overlaps(self, x0: float, x1: float) -> bool:
        return self.x0 < x1 - _SLACK and self.x1 > x0 + _SLACK


def widened(columns: list[Interval], heads: Sequence[TextRow], rules: Rules) -> list[Interval]:
    """Return columns with the extents of their heads: figures at the right of a cell say little of where it begins.

    A head is given to the column below it, else to the one that is left between the columns of the heads beside it.

    Args:
        columns: Left and right of the texts of each column, ascending.
        heads: Lines above them.
        rules: What is drawn; lines between the columns are their borders.
    """
    if not heads or len(columns) < 2:
        return columns
    cells = _drawn_cells(columns, heads[-1], rules)
    if cells:
        stacks = _in_cells(heads, cells)
    else:
        stacks = _stacks(heads, columns)
        _place(stacks, columns)
    hulls = list(columns)
    for stack in stacks:
        if stack.column >= 0:
            left, right = hulls[stack.column]
            hulls[stack.column] = min(left, stack.x0), max(right, stack.x1)
    for column, (left, right) in enumerate(columns):  # a hull that reaches into the next one is no column
        before = hulls[column - 1][1] if column else float("-inf")
        after = hulls[column + 1][0] if column + 1 < len(columns) else float("inf")
        if hulls[column][0] < before or hulls[column][1] > after:
            hulls[column] = left, right
    return hulls if all(left[1] <= right[0] for left, right in pairwise(hulls)) else columns


def _drawn_cells(columns: Sequence[Interval], row: TextRow, rules: Rules) -> list[Interval]:
    """Return the space between the upright strokes beside a row for each column, empty where some have none."""
    middle = (row.top + row.bottom) / 2
    cells = [rules.beside(middle, (left + right) / 2) for left, right in columns]
    drawn = isfinite(cells[0][0]) and isfinite(cells[-1][1])
    return cells if drawn and all(left[1] <= right[0] for left, right in pairwise(cells)) else []


def _in_cells(heads: Sequence[TextRow], cells: Sequence[Interval]) -> list[_Stack]:
    """Return the part of each head that stands in the cell of one column."""
    return [
        _Stack(max(left, segment.x0), min(right, segment.x1), column)
        for row in heads
        for segment in row.segments
        for column, (left, right) in enumerate(cells)
        if left < segment.center < right and segment.x1 - segment.x0 < right - left + _OVERFLOW
    ]


def _stacks(heads: Sequence[TextRow], columns: Sequence[Interval]) -> list[_Stack]:
    """Return the heads over one column each, left to right: lines that overlap are of one."""
    narrow = sorted(
        (segment.x0, segment.x1)
        for row in heads
        for segment in row.segments
        if not any(_is_over_two(segment, [(other.x0, other.x1) for other in line.segments]) for line in heads)
        and not _is_over_two(segment, columns)
    )
    stacks: list[_Stack] = []
    for x0, x1 in narrow:
        if stacks and stacks[-1].overlaps(x0, x1):
            stacks[-1].x1 = max(stacks[-1].x1, x1)
        else:
            stacks.append(_Stack(x0, x1))
    return stacks


def _is_over_two(segment: Segment, extents: Sequence[Interval]) -> bool:
    return sum(x0 < segment.x1 - _SLACK and x1 > segment.x0 + _SLACK for x0, x1 in extents) > 1


def _place(stacks: Sequence[_Stack], columns: Sequence[Interval]) -> None:
    """Give stacks their columns: those that overlap, and the others where as many columns are left between."""
    for stack in stacks:
        over = [column for column, extent in enumerate(columns) if stack.overlaps(*extent)]
        if len(over) == 1 and not any(other.column == over[0] for other in stacks):
            stack.column = over[0]
    free: list[_Stack] = []
    first = 0  # column behind the last one that has its head
    for stack in [*stacks, _Stack(0.0, 0.0, len(columns))]:
        if stack.column < 0:
            free.append(stack)
            continue
        if len(free) == stack.column - first:
            for column, other in enumerate(free, first):
                other.column = column
        free, first = [], stack.column + 1


def wrapped(heads: Sequence[TextRow]) -> list[list[Segment]]:
    """Return the lines, from the last, of each head that goes on from line to line down to the rows."""
    placed = [(row, segment) for row in heads for segment in row.segments]
    out: list[list[Segment]] = []
    for row, segment in placed:
        if any(other.base > row.base and _is_over(segment, below) for other, below in placed):
            continue
        chain = [(row, segment)]
        for upper, above in reversed(placed):
            lower, following = chain[-1]
            step = lower.base - upper.base
            if (
                0 < step <= _HEAD_STEP * lower.height
                and _is_over(above, following)
                and (_goes_on(above, following) or (following.text[0] == "(" and len(lower.segments) > 1))
            ):
                chain.append((upper, above))
        if len(chain) > 1:
            out.append([line for _, line in chain])
    return out


def runs_into(row: TextRow, below: TextRow) -> bool:
    """Tell whether a line alone is the beginning of a text of the row right below it."""
    if len(row.segments) > 1 or below.base - row.base > _HEAD_STEP * below.height:
        return False
    return any(_is_over(row.segments[0], part) and _goes_on(row.segments[0], part) for part in below.segments)


def runs_from(row: TextRow, above: TextRow) -> bool:
    """Tell whether a line alone is the end of a text of the row right above it."""
    if len(row.segments) > 1 or row.base - above.base > _HEAD_STEP * row.height:
        return False
    return any(_is_over(part, row.segments[0]) and _goes_on(part, row.segments[0]) for part in above.segments)


def _is_over(above: Segment, below: Segment) -> bool:
    return above.x0 < below.x1 - _SLACK and above.x1 > below.x0 + _SLACK


def _goes_on(above: Segment, below: Segment) -> bool:
    return below.text[0].islower() or above.text[-1] in "-–—/&("
