"""False values: of the same kind, different, and put only where the value stands whole."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import normalised
from synth.making.falsify import altered_passage, falsified, swapped
from tests.support.club import CHARTS, RACKS, candidate


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("14 racks", r"\d+ racks"),
        ("$1,200", r"\$[\d,]+"),
        ("12.5%", r"\d+\.\d%"),
        ("1 May 2024", r"\d{1,2} [A-Z][a-z]+ \d{4}"),
        ("March 1974", r"[A-Z][a-z]+ \d{4}"),
        ("17:30", r"\d{1,2}:30"),
        ("six oars", r"[a-z]+ oars"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_false_value_keeps_its_shape(value, shape, seed):
    wrong = falsified(replace(RACKS, value=value), [], random.Random(seed))
    assert re.fullmatch(shape, wrong)
    assert normalised(wrong) != normalised(value)


def test_a_name_becomes_another_name():
    wrong = falsified(replace(RACKS, value="Ole Brandt"), ["Mara Quist", "ole brandt", "14"], random.Random(0))
    assert wrong == "Mara Quist"


def test_what_holds_nothing_to_change_stays():
    assert falsified(replace(RACKS, value="a low wall"), [], random.Random(0)) == ""


@pytest.mark.parametrize("value", ["Print the current time", "Do not exit", "Middle East respiratory syndrome"])
def test_a_phrase_that_begins_with_a_capital_is_no_name(value: str) -> None:
    others = ["Follow hard links", "Mara Quist", "Enable extended attributes"]
    assert falsified(replace(RACKS, value=value), others, random.Random(0)) == ""


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("It has 4 oars.", "It has 7 oars."),
        ("It has 4.5 oars, 14 masts and 4,000 bolts.", "It has 4.5 oars, 14 masts and 4,000 bolts."),
        ("4, or 4.", "7, or 7."),
        ("No. A4 and 4th", "No. A4 and 4th"),
    ],
)
def test_a_value_is_replaced_where_it_stands_whole(text, changed):
    assert swapped(text, "4", "7") == changed


@given(st.text(max_size=30), st.text(min_size=1, max_size=5))
def test_replacing_by_itself_changes_nothing(text, value):
    assert swapped(text, value, value) == text


@pytest.mark.parametrize("seed", range(8))
def test_a_passage_is_altered_wherever_it_states_the_value(work, seed):
    source = candidate(work).source
    twice = replace(source, text=f"{source.text} All 14 racks are taken.", end=source.end + 25)
    altered = altered_passage(RACKS, twice, [], random.Random(seed))
    assert altered is not None
    wrong = altered.alteration.value
    assert altered.passage.text.count(wrong) == 2
    assert altered.passage.text.replace(wrong, "14 racks") == twice.text
    assert altered.answer == wrong
    assert altered.citation.quote == altered.alteration.quote == RACKS.evidence[0].quote.replace("14 racks", wrong)
    assert altered.passage.holds(altered.citation)


def test_an_answer_keeps_the_words_around_the_value(work):
    full = replace(CHARTS, value="310", answer="310 charts")
    altered = altered_passage(full, candidate(work, CHARTS).source, [], random.Random(0))
    assert altered is not None
    assert altered.answer == f"{altered.alteration.value} charts"


def test_a_passage_that_still_holds_the_answer_is_not_altered(work):
    source = candidate(work).source
    spelled = replace(source, text=f"{source.text} 14  Racks!", end=source.end + 11)
    assert altered_passage(RACKS, spelled, [], random.Random(0)) is None
