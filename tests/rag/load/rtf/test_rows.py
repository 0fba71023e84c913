"""Rows of RTF become tables: what spans is told by right edges and by marks of merged cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.load.outline import Element, Run
from rag.load.rtf.rows import RtfRow, table_of


def row(*cells: str, edges: tuple[int, ...] = (), merges: tuple[str, ...] = (), is_head: bool = False) -> RtfRow:
    marks = merges or ("",) * len(edges)
    return RtfRow([*edges], [*marks], [(Run(cell),) if cell else () for cell in cells], is_head)


def shape(element: Element) -> list[list[tuple[str, int, int]]]:
    return [[(cell.shown, cell.row_span, cell.column_span) for cell in line] for line in element.rows]


def test_cells_of_one_grid_take_one_column_each() -> None:
    table = table_of([row("a", "b", edges=(100, 200)), row("c", "d", edges=(100, 200))])
    assert table.kind == "table"
    assert shape(table) == [[("a", 1, 1), ("b", 1, 1)], [("c", 1, 1), ("d", 1, 1)]]


def test_a_cell_that_ends_further_right_spans_what_others_part() -> None:
    table = table_of([row("wide", "z", edges=(200, 300)), row("a", "b", "c", edges=(100, 200, 300))])
    assert shape(table)[0] == [("wide", 1, 2), ("z", 1, 1)]


def test_edges_that_nearly_meet_are_one() -> None:
    table = table_of([row("a", "b", edges=(1000, 2000)), row("c", "d", edges=(1040, 1970))])
    assert shape(table) == [[("a", 1, 1), ("b", 1, 1)], [("c", 1, 1), ("d", 1, 1)]]
    apart = table_of([row("a", "b", edges=(1000, 2000)), row("c", "d", edges=(1041, 2000))])
    assert shape(apart) == [[("a", 1, 1), ("b", 1, 2)], [("c", 1, 2), ("d", 1, 1)]]


def test_merged_cells_join_to_the_left_and_upwards() -> None:
    table = table_of(
        [
            row("top", "x", "y", edges=(100, 200, 300), merges=("", "", "left")),
            row("", "z", edges=(100, 300), merges=("above", "")),
            row("", "w", edges=(100, 300), merges=("above", "")),
        ]
    )
    assert shape(table) == [[("top", 1, 1), (text, 1, 2)] for text in ("xy", "z", "w")]


def test_a_mark_without_a_cell_to_join_is_a_cell() -> None:
    first = table_of([row("a", "b", edges=(100, 200), merges=("left", ""))])
    assert shape(first) == [[("a", 1, 1), ("b", 1, 1)]]
    alone = table_of([row("a", "b", edges=(100, 200), merges=("above", "above"))])
    assert shape(alone) == [[("a", 1, 1), ("b", 1, 1)]]


def test_cells_beyond_the_stated_edges_take_a_column_each() -> None:
    table = table_of([row("a", "b", "c", edges=(100,)), row("d", edges=(100,))])
    assert shape(table) == [[("a", 1, 1), ("b", 1, 1), ("c", 1, 1)], [("d", 1, 1)]]


def test_a_row_that_joins_the_one_above_leaves_no_empty_row() -> None:
    table = table_of([row("a", "b", edges=(100, 200)), row("", "", edges=(100, 200), merges=("above", "above"))])
    assert shape(table) == [[("a", 1, 1), ("b", 1, 1)]]


def test_rows_that_repeat_are_heads_and_the_table_may_consist_of_them() -> None:
    first, second = row("a", "b", edges=(1, 99), is_head=True), row("c", "d", edges=(1, 99))
    assert table_of([first, second]).head_rows == 1
    assert table_of([first, first, second, first]).head_rows == 2
    assert table_of([first]).head_rows == table_of([row("a", "b", edges=(1, 99))]).head_rows


ROWS = st.lists(
    st.builds(
        lambda cells, edges, merges: RtfRow(sorted(edges), merges[: len(edges)], [(Run(cell),) for cell in cells]),
        st.lists(st.sampled_from("abc"), min_size=1, max_size=5),
        st.lists(st.integers(0, 500), max_size=5),
        st.lists(st.sampled_from(["", "left", "above"]), min_size=5, max_size=5),
    ),
    min_size=1,
    max_size=5,
)


@given(ROWS)
def test_no_text_is_lost_but_that_of_cells_joined_upwards(rows: list[RtfRow]) -> None:
    table = table_of(rows)
    text = "".join(cell.shown for line in table.rows for cell in line)
    every = "".join(run.text for line in rows for cell in line.cells for run in cell)
    assert sorted(text) == sorted(every) or any("above" in line.merges for line in rows)
    assert all(cell.row_span >= 1 and cell.column_span >= 1 for line in table.rows for cell in line)
    assert all(table.rows)
