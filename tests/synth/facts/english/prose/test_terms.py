"""Definitions, classes and abbreviations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.facts.english.prose.clause import parse
from synth.facts.english.prose.terms import classified, defined, expansions, glossed, is_short_for


@pytest.mark.parametrize(
    ("sentence", "term", "body"),
    [
        ("“Asset” means any thing of value owned by the Trust", "Asset", "any thing of value owned by the Trust"),
        ("The term “week” means a period of seven days", "week", "a period of seven days"),
        ("Churn refers to the share of customers that leave", "Churn", "the share of customers that leave"),
        ("MRI stands for magnetic resonance imaging", "MRI", "magnetic resonance imaging"),
        ("A polder is defined as land reclaimed from the sea", "A polder", "land reclaimed from the sea"),
    ],
)
def test_a_sentence_that_says_it_defines(sentence, term, body):
    meaning = defined(sentence)
    assert meaning is not None
    assert (meaning.term, sentence[meaning.start : meaning.end]) == (term, body)


@pytest.mark.parametrize(
    "sentence",
    [
        "This means that the fee is due",
        "It is defined as the ratio of two sums",
        "Churn means that customers leave",
        "Churn means more work for everybody",
        "The flag stands for the whole harbour",
        "Tide means what the moon does to it",
        "For other ways of mooring, refer to the rules of the harbour",
        "On other piers refer to the notices on the wall",
    ],
)
def test_other_uses_of_the_same_words_do_not(sentence):
    assert defined(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "body"),
    [
        ("Rowing is a sport in which boats are moved by oars.", "a sport in which boats are moved by oars"),
        ("Oarlock is a program for rowers. oarlock counts strokes by itself.", "a program for rowers"),
        ("Rowing is a sport with boats, oars etc. and a cox.", "a sport with boats, oars etc. and a cox"),
        ("The result is a significant decrease in sales.", None),
        ("The club is a member of the federation.", None),
        ("This rule is a small part of the code.", None),
    ],
)
def test_classes(sentence, body):
    clause = parse(sentence)
    meaning = classified(clause) if clause else None
    assert (clause.sentence[meaning.start : meaning.end] if clause and meaning else None) == body


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The World Health Organization (WHO) met.", [("WHO", "World Health Organization")]),
        ("a light emitting diode (LED) glows", [("LED", "light emitting diode")]),
        (
            "magnetic resonance imaging (MRI) and computed tomography (CT) scans",
            [("MRI", "magnetic resonance imaging"), ("CT", "computed tomography")],
        ),
        ("the rate of return on assets (“ROA”)", [("ROA", "return on assets")]),
        ("restricted stock units (RSUs) vest", [("RSUs", "restricted stock units")]),
        ("He left (USA).", []),
        ("Part II (II) is long", []),
        ("a method (see Ahlers)", []),
    ],
)
def test_abbreviations_with_their_long_forms(sentence, found):
    assert [(short, sentence[start:end]) for short, start, end in expansions(sentence)] == found


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        ("WHO", "World Health Organization", True),
        ("LAN", "Local Area Network", True),
        ("BoE", "Bank of England", True),
        ("ABC", "World Bank", False),
        ("Cat", "Cats and dogs", False),
    ],
)
def test_letters_of_words_in_order(short, long, expected):
    assert is_short_for(short, long) is expected


@pytest.mark.parametrize(
    ("row", "term", "meaning"),
    [
        ("LAN Local Area Network", "LAN", "Local Area Network"),
        ("WHO World Health Organization, a body of the UN", "WHO", "World Health Organization"),
        ("Tide The rise and fall of the sea twice a day", "Tide", "The rise and fall of the sea twice a day"),
    ],
)
def test_rows_of_a_glossary(row, term, meaning):
    found = glossed(row)
    assert found is not None
    assert (found[0], row[found[1] : found[2]]) == (term, meaning)


def test_a_row_of_figures_explains_nothing():
    assert glossed("Boats 12 14") is None


@given(st.text(alphabet="ABC abc (of) “”-", max_size=60))
def test_a_long_form_ends_before_its_bracket(sentence):
    for short, start, end in expansions(sentence):
        assert sentence[start:end] == sentence[start:end].strip()
        assert sentence[end:].lstrip().startswith("(")
        assert short in sentence[end:]
