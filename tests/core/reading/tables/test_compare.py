"""Which row, column or period is first, and which periods keep a limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.reading.tables.compare import (
    count_periods,
    extreme_column,
    extreme_period,
    extreme_row,
    periods,
    periods_within,
    within,
)
from core.reading.tables.finder import OperandFinder
from core.reading.tables.operands import Derived
from tests.support.laid_out import laid_out

RESULTS = [
    ["", "2022", "2021", "2020"],
    ["Net sales", "120", "150", "80"],
    ["Net income", "(4)", "9", "5"],
    ["Tax rate", "25%", "24%", "21%"],
]
CREW = [["Boat", "Seats", "Length"], ["Petrel", "8", "9 m"], ["Tern", "4", "12 m"], ["Total", "12", ""]]
CATCH = [["Fish", "North", "South", "West", "Total"], ["Cod", "31", "44", "12", "87"], ["Hake", "9", "2", "7", "18"]]
VISITORS = [["Year", "Visitors"], ["2021", "400"], ["2022", "520"], ["2023", "480"]]


def found(question: str, rows: list[list[str]] = RESULTS, title: str = "Results") -> OperandFinder:
    return OperandFinder(question, [laid_out(rows, title)[1]])


def cell_texts(derived: Derived, rows: list[list[str]], title: str = "Results") -> list[str]:
    text, _ = laid_out(rows, title)
    return [text[start:end] for start, end in derived.cells]


@pytest.mark.parametrize(
    ("question", "rows", "year", "first_cell"),
    [
        ("In which year were net sales the highest?", RESULTS, "2021", "150"),
        ("In which year were net sales the lowest?", RESULTS, "2020", "80"),
        ("In which year was net income the lowest?", RESULTS, "2022", "(4)"),
        ("Were net sales higher in 2020 or 2022?", RESULTS, "2022", "120"),
        ("In which year did most visitors come?", VISITORS, "2022", "520"),
    ],
)
def test_the_first_period(question: str, rows: list[list[str]], year: str, first_cell: str) -> None:
    derived = extreme_period(found(question, rows, "Visitors and results"))
    assert derived is not None
    assert (derived.text, derived.note) == (year, "compared")
    assert cell_texts(derived, rows, "Visitors and results")[0] == first_cell


def test_one_period_is_no_first() -> None:
    rows = [["", "2022"], ["Net sales", "120"], ["Net income", "9"]]
    assert extreme_period(found("In which year were net sales the highest?", rows)) is None
    assert periods(found("For which years are net sales presented?", rows)) is None


@pytest.mark.parametrize(
    ("question", "boat", "cells"),
    [
        ("Which boat has the most seats?", "Petrel", ["Petrel", "8", "4"]),
        ("Which boat has the fewest seats?", "Tern", ["Tern", "4", "8"]),
        ("Which boat has the greatest length?", "Tern", ["Tern", "12 m", "9 m"]),
    ],
)
def test_the_first_row_and_not_the_total(question: str, boat: str, cells: list[str]) -> None:
    derived = extreme_row(found(question, CREW, "Boats"))
    assert derived is not None
    assert derived.text == boat
    assert cell_texts(derived, CREW, "Boats") == cells
    assert len(derived.cell_places) == len(derived.cells)


@pytest.mark.parametrize(
    "question",
    [
        "Which of the directors has the highest pay?",
        "Which amount was the largest for net sales?",  # the figure itself, not what has it
    ],
)
def test_no_row_is_first_where_the_table_says_nothing_of_it(question: str) -> None:
    assert extreme_row(found(question)) is None


@pytest.mark.parametrize(
    ("question", "column", "cells"),
    [
        ("Where was most cod caught?", "South", ["44", "31", "12"]),
        ("Where was least hake caught?", "South", ["2", "9", "7"]),
    ],
)
def test_the_first_column_of_things_and_not_their_total(question: str, column: str, cells: list[str]) -> None:
    finder = found(question, CATCH, "Catch in tonnes")
    best = finder.best()
    assert best is not None
    derived = extreme_column(finder, best)
    assert derived is not None and derived.text == column
    assert cell_texts(derived, CATCH, "Catch in tonnes") == cells


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("What were the highest net sales?", RESULTS),  # periods are no things
        ("Where was most cod caught?", [line[:3] for line in CATCH]),  # two columns are compared otherwise
    ],
)
def test_columns_that_are_not_compared(question: str, rows: list[list[str]]) -> None:
    finder = found(question, rows)
    best = finder.best()
    assert best is not None
    assert extreme_column(finder, best) is None


def test_the_periods_of_a_row_newest_first() -> None:
    derived = periods(found("For which years are net sales presented?"))
    assert derived is not None
    assert (derived.text, derived.note) == ("2022, 2021, 2020", "listed")


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("In how many years did net sales exceed 100?", ["150", "120"]),
        ("In how many years were net sales at least 120?", ["150", "120"]),
        ("In how many years were net sales more than 120?", ["150"]),
        ("In how many years were net sales below 100?", ["80"]),
        ("In how many years was net income negative?", ["(4)"]),
        ("In how many years was net income positive?", ["5", "9"]),
        ("In how many years was the tax rate above 22%?", ["24%", "25%"]),
        ("In how many years did net sales exceed 900?", []),
        ("In how many years did net sales exceed 10%?", None),  # sums are no percentages
        ("In how many years were net sales presented?", None),  # no limit
        ("In how many years did the mast exceed 100?", None),
    ],
)
def test_periods_that_keep_a_limit(question: str, kept: list[str] | None) -> None:
    result = within(found(question))
    assert (None if result is None else [operand.cell.text for operand in result[1]]) == kept
    assert result is None or len(result[0]) == 3


@pytest.mark.parametrize(
    ("operation", "question", "text"),
    [
        (count_periods, "In how many years did net sales exceed 100?", "2"),
        (count_periods, "In how many years did net sales exceed 900?", "0"),
        (count_periods, "In how many years were net sales presented?", None),
        (periods_within, "In which years did net sales exceed 100?", "2022, 2021"),
        (periods_within, "In which years did net sales exceed 900?", None),
        (periods_within, "In which years was net income negative?", "2022"),
    ],
)
def test_periods_within_a_limit_are_counted_and_named(
    operation: Callable[[OperandFinder], Derived | None], question: str, text: str | None
) -> None:
    derived = operation(found(question))
    assert (derived and derived.text) == text
