"""Quarters by their forms, and documents of a quarter among others."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.read import read
from core.reading.text.quarters import of_named_quarter, quarters_in, without_number


@pytest.mark.parametrize(
    "text",
    [
        "Q3 2022",
        "the third quarter of 2022",
        "2022 Q3 AAPL.pdf",
        "2022-Q3",
        "3Q22",
        "3rd quarter 2022",
        "Q3 FY22",
        "third fiscal quarter of 2022",
        "the third quarter of fiscal 2022",
        "Q3'22",
        "report_2022_Q3",
        "third-quarter 2022",
    ],
)
def test_every_form_names_the_same_quarter(text: str) -> None:
    assert quarters_in(f"Sales in {text}?") == {(2022, 3)}


@pytest.mark.parametrize(
    "text", ["2022", "a quarter of 2022 visitors", "Q3", "page 3, Q 2022", "quarterly report 2022"]
)
def test_what_names_none(text: str) -> None:
    assert quarters_in(text) == frozenset()


def test_two_quarters_are_two() -> None:
    assert quarters_in("Q3 2022 against the second quarter of 2021") == {(2022, 3), (2021, 2)}


def test_documents_of_other_quarters_are_left_out_only_where_one_has_it() -> None:
    names = ["2022 Q3 ACME.pdf", "2023 Q2 ACME.pdf", "handbook.pdf"]
    assert of_named_quarter("Sales in Q3 2022?", names) == [True, False, True]
    assert of_named_quarter("Sales in Q1 2020?", names) == [True, True, True]
    assert of_named_quarter("Sales in 2022?", names) == [True, True, True]


def test_the_number_goes_and_the_quarter_stays() -> None:
    assert without_number("Sales in the third quarter of 2022?") == "Sales in the quarter of 2022?"
    assert without_number("Sales in Q3 2022?") == "Sales in quarter 2022?"


_TABLE = """Three Months Ended  Six Months Ended
June 25, 2022  June 26, 2021  June 25, 2022  June 26, 2021
Pumps  {} 480  1,020  940
Total net sales  {} 1,610  3,300  3,150"""


def test_the_filing_of_the_quarter_answers_by_its_first_column() -> None:
    passages = [
        Passage(key="b2c3d", source="2023 Q2 ACME.pdf, p. 4", text=_TABLE.format("601", "1,901")),
        Passage(key="f4g5h", source="2022 Q3 ACME.pdf, p. 4", text=_TABLE.format("512", "1,702")),
    ]
    reading = read("What were total net sales in the third quarter of 2022?", passages)
    assert "1,702" in reading.short_answer
    assert [quote.passage for quote in reading.quotes][:1] == [1]
