"""The cells that a computation takes: the best one, one per period, two that the question names, columns by words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.language.english.questions import computations
from core.reading.tables.finder import OperandFinder
from core.reading.tables.lookup import CellMatch
from core.reading.tables.operands import Operand
from tests.support.laid_out import laid_out

RESULTS = [
    ["", "2022", "2021", "2020", "Change"],
    ["Net sales", "120", "100", "80", "20"],
    ["Cost of sales", "90", "70", "-", "20"],
    ["Net income", "12", "9", "5", "3"],
    ["Tax rate", "25%", "24%", "21%", "1%"],
]
FARES = [["Ticket", "Summer", "Winter"], ["Adult", "38", "26"], ["Child", "19", "13"], ["Dog", "free", "4"]]
YEARS_DOWN = [["Year", "Visitors", "Boats"], ["2021", "400", "12"], ["2023", "520", "15"], ["2022", "480", "-"]]
GROUPED = [
    ["", "2022", "2021"],
    ["Greater China:"],
    ["Net sales", "74", "68"],
    ["Japan:"],
    ["Net sales", "26", "28"],
]


def finder(question: str, *tables: tuple[list[list[str]], str], documents: tuple[str, ...] = ()) -> OperandFinder:
    return OperandFinder(question, [laid_out(*table)[1] for table in tables], documents=documents)


def cells(operands: list[Operand] | tuple[Operand, ...] | None) -> list[str]:
    return [operand.cell.text for operand in operands or ()]


def test_the_best_cell_is_an_amount_of_the_row_and_period_asked_for() -> None:
    best = finder("What were net sales in 2021?", (RESULTS, "Results")).best()
    assert best is not None
    assert (best.cell.text, best.head, best.row.label, str(best.amount)) == ("100", "2021", "Net sales", "100")


def test_words_are_no_amount() -> None:
    dog = finder("How much is a dog in summer?", (FARES, "Fares"))
    free, winter = (dog.operand(CellMatch(0, 2, column, 1.0, 1.0, 1.0)) for column in (0, 1))
    assert free is None
    assert winter is not None and winter.cell.text == "4"


def test_no_table_and_no_fitting_table_have_no_best_cell() -> None:
    for empty in (finder("What were net sales?"), finder("How tall is the mast?", (RESULTS, "Results"))):
        assert empty.best() is None
        assert empty.by_period() == []
        assert empty.two_periods() is None
        assert empty.named_columns() == []


@pytest.mark.parametrize(
    ("question", "years", "texts"),
    [
        ("How did net sales develop?", (), ["80", "100", "120"]),
        ("How did net sales develop?", ("2020", "2022"), ["80", "120"]),
        ("How did net sales develop?", ("2019",), []),
        ("How did cost of sales develop?", (), ["70", "90"]),  # a dash is no amount
        ("How did the tax rate develop?", (), ["21%", "24%", "25%"]),
    ],
)
def test_a_row_has_one_amount_for_each_period_oldest_first(
    question: str, years: tuple[str, ...], texts: list[str]
) -> None:
    assert cells(finder(question, (RESULTS, "Results")).by_period(years)) == texts


def test_periods_may_stand_in_the_labels() -> None:
    visitors = finder("How many visitors came in 2022?", (YEARS_DOWN, "The harbour"))
    assert cells(visitors.by_period()) == ["400", "480", "520"]
    assert cells(visitors.by_period(["2023", "2021"])) == ["400", "520"]


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("How did net sales change from 2020 to 2022?", ["80", "120"]),
        ("How did net sales change from 2022 to 2020?", ["80", "120"]),  # the older is first
        ("How did net sales change?", ["80", "120"]),
        ("How did net sales change in 2021?", ["80", "100"]),  # one year: against the one before it
        ("How did net sales change in 2022?", ["100", "120"]),
        ("How did net sales change from 2018 to 2019?", []),
    ],
)
def test_two_periods_are_compared(question: str, texts: list[str]) -> None:
    assert cells(finder(question, (RESULTS, "Results")).two_periods()) == texts


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Which ticket costs the most?", True),
        ("Which ticket is the cheapest?", True),
        ("What does a child ticket cost?", False),
        ("What did Greater Manchester pay?", False),
    ],
)
def test_an_extreme_is_asked_for_by_its_words_and_not_by_a_name(question: str, asks: bool) -> None:
    assert finder(question, (FARES, "Fares")).asks_extreme is asks


def test_a_group_with_a_great_name_asks_for_no_extreme_in_any_case() -> None:
    assert not finder("What were net sales of greater china?", (GROUPED, "Sales")).asks_extreme
    assert finder("What were the greater net sales?", (GROUPED, "Sales")).asks_extreme


def test_a_column_of_bounds_holds_the_extreme_itself() -> None:
    ratings = [["Parameter", "Minimum", "Maximum"], ["Voltage", "3", "6"], ["Current", "1", "2"]]
    assert not finder("What is the maximum voltage?", (ratings, "Ratings")).asks_extreme
    assert finder("What is the highest net income?", (RESULTS, "Results")).asks_extreme


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("What is the ratio of net income to net sales in 2021?", ["9", "100"]),
        ("What is the ratio of net sales to net income in 2020?", ["80", "5"]),
        ("What is the ratio of net sales to net sales in 2020?", []),  # one cell twice
        ("What is the ratio of 2022 to 2021?", []),  # years are no rows
        ("What is the ratio of masts to net sales?", []),
        ("What were net sales?", []),
    ],
)
def test_two_names_beside_a_word_are_two_amounts(question: str, texts: list[str]) -> None:
    names = [("a", "b"), ("a2", "b2"), ("a3", "b3")]
    assert cells(finder(question, (RESULTS, "Results")).pair(computations.RATIO, names)) == texts


@pytest.mark.parametrize(("documents", "texts"), [(("a.pdf", "a.pdf"), ["9", "450"]), (("a.pdf", "b.pdf"), [])])
def test_amounts_of_two_tables_are_computed_with_where_both_are_of_one_document(
    documents: tuple[str, ...], texts: list[str]
) -> None:
    balance = [["", "2022", "2021"], ["Total assets", "500", "450"], ["Total equity", "210", "190"]]
    question = "What is the ratio of net income to total assets in 2021?"
    beside = finder(question, (RESULTS, "Results"), (balance, "Balance sheet"), documents=documents)
    assert cells(beside.pair(computations.RATIO, [("a", "b")])) == texts
    assert beside.document(0) == documents[0]
    assert finder(question, (RESULTS, "Results")).document(0) == ""


def test_tables_of_other_scales_are_not_computed_with() -> None:
    balance = [["", "2022", "2021"], ["Total assets", "500", "450"]]
    question = "What is the ratio of net income to total assets in 2021?"
    mixed = finder(question, (RESULTS, "Results (in millions)"), (balance, "Balance sheet (in thousands)"))
    assert mixed.pair(computations.RATIO, [("a", "b")]) is None


def test_a_name_is_asked_with_the_column_of_the_whole_question() -> None:
    whole = finder("What is the ratio of adult to child in winter?", (FARES, "Fares"))
    narrowed = whole.narrowed("child")
    assert (narrowed.text, narrowed.context) == ("child", whole.question.text)
    best = whole.best(narrowed)
    assert best is not None and best.cell.text == "13"
    assert whole.best(narrowed, place=1) is None


def test_a_name_keeps_its_own_year() -> None:
    whole = finder("What were net sales in 2022?", (RESULTS, "Results"))
    assert whole.narrowed("net income in 2020").years == ("2020",)
    assert whole.narrowed("net income").years == ("2022",)


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("How much cheaper is an adult ticket in winter than in summer?", ["26", "38"]),
        ("How much cheaper is an adult ticket in summer than in winter?", ["38", "26"]),
        ("What does a child pay in winter?", ["13"]),
        ("What does a child pay?", []),
    ],
)
def test_columns_are_named_by_words_in_the_order_of_the_question(question: str, texts: list[str]) -> None:
    assert cells(finder(question, (FARES, "Fares")).named_columns()) == texts


def test_a_year_alone_names_no_column_and_a_word_that_all_heads_share_neither() -> None:
    assert finder("What were net sales in 2021 and 2022?", (RESULTS, "Results")).named_columns() == []
    heads = [["Ticket", "Fare in summer", "Fare in winter"], ["Adult", "38", "26"], ["Child", "19", "13"]]
    assert cells(finder("What is the adult fare in winter?", (heads, "Tickets")).named_columns()) == ["26"]
    assert finder("What is the adult fare?", (heads, "Tickets")).named_columns() == []


@given(
    st.lists(st.sampled_from("net sales income cost 2020 2021 2022 change ratio of to the".split()), max_size=7),
    st.lists(st.sampled_from(["2020", "2021", "2022", "2023"]), max_size=3),
)
def test_whatever_is_asked_amounts_come_from_one_row_and_periods_in_order(words: list[str], years: list[str]) -> None:
    asked = finder(" ".join(words), (RESULTS, "Results"))
    dated = asked.by_period(years)
    assert len({operand.row.label for operand in dated}) <= 1
    heads = [operand.head for operand in dated]
    assert heads == sorted(set(heads))
    assert set(heads) <= (set(years) or {"2020", "2021", "2022"})
    for operand in (*dated, *asked.named_columns()):
        assert operand.cell.amount == operand.amount
