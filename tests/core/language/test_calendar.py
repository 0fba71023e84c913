"""Abbreviations of months and weekdays are other spellings of their full names, and other words are not."""

from __future__ import annotations

import pytest

from core.language.calendar import calendar_names


@pytest.mark.parametrize(
    ("name", "spelling"), [("tuesday", "tue"), ("tue", "tuesday"), ("september", "sept"), ("dienstag", "di")]
)
def test_an_abbreviation_is_a_spelling_of_the_name(name: str, spelling: str) -> None:
    assert spelling in calendar_names()[name]


def test_short_words_and_other_days_are_no_names() -> None:
    assert "di" not in calendar_names()
    assert "week" not in calendar_names()
    assert not calendar_names()["tuesday"] & calendar_names()["wednesday"]
