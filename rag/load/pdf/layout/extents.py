"""Where the columns of a table stand: what its rows share, and heads beside the texts below them."""

from __future__ import annotations

from collections.abc import Sequence

from rag.load.pdf.layout.rows import Segment, TextRow

Interval = tuple[float, float]

_SLACK = 1.0  # points: extents that overlap by less stand apart
_CROSSING_SHARE = 0.2  # of the rows: a segment over two segments of so many others spans columns
_MAX_HEAD_LINES = 4


def find_columns(rows: Sequence[TextRow]) -> list[Interval]:
    """Return the extents of the columns that rows of several segments share."""
    several = [row for row in rows if len(row.segments) > 1]
    if not several:
        return []
    limit = max(1, round(_CROSSING_SHARE * len(several)))
    extents = [
        (segment.x0, segment.x1)
        for row in several
        for segment in row.segments
        if _n_crossed(segment, row, several) < limit
    ]
    columns: list[list[float]] = []
    for left, right in sorted(extents):
        if columns and left < columns[-1][1] - _SLACK:
            columns[-1][1] = max(columns[-1][1], right)
        else:
            columns.append([left, right])
    return [(left, right) for left, right in columns]


def _n_crossed(segment: Segment, own: TextRow, rows: Sequence[TextRow]) -> int:
    """Count the rows of which a segment lies over two segments or more."""
    count = 0
    for row in rows:
        if row is own:
            continue
        over = 0
        for other in row.segments:
            if other.x0 >= segment.x1 - _SLACK:
                break
            over += other.x1 > segment.x0 + _SLACK
        count += over > 1
    return count


def under_heads(columns: list[Interval], heads: Sequence[TextRow], rows: Sequence[TextRow]) -> list[Interval]:
    """Join columns below one head that no row fills two of: a figure and the label of a sum may share a column."""
    for segment in [segment for head in heads for segment in head.segments]:
        over = [column for column in columns if column[0] < segment.x1 and column[1] > segment.x0]
        if len(over) < 2 or any(_n_filled(row, over) > 1 for row in rows):
            continue
        first = columns.index(over[0])
        columns = [*columns[:first], (over[0][0], over[-1][1]), *columns[first + len(over) :]]
    return columns


def with_heads_joined(columns: list[Interval], rows: Sequence[TextRow]) -> list[Interval]:
    """Join columns side by side of which the first lines of the rows fill the first alone and the others the second.

    A head and the texts below it need not share a stretch.
    """
    filled = [
        [index for index, row in enumerate(rows) if len(row.segments) > 1 and _n_filled(row, [column])]
        for column in columns
    ]
    out, places = columns[:1], filled[:1]
    for column, lines in zip(columns[1:], filled[1:], strict=True):
        heads, body = sorted([places[-1], lines], key=lambda indices: indices[:1])
        if heads and body and heads[-1] < min(body[0], _MAX_HEAD_LINES) and len(body) > max(2, len(heads)):
            out[-1], places[-1] = (out[-1][0], column[1]), sorted({*heads, *body})
        else:
            out.append(column)
            places.append(lines)
    return out


def _n_filled(row: TextRow, columns: Sequence[Interval]) -> int:
    return sum(any(segment.x0 < right and segment.x1 > left for segment in row.segments) for left, right in columns)
