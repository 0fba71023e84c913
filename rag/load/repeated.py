"""Cells that span rows, told again in every row: each line of a table has its label and stands under its heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.load.outline import CELL_GAP, LINE_GAP, Element, OutlineCell, Run, row_is_shown

_MAX_CHARS = 200  # of a cell that is repeated; for a longer one its place is held


@dataclass(slots=True)
class _Above:
    """A cell that goes on below its row: where its first column is, how many rows it still takes, how it is shown."""

    cell: OutlineCell
    column: int
    rows_left: int
    repeats: bool

    def takes(self, column: int) -> bool:
        return self.column <= column < self.column + self.cell.column_span


def table_element(rows: Sequence[Sequence[OutlineCell]], head_rows: int) -> Element:
    """Return a table whose cells that span rows are told in every row; see `in_every_row`."""
    kept = in_every_row(rows, head_rows)
    return Element(kind="table", rows=kept, head_rows=min(head_rows, len(kept)))


def in_every_row(rows: Sequence[Sequence[OutlineCell]], head_rows: int) -> tuple[tuple[OutlineCell, ...], ...]:
    """Return the rows of a table with each cell that spans rows repeated in all of them.

    In heads, and where it is long, its place is held instead: the line has the marks that part its cell from the next.
    A row without cells of its own is left out, and no cell spans it any longer.

    Args:
        rows: Its cells; one that spans stands in its first row and column alone.
        head_rows: How many of those that have cells are heads.
    """
    spans = _without_empty(rows)
    above: list[_Above] = []
    out: list[tuple[OutlineCell, ...]] = []
    for number, row in enumerate(spans):
        below: list[_Above] = []
        cells: list[OutlineCell] = []
        waiting = list(row)
        n_places = column = 0
        while waiting or any(each.column >= column for each in above):
            over = next((each for each in above if each.takes(column)), None)
            if over is None and not waiting:
                column += 1
                continue
            if over is None:
                cell = waiting.pop(0)
                repeats = number >= head_rows and len(cell.shown) <= _MAX_CHARS
                rows_left = min(cell.row_span, len(spans) - number) - 1
                if rows_left:
                    below.append(_Above(cell, column, rows_left, repeats))
                placed = replace(cell, row_span=1 if repeats else rows_left + 1)
                column += cell.column_span
            else:
                column = over.column + over.cell.column_span
                if not over.repeats:
                    n_places += 1
                    continue
                placed = replace(over.cell, runs=(Run(over.cell.shown),) if over.cell.shown else (), row_span=1)
            if n_places and any(map(row_is_shown, out)):
                placed = replace(placed, before=(CELL_GAP if cells else LINE_GAP) + CELL_GAP * n_places)
            n_places = 0
            cells.append(placed)
        for each in above:
            each.rows_left -= 1
        above = [each for each in (*above, *below) if each.rows_left]
        out.append(tuple(cells))
    return tuple(out)


def _without_empty(rows: Sequence[Sequence[OutlineCell]]) -> list[list[OutlineCell]]:
    """Return the rows that have cells, and let cells span those alone."""
    return [
        [replace(cell, row_span=sum(map(bool, rows[number : number + cell.row_span]))) for cell in row]
        for number, row in enumerate(rows)
        if row
    ]
