"""Capitals that only begin a sentence, told from names by the document's own spelling."""

from __future__ import annotations

import pytest

from synth.facts.english.casing import Casing, lowered

TEXT = """The members of the Board meet. A member may ask the Council for help at any time.
ALL ABOUT THE TIDE
Staff And Pensions
"""


@pytest.fixture
def casing() -> Casing:
    casing = Casing()
    casing.learn(TEXT)
    return casing


@pytest.mark.parametrize(
    ("phrase", "inside"),
    [
        ("Members pay a fee", "members pay a fee"),
        ("The boat", "the boat"),
        ("Production rose", "production rose"),
        ("Check-in is free", "check-in is free"),
        ("Fire extinguishers", "fire extinguishers"),
        ("Board members meet", "Board members meet"),
        ("Council rules apply", "Council rules apply"),
        ("German boats", "German boats"),
        ("DECnet runs", "DECnet runs"),
        ("Ole Brandt", "Ole Brandt"),
        ("J. Smith", "J. Smith"),
        ("“Tide” means", "“Tide” means"),
        ("boats sail", "boats sail"),
    ],
)
def test_a_capital_stays_where_the_document_shows_a_name(casing, phrase, inside):
    assert lowered(phrase, casing) == inside


def test_without_a_document_the_endings_decide():
    assert lowered("Council rules apply") == "council rules apply"
    assert lowered("Norwegian rules") == "Norwegian rules"


def test_headings_show_nothing(casing):
    assert not casing.is_name("pensions")
    assert casing.is_name("board")
    assert casing.is_small("member")
    assert not casing.is_small("board")


def test_a_word_before_the_number_of_a_version_is_a_name(casing):
    casing.learn("Type osprey to see which osprey is installed.")
    assert lowered("Osprey 2.10 needs 4 GB", casing) == "Osprey 2.10 needs 4 GB"
    assert lowered("Osprey users pay a fee", casing) == "osprey users pay a fee"


def test_two_words_alone_are_a_thing_not_a_clause():
    assert lowered("Wall plugs") == "wall plugs"
