"""Values in English sentences: what kind each is, where it begins and ends, and what it counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.facts.english.values import is_plural, values_in


@pytest.mark.parametrize(
    ("sentence", "values"),
    [
        ("The sick bay has 12 beds and a nurse.", [("count", "12 beds", "beds")]),
        ("The harbour received 1,204 ships.", [("count", "1,204 ships", "ships")]),
        ("The road has 40 day visitors.", [("count", "40 day visitors", "day visitors")]),
        ("Members pay a fee of $1,250.50 per year.", [("money", "$1,250.50 per year", "")]),
        ("The plan costs 1.2 billion euros.", [("money", "1.2 billion euros", "")]),
        ("About 12.5 percentage points separate them.", [("percent", "About 12.5 percentage points", "")]),
        ("The boat may carry up to 4,500 kg of cargo.", [("measure", "up to 4,500 kg", "kg")]),
        ("The reserve holds one and a half tonnes of rice.", [("measure", "one and a half tonnes", "tonnes")]),
        ("The tank holds minus 40 °C liquid.", [("measure", "minus 40 °C", "°C")]),
        ("The lamp burns for at least forty-two hours.", [("duration", "at least forty-two hours", "hours")]),
        ("The committee meets twice a year.", [("frequency", "twice a year", "")]),
        ("The library opens every Monday.", [("date", "every Monday", "recurring")]),
        (
            "The meeting is held on the first Monday of each month.",
            [("date", "on the first Monday of each month", "recurring")],
        ),
        ("Applications close on 1 May 2024 at 17:00.", [("date", "1 May 2024", ""), ("time", "17:00", "")]),
        ("The share rose by 3.5% in March 2021.", [("percent", "3.5%", ""), ("date", "March 2021", "")]),
        ("Between 1990 and 1995 the fund grew.", [("date", "1990", ""), ("date", "1995", "")]),
        ("Doors open at 9 a.m. daily.", [("time", "9 a.m.", "")]),
    ],
)
def test_values_have_a_kind_and_an_extent(sentence, values):
    assert [(value.kind, value.text, value.noun) for value in values_in(sentence)] == values


@pytest.mark.parametrize(
    "sentence",
    [
        "Version 2.3.1 of the manual is out.",
        "See page 12-A/4.",
        "The part X-4711 failed.",
        "It needs more than ten more days.",
    ],
)
def test_identifiers_are_not_counts(sentence):
    assert not any(value.kind == "count" for value in values_in(sentence))


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("beds", True),
        ("people", True),
        ("working criteria", True),
        ("bus", False),
        ("analysis", False),
        ("glass", False),
        ("boat", False),
        ("sheep", True),
        ("", False),
    ],
)
def test_plurals(noun, plural):
    assert is_plural(noun) is plural


@given(st.text(alphabet="abc 12,.$%€-k gdays MayJune0:", max_size=60))
def test_spans_are_those_of_the_sentence_and_do_not_overlap(sentence):
    values = values_in(sentence)
    for value in values:
        assert sentence[value.start : value.end] == value.text
    for first, second in pairwise(values):
        assert first.start <= second.start
