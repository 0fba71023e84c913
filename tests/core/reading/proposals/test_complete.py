"""A span that cuts a value is grown to the whole of it: the year of a date, a unit, the other end of a range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.proposals.complete import completed, whole_property, with_groups, with_relation, with_times
from core.reading.text.words import terms


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
        ("Mail: a.berg@example.org (private)", "a.berg", "a.berg@example.org"),
        ("See https://example.org/a/b.html.", "example.org", "https://example.org/a/b.html"),
        ("Invoice no. INV-2024/0031, paid", "INV-2024", "INV-2024/0031"),
        ("A well-known port", "well", "well"),
        ("The case number is 2024-118.", "-118", "2024-118"),
        ("Invoice number: 2025-0317", "-0317", "2025-0317"),
        ("Office hours: Wednesdays 14:00 to 15:30", "Wednesdays", "Wednesdays 14:00 to 15:30"),
    ],
)
def test_a_span_is_grown_to_its_value(text: str, span: str, whole: str) -> None:
    start = text.index(span)
    assert text[slice(*with_times(text, *completed(text, start, start + len(span))))] == whole


@pytest.mark.parametrize(
    ("question", "kind", "line", "span", "whole"),
    [
        ("What is the name of the applicant?", "", "Name of the applicant: Ingrid Solheim", "Ingrid", "Ingrid Solheim"),
        ("What is the plate of the vehicle?", "", "Plate: WX 55 TZA", "WX 55", "WX 55 TZA"),
        ("Which colour was chosen?", "", "Form 7\nColour: moss green\nSize: 4", "green", "moss green"),
        ("Who is the tenant?", "person", "Tenant: Ann van der Berg since 2019", "Ann", "Ann van der Berg"),
        ("Who is the tenant?", "person", "Tenant: Dr Ann Ode, Elm Road 4", "Ode", "Dr Ann Ode"),
        ("What is the room type?", "", "Room type: Double (120 euro), quiet", "Double", "Double"),
        ("When does it end?", "date", "End: 4 May in Oslo", "4 May", "4 May"),
        ("What is the address?", "", "Address: Elm Road 4, 1010 Riga.", "Elm Road 4", "Elm Road 4, 1010 Riga"),
        (
            "What is the advice?",
            "",
            "Advice: Rest, drink water, come back.",
            "drink water, come",
            "Rest, drink water, come back",
        ),
        ("What is the plate?", "", "Plate: WX 55 (new)", "WX 55", "WX 55"),
        ("What is the flag?", "", "flag: 1 good, 2 bad. Flags are set by", "good, 2 bad", "1 good, 2 bad"),
        ("Which town is it?", "", "Address: Elm Road 4 Riga", "Riga", "Riga"),  # not named
        ("Who is the guest?", "", "Guest: Ann Ode Phone: 600", "Ann", "Ann"),  # two pairs
        ("What is the note?", "", "Note: the tap in the hall drips all night", "tap", "tap"),  # a sentence
    ],
)
def test_a_value_of_a_named_line_is_given_whole(question: str, kind: str, line: str, span: str, whole: str) -> None:
    start = line.index(span)
    low, high = whole_property(line, start, start + len(span), terms(question), kind)
    assert line[low:high] == whole


@given(st.text(alphabet="3 0:.-to%kg\nJune2Mond", min_size=1, max_size=60), st.data())
def test_a_span_never_shrinks(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    low, high = completed(text, start, end)
    assert 0 <= low <= start < end <= high <= len(text)


@pytest.mark.parametrize(
    ("text", "span", "whole"),
    [
        ("The account number is 2019 4431 88.", "4431", "2019 4431 88"),
        ("Helpline: 0800 555 014 (weekdays 8 to 18).", "0800 555", "0800 555 014"),
        ("IBAN: DE89 3704 0044 0532 0130 00", "3704", "DE89 3704 0044 0532 0130 00"),
        ("Station 039 573 39 24", "573", "573"),  # a row of figures
        ("The sum is 4431.", "4431", "4431"),
    ],
)
def test_a_number_in_groups_is_whole(text: str, span: str, whole: str) -> None:
    start = text.index(span)
    assert text[slice(*with_groups(text, start, start + len(span)))] == whole


@pytest.mark.parametrize(
    ("text", "span", "whole"),
    [
        ("Stop taking iron 7 days before.", "7 days", "7 days before"),
        ("Pay within 10 days of delivery by card.", "10 days", "10 days of delivery"),
        ("It lasts 7 days in June.", "7 days", "7 days"),
    ],
)
def test_a_length_of_time_keeps_from_when_it_counts(text: str, span: str, whole: str) -> None:
    start = text.index(span)
    assert text[slice(*with_relation(text, start, start + len(span)))] == whole


@pytest.mark.parametrize(
    ("text", "span", "whole"),
    [
        ("閉館時間は午後八時三十分です。", "八時", "午後八時三十分"),
        ("受付は午前十時から午後四時までです。", "十時", "午前十時から午後四時まで"),
        ("入场时间是下午2点到晚上9点半。", "2点", "下午2点到晚上9点半"),
        ("押金为3500元，租期三年。", "3500", "3500元"),
        ("보증금은 500만 원입니다.", "500", "500만 원"),
    ],
)
def test_values_without_blanks_are_whole(text: str, span: str, whole: str) -> None:
    start = text.index(span)
    assert text[slice(*completed(text, start, start + len(span)))] == whole


def test_days_of_the_week_are_given_together() -> None:
    text = "The office is open Tuesdays and Thursdays 9:00 to 12:00."
    start = text.index("Tuesdays")
    assert text[slice(*with_times(text, start, start + 8))] == "Tuesdays and Thursdays 9:00 to 12:00"
