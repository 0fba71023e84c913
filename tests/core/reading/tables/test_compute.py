"""Changes, shares, ratios, averages, differences and sums are computed from the cells that a question names, or not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.tables.compute import (
    average,
    both,
    bounds,
    columns_compared,
    difference,
    percent_change,
    ratio,
    share,
    total,
    two_periods_swapped,
    yearly_growth,
)
from core.reading.tables.finder import OperandFinder
from core.reading.tables.operands import Derived
from tests.support.laid_out import laid_out

RESULTS = [
    ["", "2022", "2021", "2020"],
    ["Net sales", "121", "110", "100"],
    ["Cash and cash equivalents", "40", "30", "20"],
    ["Net income", "(4)", "8", "-2"],
    ["Grants", "5", "0", "0"],
    ["Tax rate", "25%", "24%", "20.5%"],
]
FARES = [["Ticket", "Summer", "Winter"], ["Adult", "€38", "€26"], ["Child", "€19", "€13"]]
RATINGS = [["Part", "Min", "Max", "Unit"], ["Supply voltage", "2.7", "5.5", "V"], ["Load current", "", "80", "mA"]]


def found(question: str, rows: list[list[str]] = RESULTS, title: str = "Results") -> OperandFinder:
    return OperandFinder(question, [laid_out(rows, title)[1]])


def number(shown_text: str) -> Decimal:
    return Decimal(shown_text.rstrip("%").replace(",", "").replace("−", "-"))


def shown(derived: Derived | None) -> tuple[str, str] | None:
    return None if derived is None else (derived.text, derived.note)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What was the percentage change in net sales from 2020 to 2022?", ("21%", "(121 − 100) / 100")),
        ("What was the percentage change in net sales from 2021 to 2022?", ("10%", "(121 − 110) / 110")),
        # The change is of the size of the loss: from -2 to (4) it doubled.
        ("What was the percentage change in net income from 2020 to 2022?", ("−100%", "((4) − -2) / -2")),
        ("What was the percentage change in the tax rate from 2020 to 2022?", ("4.5 percentage points", "25% − 20.5%")),
        ("What was the percentage change in grants from 2021 to 2022?", None),  # nothing grows from zero
        ("What was the percentage change in net sales from 2018 to 2019?", None),
    ],
)
def test_a_change_in_percent(question: str, expected: tuple[str, str] | None) -> None:
    assert shown(percent_change(found(question))) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What was the compound annual growth of net sales from 2020 to 2022?", ("10%", "(121 / 100)^(1/2) − 1")),
        ("What was the compound annual growth of net sales from 2021 to 2022?", ("10%", "(121 / 110)^(1/1) − 1")),
        ("What was the compound annual growth of net sales?", ("10%", "(121 / 100)^(1/2) − 1")),
        ("What was the compound annual growth of net income from 2020 to 2022?", None),  # of a loss there is none
        ("What was the compound annual growth of grants from 2020 to 2022?", None),
        ("What was the compound annual growth of the masts?", None),
    ],
)
def test_a_growth_a_year(question: str, expected: tuple[str, str] | None) -> None:
    assert shown(yearly_growth(found(question))) == expected


@pytest.mark.parametrize(
    ("operation", "question", "expected"),
    [
        (share, "What percentage of net sales was net income in 2021?", ("7.27%", "8 / 110")),
        (share, "What was net income as a percentage of net sales in 2021?", ("7.27%", "8 / 110")),
        (share, "What percentage of grants was net income in 2021?", None),  # by zero
        (share, "What was net income in 2021?", None),
        (ratio, "What was the ratio of net sales to net income in 2021?", ("13.75", "110 / 8")),
        (ratio, "What was the ratio of net income to net sales in 2022?", ("−0.03", "(4) / 121")),
        (ratio, "What was the ratio of net sales to grants in 2021?", None),
    ],
)
def test_shares_and_ratios(
    operation: Callable[[OperandFinder], Derived | None], question: str, expected: tuple[str, str] | None
) -> None:
    assert shown(operation(found(question))) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What were net sales on average from 2020 to 2022?", ("110.33", "(100 + 110 + 121) / 3")),
        ("What were average net sales in 2021 and 2022?", ("115.5", "(110 + 121) / 2")),
        ("What were average net sales?", ("110.33", "(100 + 110 + 121) / 3")),
        ("What was the average tax rate in 2021 and 2022?", ("24.5%", "(24% + 25%) / 2")),
        ("What were average net sales in 2022?", ("110.33", "(100 + 110 + 121) / 3")),
    ],
)
def test_an_average_over_periods(question: str, expected: tuple[str, str]) -> None:
    assert shown(average(found(question))) == expected


def test_an_average_that_the_table_states_is_not_computed() -> None:
    rows = [["", "2022", "2021"], ["Average headcount", "40", "36"], ["Net sales", "9", "8"]]
    assert average(found("What was the average headcount in 2021 and 2022?", rows)) is None


@pytest.mark.parametrize(
    ("question", "expected", "polarity"),
    [
        ("What was the difference in net sales between 2021 and 2022?", ("11", "121 − 110"), ""),
        ("How much did net sales grow from 2021 to 2022?", ("11 (10%)", "121 − 110"), "yes"),
        ("How much did net income fall from 2021 to 2022?", ("−12 (−150%)", "(4) − 8"), "yes"),
        ("Did net income grow from 2021 to 2022?", ("−12 (−150%)", "(4) − 8"), "no"),
        ("Did the tax rate rise from 2021 to 2022?", ("1 percentage point", "25% − 24%"), "yes"),
        ("Did grants grow from 2020 to 2021?", ("0", "0 − 0"), ""),  # nothing changed
    ],
)
def test_a_difference_of_periods(question: str, expected: tuple[str, str], polarity: str) -> None:
    derived = difference(found(question))
    assert shown(derived) == expected
    assert derived is not None and derived.polarity == polarity


def test_a_difference_of_two_rows_is_the_first_less_the_second() -> None:
    question = "What is the difference between net sales and net income in 2021?"
    assert shown(difference(found(question))) == ("102", "110 − 8")


def test_two_columns_are_compared_the_larger_first() -> None:
    for question in ("Adult ticket in winter or summer?", "Adult ticket in summer or winter?"):
        pair = columns_compared(found(question, FARES, "Fares"))
        assert pair is not None
        assert [operand.cell.text for operand in pair] == ["€38", "€26"]
    assert columns_compared(found("How much is an adult ticket in winter?", FARES, "Fares")) is None


def test_two_periods_the_newer_first() -> None:
    pair = two_periods_swapped(found("How did net sales change from 2020 to 2022?"))
    assert pair is not None
    assert [operand.head for operand in pair] == ["2022", "2020"]
    assert two_periods_swapped(found("How much is an adult ticket in winter?", FARES, "Fares")) is None


@pytest.mark.parametrize(
    ("question", "rows", "expected"),
    [
        ("What is the total of net sales in 2021 and 2022?", RESULTS, ("231", "110 + 121")),
        (
            "What do an adult and a child pay together, the total of adult and child in winter?",
            FARES,
            ("€39", "€26 + €13"),
        ),
        ("What is the total of net sales and grants in 2022?", RESULTS, ("126", "121 + 5")),
        ("What is the total of an adult ticket in summer and winter?", FARES, ("€64", "€38 + €26")),
        ("What is the total of an adult ticket in winter?", FARES, None),  # one cell is no sum
    ],
)
def test_a_sum(question: str, rows: list[list[str]], expected: tuple[str, str] | None) -> None:
    assert shown(total(found(question, rows))) == expected


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What were net sales and net income in 2021?", "Net sales: 110; Net income: 8"),
        ("What were cash and cash equivalents in 2021?", None),  # one row
        ("What were net sales and masts in 2021?", None),
        ("What were net sales in 2021?", None),
    ],
)
def test_two_rows_are_shown_as_they_stand(question: str, text: str | None) -> None:
    derived = both(found(question))
    assert (derived and derived.text) == text
    assert derived is None or (len(derived.cells) == 2 and derived.note == "")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the range of the supply voltage?", "2.7 to 5.5 V"),
        ("What is the range of the load current?", None),  # its lower end is not stated
        ("What is the range of the mast?", None),
    ],
)
def test_both_ends_of_a_range(question: str, text: str | None) -> None:
    derived = bounds(found(question, RATINGS, "Ratings"))
    assert (derived and derived.text) == text


def test_a_table_without_columns_of_bounds_has_no_range() -> None:
    assert bounds(found("What is the range of net sales?")) is None


def test_money_and_scale_of_the_table_are_shown() -> None:
    rows = [["", "2022", "2021"], ["Net sales", "$ 1,210", "$ 1,100"], ["Net income", "40", "30"]]
    title = "Results (in millions)"
    text, table = laid_out(rows, title)
    derived = difference(OperandFinder("What was the difference in net sales between 2021 and 2022?", [table]))
    assert derived is not None
    assert derived.text == "$110 million"
    assert derived.scale_span is not None and text[slice(*derived.scale_span)] in title
    assert [text[start:end] for start, end in derived.cells] == ["$ 1,210", "$ 1,100"]
    assert derived.computed and derived.columns == ("2022", "2021")


AMOUNTS = st.integers(-9_999, 9_999)


@given(AMOUNTS, AMOUNTS)
def test_a_change_is_what_the_shown_cells_give(old: int, new: int) -> None:
    rows = [["", "2022", "2021"], ["Net sales", str(new), str(old)], ["Other", "1", "1"]]
    derived = difference(found("What was the difference in net sales between 2021 and 2022?", rows))
    assert derived is not None and number(derived.text) == new - old
    change = percent_change(found("What was the percentage change in net sales from 2021 to 2022?", rows))
    if not old:
        assert change is None
    else:
        assert change is not None
        assert abs(number(change.text) - Decimal(new - old) / abs(old) * 100) <= Decimal("0.005")


@given(st.lists(st.integers(0, 9_999), min_size=2, max_size=6))
def test_a_sum_and_an_average_take_every_period(amounts: list[int]) -> None:
    years = [str(2010 + index) for index in range(len(amounts))]
    rows = [["", *years], ["Net sales", *map(str, amounts)], ["Other", *["1"] * len(years)]]
    asked = f"net sales in {', '.join(years[:-1])} and {years[-1]}"
    summed = total(found(f"What is the total of {asked}?", rows))
    assert summed is not None and number(summed.text) == sum(amounts)
    mean = average(found(f"What were average {asked}?", rows))
    assert mean is not None
    assert abs(number(mean.text) - Decimal(sum(amounts)) / len(amounts)) <= Decimal("0.005")
    assert len(summed.cells) == len(mean.cells) == len(amounts)
