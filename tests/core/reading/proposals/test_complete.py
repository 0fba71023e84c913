"""A span that cuts a value is grown to the whole of it: the year of a date, a unit, the other end of a range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.proposals.complete import completed, with_times


@pytest.mark.parametrize(
    ("text", "span", "whole"),
    [
        ("It was taken on 3 June 2024 by J. Aldous.", "3 June", "3 June 2024"),
        ("The next one is on Tuesday 11 June 2024.", "11 June", "Tuesday 11 June 2024"),
        ("It may run only between 07:00 and 21:00.", "between 07:00", "between 07:00 and 21:00"),
        ("Open on Sundays from 8 am to 8 pm", "8 am", "8 am to 8 pm"),
        ("It weighs 9.4 kg without water.", "9.4", "9.4 kg"),
        ("A dividend of 14.5 pence per share", "14.5", "14.5 pence"),
        ("It rose by 3 to 5% a year.", "3", "3 to 5%"),
        ("Fees of $1,450.00 are due.", "1,450", "$1,450.00"),
        ("We saw 6 cats and 5 dogs.", "6", "6"),
        ("Seven make a quorum.", "Seven", "Seven"),
        ("Office hours: Wednesdays 14:00 to 15:30", "Wednesdays", "Wednesdays 14:00 to 15:30"),
    ],
)
def test_a_span_is_grown_to_its_value(text: str, span: str, whole: str) -> None:
    start = text.index(span)
    assert text[slice(*with_times(text, *completed(text, start, start + len(span))))] == whole


@given(st.text(alphabet="3 0:.-to%kg\nJune2Mond", min_size=1, max_size=60), st.data())
def test_a_span_never_shrinks(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    low, high = completed(text, start, end)
    assert 0 <= low <= start < end <= high <= len(text)
