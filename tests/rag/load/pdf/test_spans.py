"""Cells over several rows: told by the drawn lines that leave a column out."""

from __future__ import annotations

import numpy as np

from rag.load.pdf.layout.rules import Rules
from rag.load.pdf.layout.spans import drawn_bands
from tests.support.pdf_rows import row

ROWS = [row(100.0, (50, "North"), (150, "Alder"), (250, "12.5")), row(120.0, (150, "Birch"), (250, "8.0"))]
COLUMNS = [(50.0, 75.0), (150.0, 175.0), (250.0, 270.0)]
SIDES = [(x, 80.0, 140.0) for x in (40.0, 140.0, 240.0, 300.0)]


def rules(level: list[tuple[float, float, float]], upright: list[tuple[float, float, float]]) -> Rules:
    lines = np.array(upright, np.float64).reshape(-1, 3)
    return Rules(np.array(level, np.float64).reshape(-1, 3), lines, lines)


def test_a_line_that_leaves_out_a_column_makes_a_cell_of_two_rows() -> None:
    bands = drawn_bands(ROWS, COLUMNS, rules([(108.0, 140.0, 300.0)], SIDES))
    assert bands is not None
    assert bands.of_line == [0, 1]
    assert bands.first == [[0, 0], [0, 1], [0, 1]]
    assert (bands.last(0, 0), bands.last(1, 0)) == (1, 0)


def test_a_line_over_all_columns_makes_none() -> None:
    assert drawn_bands(ROWS, COLUMNS, rules([(108.0, 40.0, 300.0)], SIDES)) is None


def test_without_lines_along_its_sides_a_column_has_no_cells_over_rows() -> None:
    assert drawn_bands(ROWS, COLUMNS, rules([(108.0, 140.0, 300.0)], SIDES[1:2])) is None
    assert drawn_bands(ROWS, COLUMNS, rules([(108.0, 140.0, 300.0)], [(x, 80.0, 105.0) for x, *_ in SIDES])) is None


def test_sides_of_shaded_rectangles_are_no_lines() -> None:
    shaded = Rules(np.array([(108.0, 140.0, 300.0)]), np.array(SIDES))
    assert drawn_bands(ROWS, COLUMNS, shaded) is None


def test_a_side_that_is_left_out_makes_a_cell_of_two_columns() -> None:
    sides = [(240.0, 108.0, 140.0) if x == 240.0 else (x, top, bottom) for x, top, bottom in SIDES]
    bands = drawn_bands(ROWS, COLUMNS, rules([(108.0, 140.0, 300.0)], sides))
    assert bands is not None
    assert (bands.last_column(1, 0), bands.last_column(1, 1), bands.last_column(0, 0)) == (2, 1, 0)
