"""The grid of a table: cells that span stand in every place that they take."""

from __future__ import annotations

import pytest

from core.blocks import Cell, cell_grid


def cell(start: int, rows: int = 1, columns: int = 1) -> Cell:
    return Cell(start=start, end=start + 1, row_span=rows, column_span=columns)


def starts(rows: list[list[Cell]]) -> list[list[int | None]]:
    return [[None if place is None else place.start for place in row] for row in cell_grid(rows)]


def test_a_cell_over_rows_moves_those_of_the_rows_below() -> None:
    rows = [[cell(0, rows=2), cell(1, columns=2)], [cell(2), cell(3)], [cell(4), cell(5), cell(6)]]
    assert starts(rows) == [[0, 1, 1], [0, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("rows", "grid"),
    [([], []), ([[cell(0, rows=5)]], [[0]]), ([[cell(0)], [cell(1), cell(2)]], [[0, None], [1, 2]])],
    ids=["no rows", "a span beyond the last row", "rows of different lengths"],
)
def test_what_is_missing_is_none(rows: list[list[Cell]], grid: list[list[int | None]]) -> None:
    assert starts(rows) == grid
