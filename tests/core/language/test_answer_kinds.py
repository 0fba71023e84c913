"""Kinds of answer: the first that fits decides, and each language names its own words."""

from __future__ import annotations

import pytest

from core.language.answer_kinds import expectation


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What percentage of members row?", "percent"),
        ("What is the annual fee?", "money"),
        ("How long is the lease?", "duration"),
        ("Since what year does the club exist?", "date"),
        ("How deep is the river?", "number"),
        ("What company built the boathouse?", "person"),
        ("Which town has a boathouse?", "place"),
        ("What led to the flood?", "reason"),
        ("What is a coxswain?", "definition"),
        ("How do members pay?", "manner"),
    ],
)
def test_english_questions(question, kind):
    expected = expectation(question)
    assert expected is not None
    assert expected.kind == kind


@pytest.mark.parametrize("question", ["", "List the boats.", "Boathouse"])
def test_other_wording_tells_nothing(question):
    assert expectation(question) is None


@pytest.mark.parametrize(
    ("question", "given", "other"),
    [
        ("Wie viel Prozent der Mitglieder rudern?", "dreißig Prozent", "die Hälfte"),
        ("Quel pourcentage des membres rame ?", "trente pour cent", "la moitié"),
        ("¿Qué porcentaje de los miembros rema?", "treinta por ciento", "la mitad"),
    ],
)
def test_shares_in_the_words_of_their_language(question, given, other):
    expected = expectation(question)
    assert expected is not None
    assert expected.kind == "percent"
    assert expected.gives.search(given)
    assert not expected.gives.search(other)


def test_a_verb_and_the_number_of_a_clause_give_no_date() -> None:
    expected = expectation("When does the lease end?")
    assert expected is not None
    assert not expected.gives.search("1.2 Either party may end the lease.")
    assert all(expected.gives.search(text) for text in ("It ends in May.", "at 7.30 pm", "on 3.6.24"))
