"""Dates, quarters and parts of years in questions, heads of tables and names of files."""

from __future__ import annotations

import re

import pytest

from core.language.english import periods, words
from core.language.english.questions import naming


@pytest.mark.parametrize("text", ["the third quarter of 2022", "Q3 FY22", "2022 Q3", "third fiscal quarter 2022"])
def test_a_quarter_with_its_year(text: str) -> None:
    assert any(form.search(text) for form in periods.QUARTER_FORMS)


def test_quarters_and_months_are_numbered_by_their_names() -> None:
    assert words.QUARTER_OF["third"] == words.QUARTER_OF["3rd"] == 3
    assert "fifth" not in words.QUARTER_OF
    assert words.MONTH_OF["sept"] == 9


@pytest.mark.parametrize(
    ("question", "head", "other"),
    [
        ("in the three months", "Three Months Ended", "Year Ended"),
        ("in the first half", "Six Months Ended", "Nine Months Ended"),
        ("for the full year", "Twelve Months Ended", "Six Months Ended"),
    ],
)
def test_a_part_of_a_year_and_the_heads_that_hold_it(question: str, head: str, other: str) -> None:
    heads = next(heads for asks, heads in periods.SUBPERIODS if asks.search(question))
    assert heads.search(head)
    assert not heads.search(other)


def test_heads_over_columns() -> None:
    assert periods.SPAN_HEAD.fullmatch("Three Months Ended")
    assert periods.PERIOD_HEAD.fullmatch("June 30, 2022")
    assert periods.PERIOD_HEAD.fullmatch("% Change")
    assert not periods.PERIOD_HEAD.search("Total assets")


def test_what_recurs() -> None:
    assert periods.RECURRING.search("Every Tuesday")
    assert periods.RECURRING.search("monthly")
    assert not periods.RECURRING.search("they sat in the sun")


def test_a_weekday_has_a_plural() -> None:
    assert re.fullmatch(words.WEEKDAY, "wednesdays")
    assert not re.fullmatch(words.WEEKDAY, "wed")


@pytest.mark.parametrize(
    ("name", "year"), [("report 2022-06-30", "2022"), ("June 2022 minutes", "2022"), ("minutes 6/30/2022", "2022")]
)
def test_a_document_is_dated_by_its_name(name: str, year: str) -> None:
    assert {match["year"] for pattern in naming.DOCUMENT_DATES for match in pattern.finditer(name)} == {year}
