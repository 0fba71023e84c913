"""Dates of spreadsheets as their format codes show them."""

from __future__ import annotations

import datetime as dt

import pytest

from rag.load.office.dates import is_date_format, shown_date

MOMENT = dt.datetime(2026, 3, 5, 14, 7, 9, 250_000)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("yyyy-mm-dd", "2026-03-05"),
        ("d/m/yy", "5/3/26"),
        ("dddd, d mmmm yyyy", "Thursday, 5 March 2026"),
        ("ddd d mmm", "Thu 5 Mar"),
        ("mmmmm", "M"),
        ("hh:mm", "14:07"),  # minutes behind hours
        ("mm:ss", "07:09"),  # and before seconds
        ("h:mm AM/PM", "2:07 PM"),
        ("h A/P", "2 P"),
        ("ss.00", "09.25"),
        ('"on" d\\.m\\.', "on 5.3."),
        ("[$-407]d. mmmm yyyy", "5. März 2026"),
        ("[$-40c]d mmmm", "5 mars"),
        ("[Red]yyyy", "2026"),
    ],
)
def test_a_moment_is_shown_as_its_code_says(code: str, text: str) -> None:
    assert shown_date(MOMENT, code) == text
    assert is_date_format(code)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (dt.date(2026, 12, 31), "yyyy-mm-dd hh:mm", "2026-12-31 00:00"),
        (dt.time(23, 59, 59, 700_000), "hh:mm:ss", "00:00:00"),  # rounded up to the next day
        (dt.time(0, 5), "h:mm AM/PM", "12:05 AM"),
        (dt.timedelta(hours=30, minutes=15), "[h]:mm", "30:15"),
        (dt.timedelta(minutes=90, seconds=5), "[mm]:ss", "90:05"),
    ],
)
def test_dates_times_and_lengths_of_time(value: dt.date | dt.time | dt.timedelta, code: str, text: str) -> None:
    assert shown_date(value, code) == text


@pytest.mark.parametrize("code", ["General", "0.00", "#,##0 [$€]", '"days" 0', "0%", "@"])
def test_codes_of_numbers_show_no_date(code: str) -> None:
    assert not is_date_format(code)
