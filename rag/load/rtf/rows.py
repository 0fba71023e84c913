"""Rows of RTF to a table: cells that span are told by their right edges and by the marks of merged ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.load.outline import Element, OutlineCell, Run
from rag.load.repeated import table_element
from rag.load.text.grid import guess_heads

_TOLERANCE = 40  # twips: edges that are closer are one


@dataclass(slots=True)
class RtfRow:
    """A row as it is read.

    Attributes:
        edges: Right edges of its cells, in twips.
        merges: How each goes on from another one: `left`, `above`, or `""`.
        cells: Texts.
        is_head: Whether it repeats on every page.
    """

    edges: list[int] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    cells: list[tuple[Run, ...]] = field(default_factory=list)
    is_head: bool = False


def table_of(rows: Sequence[RtfRow]) -> Element:
    """Return rows as a table."""
    grid = _grid([edge for row in rows for edge in row.edges])
    placed: list[list[tuple[int, OutlineCell]]] = []
    above: dict[int, tuple[int, int]] = {}  # column to the row and place of the cell that goes on below
    for number, row in enumerate(rows):
        cells: list[tuple[int, OutlineCell]] = []
        column = 0
        for place, runs in enumerate(row.cells):
            stated = place < len(row.edges)
            end = _column(grid, row.edges[place]) + 1 if stated else column + 1
            width = max(1, end - column)
            merge = row.merges[place] if stated else ""
            if merge == "left" and cells:
                start, known = cells[-1]
                cells[-1] = start, OutlineCell(known.runs + runs, known.row_span, known.column_span + width)
            elif merge == "above" and column in above:
                first, cell_index = above[column]
                start, known = placed[first][cell_index]
                placed[first][cell_index] = start, OutlineCell(known.runs, number - first + 1, known.column_span)
            else:
                above[column] = number, len(cells)
                cells.append((column, OutlineCell(runs, 1, width)))
            column += width
        placed.append(cells)
    kept = [tuple(cell for _, cell in cells) for cells in placed]
    heads = next((number for number, row in enumerate(rows) if not row.is_head), 0)
    return table_element(kept, heads or guess_heads([row for row in kept if row]))


def _grid(edges: Sequence[int]) -> list[int]:
    grid: list[int] = []
    for edge in sorted(edges):
        if not grid or edge - grid[-1] > _TOLERANCE:
            grid.append(edge)
    return grid


def _column(grid: Sequence[int], edge: int) -> int:
    return min(range(len(grid)), key=lambda column: abs(grid[column] - edge))
