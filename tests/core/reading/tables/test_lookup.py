"""A question finds its cell by label, head and period; figures of other periods are left out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.tables.lookup import CellMatch, cell_at, table_question, years_in
from core.reading.tables.match import match_cells
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.words import stem


def make(heads: tuple[str, ...], *lines: tuple[str, tuple[str, ...]], title: str = "") -> Table:
    """A table from labels and cells; an empty text is an empty cell."""
    rows = []
    for label, texts in lines:
        cells = tuple(TableCell(text, 0, len(text), Decimal(text)) if text else None for text in texts)
        rows.append(TableRow(label, "", cells, 0, 1, (0, len(label))))
    return Table(title, "", heads, tuple(rows), 0, None, "", 0, 1)


SALES = make(("2021", "2020"), ("Net sales", ("12", "10")), ("Cost of sales", ("7", "6")), ("Net loss", ("", "3")))


def texts(question: str, *tables: Table, limit: int = 24) -> list[str]:
    matches = match_cells(table_question(question), tables, limit=limit)
    return [cell_at(tables, match)[1].text for match in matches]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("FY19 and 2021, again 2021", ("2019", "2021")),
        ("in FY '22", ("2022",)),
        ("$2,015 or 1.2020 or 20201", ()),
        ("from 1999 to 2001", ("1999", "2001")),
    ],
)
def test_years_stand_once_and_figures_are_no_years(text: str, years: tuple[str, ...]) -> None:
    assert years_in(text) == years


def test_terms_name_the_figure_and_not_the_operation() -> None:
    asked = table_question("What was the change in net sales between 2020 and 2021?")
    assert asked.terms == (stem("net"), stem("sales"))
    assert asked.years == ("2020", "2021")
    assert table_question("What was the increase?").terms == (stem("increase"),)


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What were net sales in 2021?", "12"),
        ("What were net sales in 2020?", "10"),
        ("What was the cost of sales in 2020?", "6"),
        ("What were net sales?", "12"),
        ("What was the net loss in 2020?", "3"),
    ],
)
def test_label_and_period_choose_the_cell(question: str, cell: str) -> None:
    assert texts(question, SALES)[0] == cell


def test_a_column_of_another_period_is_left_out() -> None:
    assert set(texts("What were net sales in 2020?", SALES)) <= {"10", "6", "3"}
    assert texts("What were net sales in 2018?", SALES) == []


def test_a_row_of_another_year_is_left_out() -> None:
    table = make(("Rooms",), ("2021", ("40",)), ("2020", ("38",)), title="Hotel rooms")
    assert texts("How many rooms in 2020?", table) == ["38"]


def test_a_column_of_changes_is_read_only_where_a_change_is_asked_for() -> None:
    table = make(("2021", "Change"), ("Rent", ("12", "2")))
    assert texts("What was the rent?", table) == ["12"]
    assert "2" in texts("What was the change in rent?", table)
    table = make(("Fiscal 2021 versus fiscal 2020", "Fiscal 2021"), ("Rent", ("2", "12")))
    assert texts("What was the rent in 2021?", table) == ["12"]


def test_words_of_one_meaning_find_one_row() -> None:
    table = make(("2021",), ("Staff", ("5",)), ("Turnover", ("12",)))
    assert texts("What was the revenue in 2021?", table)[0] == "12"


def test_of_two_equal_tables_the_earlier_one_is_read() -> None:
    later = make(("2021", "2020"), ("Net sales", ("99", "98")))
    assert texts("What were net sales in 2021?", SALES, later)[0] == "12"
    assert texts("What were net sales in 2021?", later, SALES)[0] == "99"


def test_an_unrelated_question_finds_nothing() -> None:
    assert texts("How tall is the lighthouse?", SALES) == []
    assert texts("What were net sales in 2021?") == []


def test_a_match_without_a_cell_is_an_error() -> None:
    with pytest.raises(ValueError, match="a match has a cell"):
        cell_at([SALES], CellMatch(0, 2, 0, 1.0, 1.0, 1.0))


@given(
    st.lists(st.sampled_from(["net", "sales", "cost", "loss", "in", "2020", "2021", "of"]), max_size=6),
    st.integers(1, 6),
)
def test_matches_are_sorted_bounded_and_have_cells(asked: list[str], limit: int) -> None:
    matches = match_cells(table_question(" ".join(asked)), [SALES], limit=limit)
    assert len(matches) <= limit
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert all(cell_at([SALES], match)[1].text for match in matches)
    assert all(0 <= match.label_share <= 1 + 1e-9 and 0 <= match.covered <= 1 + 1e-9 for match in matches)
