"""Rows and cells of a table from its lines: wrapped cells joined, spans measured, heads told from rows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from rag.load.pdf.layout.columns import flows
from rag.load.pdf.layout.drafts import DraftCell, DraftTable, StyleOf
from rag.load.pdf.layout.extents import Interval
from rag.load.pdf.layout.heads import widen_over_repeats
from rag.load.pdf.layout.rows import Segment, TextRow, Word, segment_of
from rag.load.pdf.layout.spans import Bands, drawn_bands
from rag.load.pdf.layout.stacks import wrapped
from rag.load.pdf.layout.steps import OVERLAP, TableLine, row_numbers, stepped_rows
from rag.load.pdf.layout.tables import Grid, is_value

_CLOSE = 1.7  # of the height: a line that goes on with a cell is no further away
_HEAD_STEP = 1.45  # of the height: lines of one head are no further apart
_MAX_SPREAD = 3  # columns to either side that a head is widened over
_PART_GAP = 0.5  # of the height: gap between words of two columns that stand close


def make_table(grid: Grid, style: StyleOf) -> DraftTable:
    """Return the rows and cells of a table."""
    lines = _placed_lines(grid)
    if n_own := _n_own_heads(lines, grid):
        grid = replace(grid, n_heads=grid.n_heads - n_own)
        lines = _placed_lines(grid)
    heads, body = lines[: grid.n_heads], lines[grid.n_heads :]
    bands = drawn_bands(grid.rows, grid.columns, grid.rules)
    if bands and not _has_two_values(lines, bands):
        head_rows, rows = _spanned_rows(lines, bands, grid.n_heads)
    else:
        head_rows, rows = _head_rows(heads, grid), _body_rows(body, grid)
    if not head_rows and rows and _first_is_head(rows, len(grid.columns), style):
        # A head over several rows stands beside others that are heads as well.
        n_heads = max(cell.row_span for cell in rows[0])
        head_rows, rows = rows[:n_heads], rows[n_heads:]
    widen_over_repeats(head_rows, len(grid.columns))
    return DraftTable(
        rows=[*head_rows, *rows],
        n_columns=len(grid.columns),
        columns=grid.columns,
        head_rows=len(head_rows),
        height=median(row.height for row in grid.rows),
        top=grid.rows[0].top,
        bottom=grid.rows[-1].bottom,
        x0=min(row.x0 for row in grid.rows),
        x1=max(row.x1 for row in grid.rows),
    )


def _placed_lines(grid: Grid) -> list[TableLine]:
    heads = grid.rows[: grid.n_heads]
    single = {id(segment) for lines in wrapped(heads) if _are_over_one_column(lines, grid) for segment in lines}
    shared = not any(_columns_of(segment, grid.extents) == (1, 1) for row in heads for segment in row.segments)
    return [_placed(row, grid, index < grid.n_heads, shared, single) for index, row in enumerate(grid.rows)]


def _are_over_one_column(lines: Sequence[Segment], grid: Grid) -> bool:
    places = {_columns_of(line, grid.extents) for line in lines}
    return len(places) == 1 and all(first == last for first, last in places)


def _n_own_heads(lines: Sequence[TableLine], grid: Grid) -> int:
    """Return how many lines above the first figures are of their row: beginnings of its texts, no heads."""
    if not 0 < grid.n_heads < len(lines) or not lines[grid.n_heads].has_values:
        return 0
    numbers = stepped_rows(lines)
    if not numbers or numbers[0] == numbers[grid.n_heads]:
        return 0
    return sum(number == numbers[grid.n_heads] for number in numbers[: grid.n_heads])


def _placed(row: TextRow, grid: Grid, head: bool, shared: bool, single: set[int]) -> TableLine:
    """Give each segment of a line its columns; segments of one column are one cell."""
    line = TableLine(row)
    segments = [part for segment in row.segments for part in _parts(segment, grid.extents, row.height)]
    row = row.part(segments)
    for index, segment in enumerate(segments):
        first, last = _columns_of(segment, grid.extents)
        if head and shared and first == 0 and segment.x0 > _label_limit(grid):
            first, last = 1, max(1, last)  # long labels reach below the heads of the first figures
        if head and (first < last or id(segment) not in single):
            right = segments[index + 1].x0 if index + 1 < len(segments) else float("inf")
            left = segments[index - 1].x1 if index else float("-inf")
            walls = grid.rules.beside((row.top + row.bottom) / 2, segment.center)
            room = max(left, walls[0]), min(right, walls[1])
            first, last = _head_span(segment, first, last, room, row, grid)
        if line.cells and first < line.cells[-1].column + line.cells[-1].column_span:
            before = line.cells[-1]
            if last < before.column + before.column_span or first <= before.column:
                before.lines[-1] = segment_of(before.lines[-1].words + segment.words)
                before.column_span = max(before.column_span, last - before.column + 1)
                continue
            first = before.column + before.column_span
        line.cells.append(DraftCell([segment], first, last - first + 1))
    return line


def _has_two_values(lines: Sequence[TableLine], bands: Bands) -> bool:
    """Tell whether two amounts would share a cell: then what is drawn are no cells."""
    cells = [
        (bands.first[cell.column][band], cell.column)
        for line, band in zip(lines, bands.of_line, strict=True)
        for cell in line.cells
        if cell.column and is_value(cell.text)
    ]
    return len(cells) > len(set(cells))


def _spanned_rows(
    lines: Sequence[TableLine], bands: Bands, n_heads: int
) -> tuple[list[list[DraftCell]], list[list[DraftCell]]]:
    """Return the rows of heads and the other rows of a table whose cells are drawn."""
    cells: dict[tuple[int, int], DraftCell] = {}
    for line, band in zip(lines, bands.of_line, strict=True):
        for cell in line.cells:
            place = bands.first[cell.column][band], cell.column
            known = cells.setdefault(place, cell)
            if known is not cell:
                known.lines += cell.lines
                known.column_span = max(known.column_span, cell.column_span)
    used = sorted({band for band, _ in cells})
    for (band, column), cell in cells.items():
        cell.row_span = max(1, sum(band <= other <= bands.last(column, band) for other in used))
        beside = [other for row, other in cells if row == band and other > column]
        reach = min(bands.last_column(column, band), min(beside, default=len(bands.first)) - 1)
        cell.column_span = max(cell.column_span, reach - column + 1)
    rows = [[cells[place] for place in sorted(cells) if place[0] == band] for band in used]
    heads = sum(band < min(bands.of_line[n_heads:], default=0) for band in used) if n_heads else 0
    return rows[:heads], rows[heads:]


def _label_limit(grid: Grid) -> float:
    """Return how far right a head may begin that stands over the labels."""
    left, right = grid.columns[0]
    return left + 0.6 * (right - left)


def _parts(segment: Segment, columns: Sequence[Interval], height: float) -> list[Segment]:
    """Part a segment over several columns: where its words are figures of each, or further apart at their borders."""
    first, last = _columns_of(segment, columns)
    if first == last or len(segment.words) < 2:
        return [segment]
    groups = [[segment.words[0]]]
    places = [
        min(range(first, last + 1), key=lambda column: _distance_to(word, columns[column])) for word in segment.words
    ]
    gaps = []
    for (place, before), (next_place, word) in pairwise(zip(places, segment.words, strict=True)):
        if next_place > place:
            groups.append([word])
            gaps.append(word.x0 - before.x1)
        else:
            groups[-1].append(word)
    parts = [segment_of(group) for group in groups]
    apart = all(is_value(part.text) for part in parts) or min(gaps, default=0.0) >= _PART_GAP * height
    return parts if len(parts) > 1 and apart else [segment]


def _distance_to(word: Word, column: Interval) -> float:
    middle = (word.x0 + word.x1) / 2
    return max(column[0] - middle, middle - column[1], 0.0)


def _columns_of(segment: Segment, columns: Sequence[Interval]) -> tuple[int, int]:
    """Return first and last column that a segment stands over."""
    over = []
    x0, x1 = segment.x0, segment.x1
    for column, (left, right) in enumerate(columns):
        if right <= x0:
            continue
        if left >= x1:
            break
        shared = (right if right < x1 else x1) - (left if left > x0 else x0)
        if shared > min(2.0, 0.3 * min(right - left, x1 - x0)):
            over.append(column)
    if over:
        return over[0], over[-1]
    nearest = min(range(len(columns)), key=lambda column: _distance(segment, columns[column]))
    return nearest, nearest


def _distance(segment: Segment, column: Interval) -> float:
    return max(column[0] - segment.x1, segment.x0 - column[1])


def _head_span(segment: Segment, first: int, last: int, room: Interval, row: TextRow, grid: Grid) -> tuple[int, int]:
    """Widen a head over the columns that it is centred on, or that the line drawn below it reaches over."""
    columns = grid.columns
    if first == 0 and last == 0:
        return first, last
    drawn = grid.rules.under(row.bottom, segment.x0, segment.x1, 0.7 * row.height)
    if drawn and drawn[1] - drawn[0] < 0.95 * (columns[-1][1] - columns[0][0]) and drawn[0] > room[0] - 1:
        reached = [
            column
            for column, (left, right) in enumerate(columns)
            if min(right, drawn[1]) - max(left, drawn[0]) > 0.5 * (right - left)
        ]
        if reached and reached[0] > 0 and reached[-1] >= first and reached[0] <= last and drawn[1] <= room[1] + 1:
            return min(first, reached[0]), max(last, reached[-1])
    if row.base >= grid.rows[grid.n_heads - 1].base:
        return first, last
    # A head in the middle above its columns: the widest stretch around it that has room and the same middle.
    off = max(_off_center(segment, columns, first, last), 0.5 * row.height)
    reach = [
        (low, high)
        for low in range(max(1, first - _MAX_SPREAD), first + 1)
        for high in range(last, min(len(columns), last + _MAX_SPREAD + 1))
        if columns[low][0] > room[0]
        and columns[high][1] < room[1]
        and _off_center(segment, columns, low, high) <= min(off, row.height)
    ]
    return max(reach, key=lambda span: span[1] - span[0], default=(first, last))


def _off_center(segment: Segment, columns: Sequence[Interval], first: int, last: int) -> float:
    return abs((columns[first][0] + columns[last][1]) / 2 - segment.center)


def _head_rows(lines: list[TableLine], grid: Grid) -> list[list[DraftCell]]:
    """Join lines of heads whose cells stand over the same columns and that nothing drawn parts."""
    rows: list[list[DraftCell]] = []
    last: TextRow | None = None
    for line in lines:
        joined = (
            last is not None
            and line.row.base - last.base <= _HEAD_STEP * line.row.height
            and not _drawn_between(last, line.row, grid)
            and all(_agrees(cell, rows[-1]) for cell in line.cells)
        )
        if joined:
            for cell in line.cells:
                above = next((other for other in rows[-1] if other.column == cell.column), None)
                if above:
                    above.lines += cell.lines
                else:
                    rows[-1].append(cell)
            rows[-1].sort(key=lambda cell: cell.column)
        else:
            rows.append(list(line.cells))
        last = line.row
    return rows


def _agrees(cell: DraftCell, above: Sequence[DraftCell]) -> bool:
    """Tell whether a head stands below one over the same columns, or below nothing."""
    first, after = cell.column, cell.column + cell.column_span
    return all(
        (other.column, other.column_span) == (cell.column, cell.column_span)
        for other in above
        if other.column < after and other.column + other.column_span > first
    )


def _drawn_between(above: TextRow, below: TextRow, grid: Grid) -> bool:
    level = grid.rules.level
    if not len(level):
        return False
    y, left, right = level.T
    inside = (y > above.base) & (y < below.base - 0.5 * below.height) & (right > above.x0) & (left < above.x1)
    return bool(inside.any())


def _body_rows(lines: list[TableLine], grid: Grid) -> list[list[DraftCell]]:
    """Join lines to rows."""
    bands = row_numbers(lines, grid)
    edge = max((line.cells[0].lines[0].x1 for line in lines if line.cells and not line.cells[0].column), default=0.0)
    groups: list[list[TableLine]] = []
    for index, line in enumerate(lines):
        if groups and (bands[index] == bands[index - 1] if bands else _goes_on(groups[-1], line, edge, grid.columns)):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_joined(group) for group in groups]


def _joined(group: Sequence[TableLine]) -> list[DraftCell]:
    cells: dict[int, DraftCell] = {}
    for line in group:
        for cell in line.cells:
            known = cells.get(cell.column)
            if known is None:
                cells[cell.column] = cell
            else:
                known.lines += cell.lines
                known.column_span = max(known.column_span, cell.column_span)
    ordered = [cells[column] for column in sorted(cells)]
    for cell, following in itertools.pairwise(ordered):
        cell.column_span = min(cell.column_span, following.column - cell.column)
    return ordered


def _goes_on(group: Sequence[TableLine], line: TableLine, edge: float, columns: Sequence[Interval]) -> bool:
    """Tell whether a line belongs to the row of the lines above."""
    last = group[-1]
    step = line.row.base - last.row.base
    if step < OVERLAP * line.row.height:
        return True
    if step > _CLOSE * line.row.height:
        return False
    label = line.cell(0)
    if label is None:
        return not line.has_values and all(_goes_on_text(group, cell, columns) for cell in line.cells)
    above = next((cell for upper in reversed(group) for cell in upper.cells if cell.column == 0), None)
    if above is None or (line.has_values and any(upper.has_values for upper in group)):
        return False
    if not line.only_label and not all(upper.only_label for upper in group):
        return False
    before = above.lines[-1]
    if before.text.endswith(":"):
        return False
    text = label.lines[0].text
    unclosed = before.text.count("(") > before.text.count(")")
    if text[0].islower() or before.text[-1] in ",-–—(/&" or (unclosed and ")" in text):
        return True
    return line.only_label is False and not text[0].isupper() and flows(before, label.lines[0], edge)


def _goes_on_text(group: Sequence[TableLine], cell: DraftCell, columns: Sequence[Interval]) -> bool:
    above = next((known for line in reversed(group) for known in line.cells if known.column == cell.column), None)
    if above is None or is_value(above.text):
        return False
    return flows(above.lines[-1], cell.lines[0], columns[cell.column + cell.column_span - 1][1])


def _first_is_head(rows: Sequence[Sequence[DraftCell]], n_columns: int, style: StyleOf) -> bool:
    """Tell whether the first row of a table without amounts in its first rows is its head."""
    first = rows[0]
    if len(rows) < 2 or any(is_value(cell.text) for cell in first) or len(first) < 2:
        return False
    bold = all(style(cell.lines[0].words[0]).bold for cell in first)
    others = [cell for row in rows[1:4] for cell in row]
    if bold:
        return not all(style(cell.lines[0].words[0]).bold for cell in others)
    full = sum(cell.column_span for cell in first) == n_columns
    if n_columns >= 3 and full and _is_over_values(rows):
        return True
    short = all(len(cell.text.split()) <= 4 and not any(map(str.isdigit, cell.text)) for cell in first)
    return n_columns >= 3 and len(rows) >= 3 and full and short


def _is_over_values(rows: Sequence[Sequence[DraftCell]]) -> bool:
    """Tell whether a column holds nothing but amounts below its first cell."""
    return any(
        len(below) > 1 and all(is_value(other.text) for other in below)
        for cell in rows[0][1:]
        if (below := [other for row in rows[1:] for other in row if other.column == cell.column])
    )
