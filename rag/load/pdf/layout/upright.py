"""Heads of columns that are written upwards or downwards: joined to the table below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.load.pdf.layout.drafts import DraftCell, DraftTable
from rag.load.pdf.layout.paragraphs import Draft, DraftText
from rag.load.pdf.layout.rows import Segment, TextRow

_NEAR = 3.5  # of the height: from a head to the first row below it
_FEWEST = 2  # heads of one table
_AWAY = 0.6  # of the distance between columns: from a head to the texts of its column


@dataclass(slots=True)
class _Head:
    """A turned line in the space of the table: x to the right, y down."""

    segment: Segment
    row: TextRow
    x: float
    top: float
    bottom: float


def with_upright_heads(drafts: list[Draft], rows: list[TextRow], turn: float) -> list[TextRow]:
    """Give tables the turned lines right above them as heads and return the other lines.

    Args:
        drafts: Blocks in reading order; tables are changed, and the head of the labels is taken out.
        rows: Lines of another direction, in their own space.
        turn: That direction less the one of the blocks, degrees counter-clockwise.
    """
    if turn not in (90.0, 270.0):
        return rows
    heads = [_head(segment, row, turn) for row in rows for segment in row.segments]
    longest = max((head.bottom - head.top for head in heads), default=0.0)  # shorter ones may begin beside it
    taken: set[int] = set()
    for table in [draft for draft in drafts if isinstance(draft, DraftTable)]:
        above = [head for head in heads if id(head.segment) not in taken and _is_above(head, table, longest)]
        by_column = _by_column(above, table)
        if len(by_column) < _FEWEST:
            continue
        _put_heads(table, by_column, drafts)
        taken |= {id(head.segment) for column in by_column.values() for head in column}
    kept = [(row, [segment for segment in row.segments if id(segment) not in taken]) for row in rows]
    return [row if len(segments) == len(row.segments) else row.part(segments) for row, segments in kept if segments]


def _head(segment: Segment, row: TextRow, turn: float) -> _Head:
    if turn == 90.0:
        return _Head(segment, row, (row.top + row.bottom) / 2, -segment.x1, -segment.x0)
    return _Head(segment, row, -(row.top + row.bottom) / 2, segment.x0, segment.x1)


def _is_above(head: _Head, table: DraftTable, longest: float) -> bool:
    first = table.rows[0][0].lines[0].words[0]
    body = table.top if not table.head_rows else max(table.top, first.bottom)
    near = _NEAR * table.height
    return -near <= body - head.bottom <= near + longest - (head.bottom - head.top) and head.top < body


def _by_column(heads: Sequence[_Head], table: DraftTable) -> dict[int, list[_Head]]:
    columns = table.columns
    if len(columns) < _FEWEST:
        return {}
    pitch = (columns[-1][1] - columns[0][0]) / len(columns)
    out: dict[int, list[_Head]] = {}
    for head in heads:
        away = [max(left - head.x, head.x - right, 0.0) for left, right in columns]
        nearest = min(range(len(columns)), key=away.__getitem__)
        if away[nearest] <= _AWAY * pitch:
            out.setdefault(nearest, []).append(head)
    return out


def _put_heads(table: DraftTable, by_column: dict[int, list[_Head]], drafts: list[Draft]) -> None:
    """Write heads into the last row of heads where it has room, else into a row of their own."""
    cells = {column: DraftCell([head.segment for head in heads], column) for column, heads in by_column.items()}
    last = table.rows[table.head_rows - 1] if table.head_rows else []
    covered = {column for cell in last for column in range(cell.column, cell.column + cell.column_span)}
    if last and not covered & set(cells):
        last += cells.values()
        last.sort(key=lambda cell: cell.column)
    else:
        top = min(head.top for heads in by_column.values() for head in heads)
        label = None if 0 in cells else _label_above(table, top, drafts)
        if label is not None:
            drafts.remove(label)
            cells[0] = DraftCell(label.lines, 0)
        table.rows.insert(0, [cells[column] for column in sorted(cells)])
        table.head_rows += 1
    table.top = min(table.top, *(head.top for heads in by_column.values() for head in heads))


def _label_above(table: DraftTable, top: float, drafts: Sequence[Draft]) -> DraftText | None:
    """Return the line beside upright heads that stands over the labels."""
    place = next(index for index, draft in enumerate(drafts) if draft is table)
    above = drafts[place - 1] if place else None
    if not isinstance(above, DraftText) or len(above.lines) > 1 or above.x1 > table.columns[1][0]:
        return None
    return above if above.bottom > top and above.top < table.top else None
