"""Finds the tables among the rows of a region: rows of several segments that stand in common columns.

Columns come from the segments' extents: what overlaps from row to row is one column, and a segment over several of
another row's spans them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.load.pdf.layout.columns import flows
from rag.load.pdf.layout.rows import LIST_MARK, Row, Segment, is_figure, segment_of
from rag.load.pdf.layout.rules import Rules

Interval = tuple[float, float]

_MAX_GAP = 3.1  # of the height: rows further apart are not of one table
_MAX_HEADS = 10  # lines of heads of one segment
_WIDEST_GAP = 5.0  # the same where the columns go on
_MAX_BRIDGE = 6  # rows of one segment between rows of several
_SLACK = 1.0  # points: extents that overlap by less stand apart
_CROSSING_SHARE = 0.2  # of the rows: a segment over two segments of so many others spans columns
_PROSE_WORDS = 5  # a line, of a paragraph
_PROSE_SHARE = 0.6  # of the lines run on
_LABEL_SLACK = 2.0  # points
_ALIGNED = 3.0  # points
_HEAD_STEP = 2.2  # of the height: from a head to what stands below it


@dataclass(slots=True)
class Grid:
    """Rows of a table and where its columns stand.

    Attributes:
        rows: Its lines, top to bottom; a row with wrapped cells takes several.
        columns: Left and right of each column, ascending, disjoint.
        n_heads: How many lines, from the first, are heads.
        rules: What is drawn on the page.
    """

    rows: list[Row]
    columns: list[Interval]
    n_heads: int
    rules: Rules


def find_tables(rows: Sequence[Row], rules: Rules) -> list[Row | Grid]:
    """Return the rows of a region in order, those of each table as one grid."""
    rows = [_with_mark_joined(row) for row in rows]
    out: list[Row | Grid] = []
    at = 0
    while at < len(rows):
        after = _run_end(rows, at)
        first = _with_heads_above(rows, at, after, len(out) and isinstance(out[-1], Grid)) if after > at else at
        grid = _grid(rows[first:after], rules) if after > at else None
        if grid is None:
            out.append(rows[at])
            at += 1
            continue
        skipped = after - first - len(grid.rows)
        del out[len(out) - (at - first) :]
        out += [*rows[first : first + skipped], grid]
        at = after
    return out


def _with_mark_joined(row: Row) -> Row:
    """Join the mark of a list item to its text."""
    if len(row.segments) != 2 or not LIST_MARK.fullmatch(row.segments[0].text) or is_figure(row.segments[1].text):
        return row
    return row.part([segment_of(row.segments[0].words + row.segments[1].words)])


def _run_end(rows: Sequence[Row], at: int) -> int:
    """Return where a run of table rows that begins at a row ends; `at` where none does."""
    if len(rows[at].segments) < 2:
        return at
    last, n_rows = at, 1
    values_from = rows[at].segments[1].x0
    next_at = at + 1
    while next_at < len(rows):
        row, before = rows[next_at], rows[next_at - 1]
        gap = (row.base - before.base) / max(row.height, before.height)
        if gap > _WIDEST_GAP or (gap > _MAX_GAP and not _same_columns(rows, last, next_at)):
            break
        if len(row.segments) >= 2:
            if n_rows >= 2 and _begins_table(rows, last, next_at):
                break
            last, n_rows = next_at, n_rows + 1
            values_from = row.segments[1].x0
        elif (
            row.segments[0].words[0].field >= 0
            or next_at - last > _MAX_BRIDGE
            or _is_prose(row, rows, last, next_at, values_from)
        ):
            break
        next_at += 1
    last = _with_tail(rows, last, values_from)
    return last + 1 if n_rows >= 2 else at


def _same_columns(rows: Sequence[Row], last: int, at: int) -> bool:
    """Tell whether the next row of several segments holds amounts in the columns of the last one."""
    row = next((other for other in rows[at : at + 2] if len(other.segments) > 1), None)
    return (
        row is not None
        and _has_values(row)
        and all(
            any(
                min(abs(segment.x1 - other.x1), abs(segment.center - other.center)) <= _ALIGNED
                for other in rows[last].segments
            )
            for segment in row.segments[1:]
        )
    )


def _is_prose(row: Row, rows: Sequence[Row], last: int, at: int, values_from: float) -> bool:
    """Tell whether a row of one segment reaches from the labels over the values of the rows above and below."""
    below = next((other for other in rows[at + 1 : at + 1 + _MAX_BRIDGE] if len(other.segments) > 1), None)
    limit = max(values_from, below.segments[1].x0) if below else values_from
    left = min(rows[last].x0, below.x0) if below else rows[last].x0
    return row.x0 < left + 3 * row.height and row.x1 > limit + _LABEL_SLACK


def _with_tail(rows: Sequence[Row], last: int, values_from: float) -> int:
    """Take the lines below the last full row that go on with its text."""
    while last + 1 < len(rows):
        row, before = rows[last + 1], rows[last]
        if len(row.segments) > 1 or row.base - before.base > 1.6 * row.height or row.segments[0].text[:1].isupper():
            break
        if row.x0 < values_from and row.x1 > values_from + _LABEL_SLACK:
            break
        if not row.segments[0].text[:1].islower():
            break
        last += 1
    return last


def _begins_table(rows: Sequence[Row], last: int, at: int) -> bool:
    """Tell whether a row that follows a wider gap is the head of another table: no label, no amounts."""
    row = rows[at]
    if row.base - rows[at - 1].base < 1.9 * row.height or _has_values(row):
        return False
    labels = min(previous.x0 for previous in rows[max(0, last - 5) : last + 1])
    return row.x0 > labels + 4 * row.height and _has_values(rows[last])


def _with_heads_above(rows: Sequence[Row], at: int, after: int, behind_table: int | bool) -> int:
    """Return where a run begins with the rows of one segment above it that stand over its value columns."""
    run = rows[at:after]
    left = min(row.x0 for row in run)
    values_from = median(row.segments[1].x0 for row in run if len(row.segments) > 1)
    right = max(row.x1 for row in run)
    first = row_at = at
    while row_at > 0 and not behind_table and at - row_at < _MAX_HEADS:
        row, below = rows[row_at - 1], rows[row_at]
        if below.base - row.base > _HEAD_STEP * row.height or row.x1 > right + 8 * row.height:
            break
        row_at -= 1
        if row.x0 > left + 3 * row.height and row.x1 > values_from:
            first = row_at
        elif row.x1 > values_from or len(row.segments) > 1:
            break
    return first


def _grid(rows: list[Row], rules: Rules) -> Grid | None:
    body = [at for at, row in enumerate(rows) if len(row.segments) > 1 and _is_body(row, rows)]
    first_body = body[0] if body else 0
    source = rows[first_body:] if len(body) >= 2 else rows
    columns = find_columns(source)
    if len(columns) < 2 or _is_running_text(rows) or sum(_filled(rows, column) >= 2 for column in columns) < 2:
        return None
    if len(body) < 2:
        first_body = 0
    while first_body > 0 and _is_title(rows[0], columns):
        rows, first_body = rows[1:], first_body - 1
    n_heads = first_body
    while n_heads > 0 and len(rows[n_heads - 1].segments) == 1 and rows[n_heads - 1].x1 <= columns[1][0]:
        n_heads -= 1  # the name of the first group of rows
    return Grid(rows, columns, n_heads, rules)


def _is_running_text(rows: Sequence[Row]) -> bool:
    """Tell whether rows are lines of a paragraph with wide gaps: most run on at the left edge of the next."""
    left, right = min(row.x0 for row in rows), max(row.x1 for row in rows)
    n_words = sum(len(segment.words) for row in rows for segment in row.segments)
    if n_words < _PROSE_WORDS * len(rows) or sum(map(_has_values, rows)) * 4 > len(rows):
        return False
    running = sum(
        below.x0 < left + 2 * below.height and flows(above.segments[-1], below.segments[0], right)
        for above, below in pairwise(rows)
    )
    return running >= _PROSE_SHARE * (len(rows) - 1)


def _is_title(row: Row, columns: Sequence[Interval]) -> bool:
    """Tell whether a row above the heads stands over the whole table, or over its labels alone."""
    if row.x1 <= columns[1][0]:
        return True
    if len(row.segments) > 1 or any(_aligned(row.segments[0], column, columns) for column in columns[1:]):
        return False
    middle = row.segments[0].center
    whole, values = (columns[0][0] + columns[-1][1]) / 2, (columns[1][0] + columns[-1][1]) / 2
    return row.x0 < columns[0][1] or abs(middle - whole) < abs(middle - values)


def _aligned(segment: Segment, column: Interval, columns: Sequence[Interval]) -> bool:
    """Tell whether a text shares an edge or its middle with one column and is not much wider than columns are apart."""
    pitch = (columns[-1][1] - columns[0][1]) / (len(columns) - 1)
    edges = min(abs(segment.x0 - column[0]), abs(segment.x1 - column[1]))
    middles = abs(segment.center - (column[0] + column[1]) / 2)
    return segment.x1 - segment.x0 < 1.3 * pitch and min(edges, middles) <= _ALIGNED


def _is_body(row: Row, rows: Sequence[Row]) -> bool:
    """Tell whether a row has a label and amounts, more of them than of other texts."""
    values = sum(is_value(segment.text) for segment in row.segments[1:])
    return _has_label(row, rows) and _has_values(row) and 2 * values >= len(row.segments) - 1


def _has_label(row: Row, rows: Sequence[Row]) -> bool:
    limit = min(other.x0 for other in rows) + 6 * row.height
    beside = [other for other in rows if len(other.segments) == 1 and abs(other.base - row.base) < row.height]
    return any(other.x0 < limit and not is_value(other.segments[0].text) for other in (row, *beside))


def _has_values(row: Row) -> bool:
    return any(is_value(segment.text) and any(map(str.isdigit, segment.text)) for segment in row.segments[1:])


def is_value(text: str) -> bool:
    """Tell whether a cell holds an amount; a year alone is a head as often."""
    return is_figure(text) and not (len(text) == 4 and text.isdigit() and text[:2] in ("19", "20"))


def _filled(rows: Sequence[Row], column: Interval) -> int:
    return sum(any(segment.x0 < column[1] and segment.x1 > column[0] for segment in row.segments) for row in rows)


def find_columns(rows: Sequence[Row]) -> list[Interval]:
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


def _n_crossed(segment: Segment, own: Row, rows: Sequence[Row]) -> int:
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
