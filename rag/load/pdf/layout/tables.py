"""Finds the tables among the rows of a region: rows of several segments that stand in common columns.

Columns come from the segments' extents: what overlaps from row to row is one column, and a segment over several of
another row's spans them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from math import isfinite
from statistics import median

from rag.load.pdf.layout.columns import flows
from rag.load.pdf.layout.extents import Interval, find_columns, under_heads, with_heads_joined
from rag.load.pdf.layout.rows import LIST_MARK, Segment, TextRow, is_figure, is_measure, segment_of
from rag.load.pdf.layout.rules import Rules
from rag.load.pdf.layout.stacks import runs_from, runs_into, widened

_MAX_GAP = 3.1  # of the height: rows further apart are not of one table
_MAX_HEADS = 10  # lines of heads of one segment
_WIDEST_GAP = 5.0  # the same where the columns go on
_MAX_BRIDGE = 6  # rows of one segment between rows of several
_SLACK = 1.0  # points: extents that overlap by less stand apart
_PROSE_WORDS = 5  # a line, of a paragraph
_PROSE_SHARE = 0.6  # of the lines run on
_LARGER = 1.12  # of the height of a table's rows: a heading
_ACROSS_WORDS = 5  # a segment over several columns, of a sentence
_ACROSS_SHARE = 0.5  # of the letters, in such segments
_MANY_COLUMNS = 5
_FEW_VALUES = 0.2  # of the texts
_FILLED = 0.5  # of the cells
_TITLE = 1.3  # of the height of a table's rows: a title over it and no head of a column
_WIDE_GAP = 3.0  # of the height: no gap between words of a sentence
_APART = 1.4  # of the usual step: from a table to the next
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
        extents: The columns with their heads, which may stand beside the texts below them.
    """

    rows: list[TextRow]
    columns: list[Interval]
    n_heads: int
    rules: Rules
    extents: list[Interval] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.extents = self.extents or self.columns


def find_tables(rows: Sequence[TextRow], rules: Rules) -> list[TextRow | Grid]:
    """Return the rows of a region in order, those of each table as one grid."""
    rows = [_with_mark_joined(row) for row in rows]
    out: list[TextRow | Grid] = []
    index = 0
    while index < len(rows):
        after = _run_end(rows, index)
        n_free = len(list(takewhile(lambda item: isinstance(item, TextRow), reversed(out))))
        first = _with_heads_above(rows, index, after, index - n_free) if after > index else index
        grid = _grid(rows[first:after], rules) if after > index else None
        if grid is None:
            out.append(rows[index])
            index += 1
            continue
        skipped = after - first - len(grid.rows)
        del out[len(out) - (index - first) :]
        out += [*rows[first : first + skipped], grid]
        index = after
    return out


def _with_mark_joined(row: TextRow) -> TextRow:
    """Join the mark of a list item to its text."""
    if len(row.segments) != 2 or not LIST_MARK.fullmatch(row.segments[0].text) or is_figure(row.segments[1].text):
        return row
    return row.part([segment_of(row.segments[0].words + row.segments[1].words)])


def _run_end(rows: Sequence[TextRow], first: int) -> int:
    """Return where a run of table rows that begins at a row ends; `first` where none does."""
    if len(rows[first].segments) < 2:
        return first
    last, n_rows = first, 1
    values_from = rows[first].segments[1].x0
    next_index = first + 1
    while next_index < len(rows):
        row, before = rows[next_index], rows[next_index - 1]
        gap = (row.base - before.base) / max(row.height, before.height)
        if gap > _WIDEST_GAP or (gap > _MAX_GAP and not _same_columns(rows, last, next_index)):
            break
        if len(row.segments) >= 2:
            if n_rows >= 2 and _begins_table(rows, last, next_index):
                break
            last, n_rows = next_index, n_rows + 1
            values_from = row.segments[1].x0
        elif (
            (row.segments[0].words[0].field >= 0 and not row.segments[0].words[0].cell)
            or _is_apart(rows, last, next_index, values_from)
            or next_index - last > _MAX_BRIDGE
            or _is_prose(row, rows, last, next_index, values_from)
        ):
            break
        next_index += 1
    last = _with_tail(rows, last, values_from)
    return last + 1 if n_rows >= 2 else first


def _is_apart(rows: Sequence[TextRow], last: int, index: int, values_from: float) -> bool:
    """Tell whether a row of one segment is a heading, set larger, or an item of a list rather than part of a table."""
    row, first = rows[index], rows[index].segments[0].words[0]
    below = next((other for other in rows[index + 1 : index + 1 + _MAX_BRIDGE] if len(other.segments) > 1), rows[last])
    is_item = first.text in "•●▪◦‣■□➢✓❑" and len(row.segments[0].words) > 1 and row.x0 < values_from
    is_larger = row.height > _LARGER * max(rows[last].height, below.height)
    return is_item or (is_larger and not row.text.endswith(":"))


def _same_columns(rows: Sequence[TextRow], last: int, index: int) -> bool:
    """Tell whether the next row of several segments holds amounts in the columns of the last one."""
    row = next((other for other in rows[index : index + 2] if len(other.segments) > 1), None)
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


def _is_prose(row: TextRow, rows: Sequence[TextRow], last: int, index: int, values_from: float) -> bool:
    """Tell whether a row of one segment reaches from the labels over the values of the rows above and below."""
    below = next((other for other in rows[index + 1 : index + 1 + _MAX_BRIDGE] if len(other.segments) > 1), None)
    limit = max(values_from, below.segments[1].x0) if below else values_from
    left = min(rows[last].x0, below.x0) if below else rows[last].x0
    return row.x0 < left + 3 * row.height and row.x1 > limit + _LABEL_SLACK


def _with_tail(rows: Sequence[TextRow], last: int, values_from: float) -> int:
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


def _begins_table(rows: Sequence[TextRow], last: int, index: int) -> bool:
    """Tell whether a row that follows a wider gap is the head of another table: no label, no amounts."""
    row = rows[index]
    if _stands_apart(rows, last, index):
        return True
    if row.base - rows[index - 1].base < 1.9 * row.height or _has_values(row):
        return False
    labels = min(previous.x0 for previous in rows[max(0, last - 5) : last + 1])
    return row.x0 > labels + 4 * row.height and _has_values(rows[last])


def _stands_apart(rows: Sequence[TextRow], last: int, index: int) -> bool:
    """Tell whether a row without amounts follows a wider step and shares no edge with the rows above it."""
    row, above = rows[index], rows[max(0, last - 3) : last + 1]
    steps = [below.base - before.base for before, below in pairwise(above)]
    if not steps or _has_values(row) or row.base - rows[index - 1].base < _APART * median(steps):
        return False
    return not any(
        min(abs(segment.x0 - other.x0), abs(segment.x1 - other.x1), abs(segment.center - other.center)) <= _ALIGNED
        for segment in row.segments
        for before in above
        for other in before.segments
    )


def _with_heads_above(rows: Sequence[TextRow], start: int, after: int, limit: int) -> int:
    """Return where a run begins with the rows of one segment above it that stand over its value columns.

    Rows before `limit` are of another table; nothing right below a table is a head.
    """
    run = rows[start:after]
    left = min(row.x0 for row in run)
    values_from = median(row.segments[1].x0 for row in run if len(row.segments) > 1)
    right = max(row.x1 for row in run)
    largest = _TITLE * max(row.height for row in run)
    first = row_index = start
    while row_index > limit and start - row_index < _MAX_HEADS:
        row, below = rows[row_index - 1], rows[row_index]
        if below.base - row.base > _HEAD_STEP * row.height or row.x1 > right + 8 * row.height or row.height > largest:
            break
        row_index -= 1
        if (row.x0 > left + 3 * row.height and row.x1 > values_from) or (
            first == row_index + 1 and row.x1 <= values_from and runs_into(row, below)
        ):
            first = row_index
        elif row.x1 > values_from or len(row.segments) > 1:
            break
    return first


def _grid(rows: list[TextRow], rules: Rules) -> Grid | None:
    body = [index for index, row in enumerate(rows) if len(row.segments) > 1 and _is_body(row, rows)]
    first_body = body[0] if body else 0
    source = rows[first_body:] if len(body) >= 2 else rows
    columns = with_heads_joined(find_columns(source), source)
    columns = under_heads(columns, rows[:first_body], source)
    if len(columns) < 2 or _is_running_text(rows) or sum(_filled(rows, column) >= 2 for column in columns) < 2:
        return None
    if _is_written_across(rows, columns) or _is_sparse(rows, len(columns)):
        return None
    if len(body) < 2:
        first_body = 0
    while first_body > 0 and _is_title(rows[0], columns) and not _is_head_line(rows, columns, rules):
        rows, first_body = rows[1:], first_body - 1
    n_heads = 0 if _is_contents(rows) else first_body
    while n_heads > 0 and len(rows[n_heads - 1].segments) == 1 and rows[n_heads - 1].x1 <= columns[1][0]:
        n_heads -= 1  # the name of the first group of rows
    while 0 < n_heads < first_body and runs_from(rows[n_heads], rows[n_heads - 1]):
        n_heads += 1  # the end of a head over the labels
    return Grid(rows, columns, n_heads, rules, widened(columns, rows[:n_heads], rules))


def _is_running_text(rows: Sequence[TextRow]) -> bool:
    """Tell whether rows are lines of a paragraph with wide gaps: most run on at the left edge of the next."""
    left, right = min(row.x0 for row in rows), max(row.x1 for row in rows)
    n_words = sum(len(segment.words) for row in rows for segment in row.segments)
    if n_words < _PROSE_WORDS * len(rows) or sum(map(_has_values, rows)) * 4 > len(rows):
        return False
    wide = sum(
        any(right.x0 - left.x1 > _WIDE_GAP * row.height for left, right in pairwise(row.segments)) for row in rows
    )
    if 2 * wide > len(rows):
        return False
    running = sum(
        below.x0 < left + 2 * below.height and flows(above.segments[-1], below.segments[0], right)
        for above, below in pairwise(rows)
    )
    return running >= _PROSE_SHARE * (len(rows) - 1)


def _is_written_across(rows: Sequence[TextRow], columns: Sequence[Interval]) -> bool:
    """Tell whether most of the text are sentences over several columns: lines that formulas part."""
    letters = across = 0
    for row in rows:
        for segment in row.segments:
            n = sum(map(str.isalpha, segment.text))
            letters += n
            if len(segment.words) >= _ACROSS_WORDS and segment.x0 < columns[-1][0]:
                over = sum(left < segment.x1 - _SLACK and right > segment.x0 + _SLACK for left, right in columns)
                across += n if over > 1 else 0
    return across > _ACROSS_SHARE * letters


def _is_contents(rows: Sequence[TextRow]) -> bool:
    """Tell whether rows list titles and their pages, with dots between; such a list has no heads."""
    led = sum(any(segment.text.endswith("...") for segment in row.segments) for row in rows)
    spaced = sum(any(segment.text.endswith(". . .") for segment in row.segments) for row in rows)
    return 2 * max(led, spaced) >= len(rows)


def _is_sparse(rows: Sequence[TextRow], n_columns: int) -> bool:
    """Tell whether many columns hold few texts and hardly an amount: the pieces of formulas."""
    texts = [segment.text for row in rows for segment in row.segments]
    few_values = sum(map(is_value, texts)) < _FEW_VALUES * len(texts)
    return n_columns >= _MANY_COLUMNS and few_values and len(texts) < _FILLED * len(rows) * n_columns


def _is_head_line(rows: Sequence[TextRow], columns: Sequence[Interval], rules: Rules) -> bool:
    """Tell whether the first row is a line of a head over one column: it goes on below, or has a drawn cell."""
    row = rows[0]
    if sum(left < row.x1 and right > row.x0 for left, right in columns) < 2 and runs_into(row, rows[1]):
        return True
    walls = [rules.beside((other.top + other.bottom) / 2, row.segments[0].center) for other in (row, rows[-1])]
    drawn = all(isfinite(x) for x in walls[0])
    return drawn and all(abs(x - other) <= _SLACK for x, other in zip(*walls, strict=True))


def _is_title(row: TextRow, columns: Sequence[Interval]) -> bool:
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


def _is_body(row: TextRow, rows: Sequence[TextRow]) -> bool:
    """Tell whether a row has a label and amounts, more of them than of other texts."""
    values = sum(is_value(segment.text) for segment in row.segments[1:])
    return _has_label(row, rows) and _has_values(row) and 2 * values >= len(row.segments) - 1


def _has_label(row: TextRow, rows: Sequence[TextRow]) -> bool:
    limit = min(other.x0 for other in rows) + 6 * row.height
    beside = [other for other in rows if len(other.segments) == 1 and abs(other.base - row.base) < row.height]
    if any(other.x0 < limit and not is_value(other.segments[0].text) for other in (row, *beside)):
        return True
    # The number of the row stands before its label.
    return row.x0 < limit and len(row.segments) > 2 and not is_value(row.segments[1].text)


def _has_values(row: TextRow) -> bool:
    return any(is_value(segment.text) and any(map(str.isdigit, segment.text)) for segment in row.segments[1:])


def is_value(text: str) -> bool:
    """Tell whether a cell holds an amount; a year alone is a head as often."""
    if not is_figure(text):
        return is_measure(text)
    return not (len(text) == 4 and text.isdigit() and text[:2] in ("19", "20"))


def _filled(rows: Sequence[TextRow], column: Interval) -> int:
    return sum(any(segment.x0 < column[1] and segment.x1 > column[0] for segment in row.segments) for row in rows)
