"""A changed value differs from the true one and keeps its format."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from core.metrics import normalised
from core.types import Citation, Fact
from synth.facts.english.perturb import wrong_date, wrong_entity, wrong_number
from synth.making.falsify import falsified, swapped

QUOTE = Citation(doc="a.pdf", sha256="ab", page=0, start=0, end=1, quote="x")


@given(st.integers(0, 10**9), st.integers(0, 3), st.booleans(), st.integers())
def test_a_wrong_number_keeps_its_format(number, places, commas, seed):
    text = f"{number:,.{places}f}" if commas else f"{number:.{places}f}"
    change = wrong_number(f"about {text} boats", random.Random(seed))
    if re.match(r"(?:1[5-9]|20)\d\d(?!\d)", text):
        return  # reads as a year
    assert change is not None
    assert change.old == text != change.new
    assert len(change.new.partition(".")[2]) == places
    assert change.text == f"about {change.new} boats"


@given(st.integers(1, 28), st.sampled_from(["March", "October"]), st.integers(1900, 2030), st.integers())
def test_a_wrong_date_is_another_date(day, month, year, seed):
    for text in (f"{day} {month} {year}", f"{month} {day}, {year}"):
        change = wrong_date(text, random.Random(seed))
        assert change is not None
        assert change.text != text
        assert sum(a != b for a, b in zip(text.split(), change.text.split(), strict=True)) == 1


def test_a_name_is_swapped_for_a_name():
    change = wrong_entity("The coach is Marit Solvang.", ["Ole Brandt", "Marit Solvang"], random.Random(1))
    assert change is not None
    assert change.text == "The coach is Ole Brandt."
    assert wrong_entity("The coach is Marit Solvang.", ["Marit Solvang"], random.Random(1)) is None
    assert wrong_entity("nobody here", ["Ole Brandt"], random.Random(1)) is None


@given(st.sampled_from(["14 racks", "4 May 1887", "21:30", "three years", "12.5%", "$1,200 million"]), st.integers())
def test_a_falsified_value_is_false(value, seed):
    fact = Fact(id="1", statement=f"It is {value}.", evidence=(QUOTE,), value=value)
    wrong = falsified(fact, [], random.Random(seed))
    assert wrong
    assert normalised(wrong) != normalised(value)


def test_a_value_is_replaced_where_it_stands_whole():
    assert swapped("4 of 14 boats, 4.5 m, 4.", "4", "5") == "5 of 14 boats, 4.5 m, 5."
