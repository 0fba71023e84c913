"""Values compare whatever their spelling, and their spans hold what was read."""

from __future__ import annotations

import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.text.values import number_key, spellings, value_keys, values


@pytest.mark.parametrize(
    "group",
    [
        ["1450", "1,450", "$1,450.00", "EUR 1.450,00", "1\u202f450"],
        ["1,250,000", "1.25 million", "1.25 Millionen", "$1.25 m", "1.250.000"],
        ["3.5%", "3.5 percent", "3.50 per cent", "3,5 Prozent"],
        ["15:00", "3 pm", "3:00 p.m.", "15 Uhr"],
        ["14 June 2026", "June 14, 2026", "2026-06-14", "14.06.2026", "6/14/2026", "14. Juni 2026"],
        ["(12.5)", "-12.5"],
    ],
)
def test_one_value_has_one_key(group: list[str]) -> None:
    assert len({values(spelling)[0].key for spelling in group}) == 1
    assert all(len(values(spelling)) == 1 for spelling in group)


@pytest.mark.parametrize("text", ["4.2.1", "see 4.2.10 below", "E-5", "v2.1.1"])
def test_section_numbers_are_no_values(text: str) -> None:
    assert not any(value.key in ("4.2", "4.21", "2.1", "1") for value in values(text))
    assert number_key("4.2.1") == "4.2.1"


def test_a_length_is_not_scaled_and_a_range_has_no_sign() -> None:
    assert [value.key for value in values("50 m long")] == ["50"]
    assert [value.key for value in values("from 5-10% of it")] == ["5", "10%"]


def test_other_spellings_are_offered_for_search() -> None:
    assert "1,450" in spellings("which flat costs 1450 dollars")
    assert "1450" in spellings("which flat costs $1,450")
    assert "3 pm" in spellings("at 15:00")
    assert spellings("in 2022") == []


@given(amount=st.integers(1000, 10**12))
def test_grouping_does_not_change_a_number(amount: int) -> None:
    assert value_keys(f"about {amount:,} in all") == value_keys(f"about {amount} in all")


@given(day=st.dates(datetime.date(1500, 1, 1), datetime.date(2099, 12, 31)))
def test_a_date_is_the_same_in_either_order(day: datetime.date) -> None:
    spelled = day.strftime(f"%B {day.day}, %Y")
    (value,) = values(spelled)
    assert value.key == day.isoformat()
    assert values(day.strftime(f"{day.day} %B %Y"))[0].key == value.key


@given(text=st.text(max_size=200))
def test_spans_lie_in_the_text_in_order_and_apart(text: str) -> None:
    found = values(text)
    assert all(0 <= value.start < value.end <= len(text) for value in found)
    assert all(left.end <= right.start for left, right in pairwise(found))


def test_a_bullet_is_no_sign() -> None:
    (milk,) = values("- 400 ml milk")
    assert (milk.key, milk.start) == ("400", 2)
    (loss,) = values("The result was -400.")
    assert loss.key == "-400"
