"""Tables from rows at known places: their columns, heads, spans and wrapped cells."""

from __future__ import annotations

import numpy as np
import pytest

from rag.load.pdf.layout.cells import make_table
from rag.load.pdf.layout.drafts import DraftTable, Style
from rag.load.pdf.layout.extents import find_columns
from rag.load.pdf.layout.rows import TextRow, Word
from rag.load.pdf.layout.rules import Rules
from rag.load.pdf.layout.tables import Grid, find_tables, is_value
from tests.support.pdf_rows import NO_RULES, plain, row

HEAD = row(100, (50, "Flat"), (150, "Rent"), (250, "Costs"))
ALDER = row(114, (50, "Alder Lane"), (150, "900"), (250, "75"))
CEDAR = row(128, (50, "Cedar Road"), (150, "1,450"), (250, "80"))


def tables_of(rows: list[TextRow], rules: Rules = NO_RULES) -> list[Grid]:
    return [item for item in find_tables(rows, rules) if isinstance(item, Grid)]


def table_of(rows: list[TextRow], rules: Rules = NO_RULES) -> DraftTable:
    (grid,) = tables_of(rows, rules)
    return make_table(grid, plain)


def shown(table: DraftTable) -> list[list[tuple[int, int, str]]]:
    return [[(cell.column, cell.column_span, cell.text) for cell in cells] for cells in table.rows]


def test_columns_are_the_extents_that_rows_share() -> None:
    assert find_columns([ALDER, CEDAR]) == [(50, 100), (150, 175), (250, 260)]
    assert find_columns([row(100, (50, "one segment"))]) == []


def test_a_segment_over_two_columns_makes_them_no_one_column() -> None:
    rows = [row(100 + 14 * at, (50, "Alder"), (150, "900"), (250, "75")) for at in range(6)]
    wide = row(90, (50, "Flat"), (150, "rent and costs a month"))
    assert find_columns([wide, *rows]) == [(50, 75), (150, 165), (250, 260)]


def test_a_table_with_heads() -> None:
    table = table_of([HEAD, ALDER, CEDAR])
    assert shown(table) == [
        [(0, 1, "Flat"), (1, 1, "Rent"), (2, 1, "Costs")],
        [(0, 1, "Alder Lane"), (1, 1, "900"), (2, 1, "75")],
        [(0, 1, "Cedar Road"), (1, 1, "1,450"), (2, 1, "80")],
    ]
    assert (table.n_columns, table.head_rows, table.height) == (3, 1, 10)
    assert (table.top, table.bottom, table.x0, table.x1) == (92, 130, 50, 275)


def test_a_head_in_the_middle_above_two_columns_spans_them() -> None:
    above = row(88, (182.5, "Per month"))  # its middle is 205, and so is that of 150 to 260
    table = table_of([above, HEAD, ALDER, CEDAR])
    assert table.head_rows == 2
    assert shown(table)[0] == [(1, 2, "Per month")]
    assert shown(table)[1] == [(0, 1, "Flat"), (1, 1, "Rent"), (2, 1, "Costs")]


def test_an_empty_cell_is_left_out_and_its_neighbours_keep_their_columns() -> None:
    birch = row(142, (50, "Birch Hill"), (250, "60"))
    assert shown(table_of([HEAD, ALDER, CEDAR, birch]))[3] == [(0, 1, "Birch Hill"), (2, 1, "60")]


def test_a_label_on_two_lines_is_one_cell() -> None:
    first, second = row(142, (50, "Birch Hill and")), row(154, (50, "its garden"), (150, "700"), (250, "60"))
    table = table_of([HEAD, ALDER, CEDAR, first, second])
    assert shown(table)[3] == [(0, 1, "Birch Hill and its garden"), (1, 1, "700"), (2, 1, "60")]


def test_the_name_of_a_group_of_rows_is_a_row_of_its_own() -> None:
    group = row(142, (50, "Sold:"))
    birch = row(156, (50, "Birch Hill"), (150, "700"), (250, "60"))
    assert [cells[0].text for cells in table_of([HEAD, ALDER, CEDAR, group, birch]).rows] == [
        "Flat",
        "Alder Lane",
        "Cedar Road",
        "Sold:",
        "Birch Hill",
    ]


def test_lines_drawn_between_rows_join_the_lines_inside_them() -> None:
    rows = [
        row(100, (50, "Alder"), (150, "north side of"), (350, "900")),
        row(112, (150, "The river")),
        row(126, (50, "Cedar"), (150, "south side of"), (350, "800")),
        row(138, (150, "the lake")),
    ]
    drawn = Rules(np.array([(117.0, 45.0, 370.0)]), np.zeros((0, 3)))
    assert [[cell.text for cell in cells] for cells in table_of(rows, drawn).rows] == [
        ["Alder", "north side of The river", "900"],
        ["Cedar", "south side of the lake", "800"],
    ]


def test_a_bold_first_row_of_texts_is_a_head() -> None:
    rows = [
        row(100, (50, "Name"), (150, "Town")),
        row(114, (50, "Ada"), (150, "London")),
        row(128, (50, "Emil"), (150, "Bern")),
    ]
    grid = Grid(rows, find_columns(rows), 0, NO_RULES)

    def bold_first(word: Word) -> Style:
        return Style(bold=word.base == 100, italic=False)

    assert make_table(grid, bold_first).head_rows == 1
    assert make_table(grid, plain).head_rows == 0


def test_prose_and_single_rows_are_no_table() -> None:
    prose = [row(100 + 12 * at, (50, "the rent of all the houses in the town rose and")) for at in range(4)]
    assert find_tables(prose, NO_RULES) == prose
    assert tables_of([ALDER]) == []
    assert find_tables([], NO_RULES) == []


def test_the_mark_of_a_list_is_no_column() -> None:
    rows = [row(100 + 12 * at, (50, "•"), (70, "the rent rose")) for at in range(3)]
    items = find_tables(rows, NO_RULES)
    assert [item.text for item in items if isinstance(item, TextRow)] == ["• the rent rose"] * 3
    assert all(len(item.segments) == 1 for item in items if isinstance(item, TextRow))


def test_a_wide_gap_ends_a_table() -> None:
    far = [row(base, (60, "Elm"), (350, "1"), (450, "2")) for base in (200, 214)]
    assert [len(grid.rows) for grid in tables_of([HEAD, ALDER, CEDAR, *far])] == [3, 2]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("900", True),
        ("(1,450)", True),
        ("—", True),
        ("2024", False),
        ("1999", False),
        ("2,024", True),
        ("1890", True),
        ("Rent", False),
        ("", False),
    ],
)
def test_values_and_years(text: str, is_one: bool) -> None:
    assert is_value(text) is is_one
