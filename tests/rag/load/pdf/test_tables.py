"""Tables among rows: where one ends, and that no text is lost between them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.load.pdf.layout.rows import TextRow
from rag.load.pdf.layout.tables import Grid, find_tables, is_value
from tests.support.pdf_rows import NO_RULES, row

TEXTS = st.sampled_from(
    ["Sales", "1,204", "(3)", "2024", "Cost of goods", "the rent rose in the year as all", "•", "Fiscal"]
)
LINES = st.lists(
    st.tuples(
        st.sampled_from([12, 18, 30]), st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from([9.0, 10.0, 14.0])
    ),
    max_size=14,
)


def rows_of(items: list[TextRow | Grid]) -> list[TextRow]:
    return [line for item in items for line in (item.rows if isinstance(item, Grid) else [item])]


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_every_row_is_in_one_table_or_none(lines: list[tuple[int, list[str], float]]) -> None:
    rows, base = [], 100.0
    for step, texts, height in lines:
        base += step
        rows.append(row(base, *[(50 + 190 * at, text) for at, text in enumerate(texts)], height=height))
    assert [line.text for line in rows_of(find_tables(rows, NO_RULES))] == [line.text for line in rows]


def table(top: float, x: float = 50) -> list[TextRow]:
    heads = row(top, (x + 100, "Cost"), (x + 200, "Total"))
    return [
        heads,
        *[row(top + 12 * at, (x, f"Item {at}"), (x + 100, f"{at}20"), (x + 200, f"{at}.50")) for at in (1, 2, 3)],
    ]


def test_a_heading_set_larger_parts_two_tables() -> None:
    heading = row(152, (50, "Costs of the other year"), height=14.0)
    first, between, second = find_tables([*table(100), heading, *table(168)], NO_RULES)
    assert isinstance(first, Grid)
    assert isinstance(second, Grid)
    assert isinstance(between, TextRow)
    assert (first.n_heads, second.n_heads) == (1, 1)


def test_the_last_line_of_a_title_is_no_head_of_the_names_below_it() -> None:
    title = [row(80, (60, "A Long Study of the Rivers"), height=18.0), row(102, (110, "and Lakes"), height=18.0)]
    authors = [row(118 + 12 * at, (50, f"Anna {at}"), (150, f"Berta {at}"), (250, f"Carl {at}")) for at in range(3)]
    items = find_tables([*title, *authors], NO_RULES)
    assert [line.text for item in items if isinstance(item, Grid) for line in item.rows] == [
        line.text for line in authors
    ]


def test_a_table_of_other_columns_after_a_wider_step_is_another() -> None:
    items = find_tables([*table(100), *table(166, x=85)], NO_RULES)
    assert [isinstance(item, Grid) for item in items] == [True, True]


def test_items_of_a_list_are_no_rows() -> None:
    lines = [
        row(100, (50, "Fitter"), (400, "2018")),
        row(112, (50, "• runs a team")),
        row(124, (50, "Head"), (400, "2014")),
    ]
    assert find_tables(lines, NO_RULES) == lines


def test_a_contents_list_has_no_heads() -> None:
    lines = [
        row(100 + 12 * at, (50, f"{title} ........"), (400, page))
        for at, (title, page) in enumerate([("Signs", "ii"), ("Fuses", "7"), ("Wires", "9")])
    ]
    [contents] = find_tables(lines, NO_RULES)
    assert isinstance(contents, Grid)
    assert contents.n_heads == 0


def test_amounts_with_units_are_values_and_dates_are_none() -> None:
    assert all(map(is_value, ["1,204", "(2)pts", "4 %", "10 mg", "5 GB", "N/A", "—"]))
    assert not any(map(is_value, ["2024", "31 Dec", "12 months", "Total", "Q1"]))
