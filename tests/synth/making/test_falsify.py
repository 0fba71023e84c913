"""False values: of the same kind, different, and put only where the value stands whole."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import normalised
from synth.making.falsify import falsified, swapped
from tests.support.club import RACKS


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
