"""Rows are compared, ranked and added up by the column that the question names."""

from __future__ import annotations

import pytest

from core.reading.tables.columns import aggregate, dated_row, either, extreme_of_named, more_than, rows_within
from core.reading.tables.derive import TableReader
from core.reading.tables.finder import OperandFinder
from core.reading.tables.operands import Derived
from tests.support.laid_out import laid_out

PRICES = [
    ["Item", "Weight", "Price"],
    ["Oat loaf", "900 g", "€3.40"],
    ["Rye loaf", "750 g", "€3.10"],
    ["Plait", "280 g", "€4.20"],
]
REGIONS = [["Region", "2023", "2022"], ["North", "171", "168"], ["South", "244", "214"], ["Total", "415", "382"]]
RATINGS = [
    ["Parameter", "Min", "Max", "Unit"],
    ["Supply voltage", "-0.3", "6.0", "V"],
    ["Current", "-100", "100", "mA"],
]
SHARES = [["Mode", "2019", "2024"], ["Bus", "17%", "15%"], ["Train", "8%", "9%"], ["Bicycle", "7%", "14%"]]


def first(question: str, rows: list[list[str]], title: str) -> tuple[Derived, list[str]]:
    text, table = laid_out(rows, title)
    derived = TableReader(question, [table]).answers()[0]
    return derived, [text[start:end] for start, end in derived.cells]


@pytest.mark.parametrize(
    ("question", "rows", "title", "shown"),
    [
        ("Which is heavier, the rye loaf or the oat loaf?", PRICES, "Bread", "Oat loaf"),
        ("Which is cheaper, the rye loaf or the plait?", PRICES, "Bread", "Rye loaf"),
        ("Which bread is the most expensive?", PRICES, "Bread", "Plait"),
        ("Which region has the highest revenue?", REGIONS, "Revenue by region", "South"),
        ("Which was larger in 2022, North or South?", REGIONS, "Revenue by region", "South"),
        ("Which is larger, the share of bus or of bicycle in 2024?", SHARES, "Travel", "Bus"),
        ("Which is larger, the share of train or of bicycle in 2019?", SHARES, "Travel", "Train"),
    ],
)
def test_rows_are_compared_in_the_column_asked_for(
    question: str, rows: list[list[str]], title: str, shown: str
) -> None:
    derived, cells = first(question, rows, title)
    assert derived.text == shown
    assert shown in cells and len(cells) >= 3


@pytest.mark.parametrize(
    ("question", "polarity"),
    [("Is the rye loaf heavier than the oat loaf?", "no"), ("Is the rye loaf cheaper than the plait?", "yes")],
)
def test_whether_one_row_is_larger_than_another(question: str, polarity: str) -> None:
    assert first(question, PRICES, "Bread")[0].polarity == polarity


@pytest.mark.parametrize(
    ("question", "polarity"),
    [("Did revenue in the North increase?", "yes"), ("Did revenue in the North fall?", "no")],
)
def test_whether_a_figure_grew(question: str, polarity: str) -> None:
    assert first(question, REGIONS, "Revenue by region")[0].polarity == polarity


def test_a_column_is_added_up_and_averaged_and_money_keeps_its_cents() -> None:
    total, cells = first("What is the total of the prices of the bread?", PRICES, "Bread")
    assert (total.text, cells) == ("€10.70", ["€3.40", "€3.10", "€4.20"])
    assert first("What is the average price of the bread?", PRICES, "Bread")[0].text == "€3.57"
    assert first("What is the average weight of the bread?", PRICES, "Bread")[0].text == "643.33 g"


def test_a_column_of_bounds_answers_instead_of_a_comparison_and_shows_its_unit() -> None:
    assert first("What is the maximum supply voltage?", RATINGS, "Ratings")[0].text == "6.0 V"
    assert first("What is the minimum current?", RATINGS, "Ratings")[0].text == "-100 mA"


def test_growth_is_shown_in_amount_and_in_percent() -> None:
    derived, cells = first("How much did revenue in the South grow from 2022 to 2023?", REGIONS, "Revenue by region")
    assert (derived.text, cells) == ("30 (14.02%)", ["244", "214"])


def test_what_something_means_is_no_average() -> None:
    codes = [["Code", "Meaning", "Action"], ["E-5", "Tray full", "Empty it"], ["E-6", "Tank empty", "Fill it"]]
    derived, cells = first("What does E-5 mean?", codes, "Error codes")
    assert (derived.text, cells, derived.score > 1) == ("Tray full", ["Tray full"], True)


SEGMENTS = [
    ["Segment", "Net sales", "Operating margin"],
    ["Aircraft", "26,748", "10%"],
    ["Rotors", "16,789", "11%"],
    ["Space", "11,814", "9%"],
    ["Total", "55,351", "10%"],
]


@pytest.mark.parametrize(
    ("question", "shown", "cells"),
    [
        ("How many segments had net sales above $15 billion?", "2", ["26,748", "16,789", "11,814"]),
        ("How many segments had net sales of less than $12,000 million?", "1", ["11,814", "26,748", "16,789"]),
        ("How many segments had net sales over $100 billion?", "0", ["26,748", "16,789", "11,814"]),
        ("How many segments had an operating margin of at least 10%?", "2", ["10%", "11%", "9%"]),
        (
            "Which segments had net sales above $15 billion?",
            "Aircraft, Rotors",
            ["Aircraft", "Rotors", "26,748", "16,789"],
        ),
        ("Which segments had an operating margin below 10%?", "Space", ["Space", "9%"]),
    ],
)
def test_rows_are_counted_and_listed_by_a_limit(question: str, shown: str, cells: list[str]) -> None:
    derived, texts = first(question, SEGMENTS, "Results by segment (in millions)")
    assert derived.text == shown
    assert texts == cells


def test_a_limit_in_percent_counts_no_sums() -> None:
    derived = TableReader(
        "How many regions had revenue above 10%?", [laid_out(REGIONS, "Revenue by region")[1]]
    ).answers()
    assert all(answer.note != "2 of 2 rows" for answer in derived)


EVENTS = [
    ["Year", "Event"],
    ["1909", "First tide reading and first house at the harbour"],
    ["1936", "The ropeway opens"],
    ["1971", "First light of the reflector"],
]


@pytest.mark.parametrize(
    ("question", "year"),
    [
        ("When did the ropeway open?", "1936"),
        ("In which year did the reflector see first light?", "1971"),
        ("When was the first tide reading?", "1909"),
    ],
)
def test_the_date_that_labels_a_row_answers_when(question: str, year: str) -> None:
    derived, texts = first(question, EVENTS, "History")
    assert (derived.text, texts) == (year, [year])


def test_a_row_about_something_else_gives_no_date() -> None:
    answers = TableReader("When was the library roof repaired?", [laid_out(EVENTS, "History")[1]]).answers()
    assert not answers


def operations(question: str, rows: list[list[str]], title: str) -> OperandFinder:
    return OperandFinder(question, [laid_out(rows, title)[1]])


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("Which region has the lowest revenue?", "North"),
        ("Which region has the highest revenue in 2022?", "South"),
        ("Which lighthouse has the highest revenue?", None),  # the table lists no lighthouses
        ("Which region has the deepest harbour?", None),
    ],
)
def test_the_first_row_is_named_only_where_the_table_lists_such_things(question: str, shown: str | None) -> None:
    derived = extreme_of_named(operations(question, REGIONS, "Revenue by region"))
    assert (derived and derived.text) == shown
    assert derived is None or derived.note == "compared"


def test_rows_that_are_equal_are_all_first() -> None:
    rows = [["Region", "Revenue"], ["North", "171"], ["South", "171"], ["East", "90"]]
    derived = extreme_of_named(operations("Which region has the highest revenue?", rows, "Regions"))
    assert derived is not None and derived.text == "North, South"


@pytest.mark.parametrize(
    "question",
    [
        "Which regions had revenue above the plan?",  # no number
        "Name the regions with revenue above 200.",  # asks for neither number nor names
        "Which lighthouses had revenue above 200?",
        "Which regions had revenue above 900?",  # none keeps the limit, so none is named
    ],
)
def test_no_rows_are_listed_for_a_limit_that_says_nothing_of_them(question: str) -> None:
    assert rows_within(operations(question, REGIONS, "Revenue by region")) is None


def test_no_row_within_a_limit_is_counted_as_none() -> None:
    derived = rows_within(operations("How many regions had revenue above 900?", REGIONS, "Revenue by region"))
    assert derived is not None and (derived.text, derived.note) == ("0", "0 of 2 rows")


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Who opened the ropeway?", EVENTS),  # asks for no date
        ("When did revenue in the North peak?", REGIONS),  # labels are no dates
        ("When?", EVENTS),
    ],
)
def test_a_date_is_read_off_a_label_only_where_a_date_is_asked_for(question: str, rows: list[list[str]]) -> None:
    assert dated_row(operations(question, rows, "History")) is None


def test_a_dated_row_says_how_far_it_is_ahead() -> None:
    derived = dated_row(operations("When did the ropeway open?", EVENTS, "History"))
    assert derived is not None
    assert derived.label_share == 1.0
    assert 0 < derived.margin <= derived.covered <= 1
    assert not derived.computed


@pytest.mark.parametrize(
    "question",
    [
        "What is the total share of travel by mode in 2024?",  # percentages of parts are not added up
        "What is the total revenue of lighthouses?",
        "What is the total of the modes in 2019 and 2024?",  # two years are another sum
    ],
)
def test_a_column_that_cannot_be_added_up_gives_no_sum(question: str) -> None:
    assert aggregate(operations(question, SHARES, "Share of travel by mode")) is None


def test_percentages_are_averaged() -> None:
    derived = aggregate(operations("What is the average share of travel in 2024?", SHARES, "Share of travel by mode"))
    assert derived is not None
    assert (derived.text, derived.note) == ("12.67%", "(15% + 9% + 14%) / 3")


def test_a_total_is_no_part_of_a_sum() -> None:
    derived = aggregate(operations("What is the sum of revenue by region in 2023?", REGIONS, "Revenue by region"))
    assert derived is not None and (derived.text, derived.note) == ("415", "171 + 244")


def test_equal_amounts_are_neither_larger() -> None:
    rows = [["Region", "Revenue"], ["North", "171"], ["South", "171"], ["East", "90"]]
    both = either(operations("Which has the larger revenue, North or South?", rows, "Regions"))
    assert both is not None and (both.text, both.note) == ("North, South", "171 = 171")
    larger = more_than(operations("Is the revenue of North larger than that of South?", rows, "Regions"))
    assert larger is not None and (larger.polarity, larger.note) == ("no", "171 = 171")


@pytest.mark.parametrize(
    "question",
    ["Which is larger, North or the lighthouse?", "What was the revenue of North?", "Is North larger than the mast?"],
)
def test_a_comparison_needs_both_rows(question: str) -> None:
    for operation in (either, more_than):
        assert operation(operations(question, REGIONS, "Revenue by region")) is None
