"""Reading names, periods and dates off a text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.search.cues import (
    Period,
    asks_for_number,
    dates,
    digit_share,
    fold,
    letters,
    periods,
    quarter_of,
    words,
    words_of_name,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in FY18", [Period(2018)]),
        ("FY 2021 against FY'20", [Period(2021), Period(2020)]),
        ("Q2'2023", [Period(2023, 2)]),
        ("Q22023", [Period(2023, 2)]),
        ("2Q23 results", [Period(2023, 2)]),
        ("Q2 of FY2022", [Period(2022, 2)]),
        ("2022 Q3", [Period(2022, 3)]),
        ("the second quarter of fiscal year 2023", [Period(2023, 2)]),
        ("Acme_2023Q2_10Q", [Period(2023, 2)]),
        ("from 2022, 2021 and 2020", [Period(2022), Period(2021), Period(2020)]),
        ("2,019 units at $2020", []),
        ("page 1203 of 20190", []),
        ("nothing at all", []),
    ],
)
def test_periods_in_their_many_spellings(text: str, expected: list[Period]) -> None:
    assert periods(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("For the quarterly period ended June 25, 2022", [date(2022, 6, 25)]),
        ("on 3 March 2024, then 2024-04-05", [date(2024, 3, 3), date(2024, 4, 5)]),
        ("filed 01/24/2023", [date(2023, 1, 24)]),
        ("acme-20230430", [date(2023, 4, 30)]),
        ("September 2024", [date(2024, 9, 15)]),
        ("31 February 2024", [date(2024, 2, 29)]),
        ("chapter 12, section 2024", []),
    ],
)
def test_dates_in_order(text: str, expected: list[date]) -> None:
    assert dates(text) == expected


def test_a_quarter_that_closes_some_days_late_is_still_that_quarter() -> None:
    assert quarter_of(date(2023, 4, 1)) == Period(2023, 1)
    assert quarter_of(date(2023, 1, 1)) == Period(2022, 4)
    assert quarter_of(date(2023, 6, 30)) == Period(2023, 2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ACME_2022_10K.pdf", "ACME 2022 10K"),
        ("2023 Q3 ACME.pdf", "2023 Q3 ACME"),
        ("staffHandbook-v2.docx", "staff Handbook v2"),
        ("form 10-K.pdf", "form 10-K"),
        ("docs/travel.policy.md", "travel policy"),
        (".pdf", ".pdf"),
    ],
)
def test_file_names_become_words(name: str, expected: str) -> None:
    assert words_of_name(name) == expected


def test_a_word_folds_alike_however_it_is_written() -> None:
    assert fold("Café’s") == fold("CAFE") == "cafe"
    assert fold("10-K") == "10k"
    (word,) = words("Coca-Cola's")
    assert (word.key, word.parts, word.proper) == ("cocacola", ("coca", "cola"), True)
    assert letters("Über Works 3") == "uberworks3"


@pytest.mark.parametrize("question", ["How many beds are there?", "the FY20 margin", "What is the total?", "in USD"])
def test_questions_for_a_figure(question: str) -> None:
    assert asks_for_number(question)


@pytest.mark.parametrize("question", ["Who chairs the council?", "Why was the bridge closed?", "When may I leave?"])
def test_other_questions(question: str) -> None:
    assert not asks_for_number(question)


def test_digit_share() -> None:
    assert digit_share("") == 0.0
    assert digit_share("12 b") == 0.5


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(word.key and text[word.start] for word in words(text))
    assert len(set(periods(text))) == len(periods(text))
    assert words_of_name(text) or not text
    assert 0.0 <= digit_share(text) <= 1.0
    dates(text)
