"""What a statement claims, what passages say in its place, and what another answer makes of it."""

from __future__ import annotations

import pytest

from core.language.english.polarity import turned
from rag.why.contradict import contradicting, renamed, statement_test

CLUB = "The boathouse has 14 racks for 28 boats. Ole Brandt leads it, and Brandt's office is on the quay."
DOGS = "Dogs are allowed in the garden. Boats must not leave."


def test_figures_of_the_answer_change_and_those_of_the_question_stay() -> None:
    test = statement_test("It has 14 racks for 28 boats.", [], [CLUB], "How many racks are there for 28 boats?")
    assert test.keys == ("14",)
    assert contradicting(CLUB, [test]).startswith("The boathouse has 24 racks for 28 boats. Ole Brandt")
    assert [(change.old, change.new) for change in test.changes] == [("14", "24")]


def test_what_stands_before_a_quote_is_the_claim() -> None:
    test = statement_test("14: “The boathouse has 14 racks for 28 boats.”", [], [CLUB], "How many racks?")
    assert test.keys == ("14",)


def test_a_value_changes_alike_on_behalf_of_two_statements() -> None:
    first = statement_test("It has 14 racks.", [], [CLUB], "How many racks?")
    second = statement_test("There are 14 racks.", [], [CLUB], "How many racks?", first.figures)
    assert second.figures == first.figures


def test_names_change_where_there_is_no_figure() -> None:
    test = statement_test("Ole Brandt leads it.", [], [CLUB], "Who leads the boathouse?")
    assert test.names == ("Ole", "Brandt")
    after = contradicting(CLUB, [test])
    assert "Brandt" not in after and f"{renamed('Ole')} {renamed('Brandt')} leads it" in after
    assert f"{renamed('Brandt')}'s office" in after


def test_a_german_noun_is_no_name() -> None:
    text = "Der Hund darf nicht in den Garten und das ist auch gut so, denn der Garten ist klein."
    test = statement_test("Der Hund darf nicht in den Garten.", [text], [text], "Wer darf nicht hinein?")
    assert test.names == () and test.changes == ()


def test_a_sentence_without_figures_and_names_is_turned() -> None:
    quote = "Dogs are allowed in the garden."
    test = statement_test("Yes, dogs are allowed.", [quote], [DOGS], "Are dogs allowed?")
    assert contradicting(DOGS, [test]) == "Dogs are not allowed in the garden. Boats must not leave."


def test_a_figure_that_no_passage_holds_is_looked_for_in_what_is_cited() -> None:
    quote = "The boathouse has 14 racks for 28 boats."
    test = statement_test("That makes 2 boats for each rack.", [quote], [CLUB], "How many boats on one rack?")
    assert test.keys == ("2",) and "24 racks for 38 boats" in contradicting(CLUB, [test])


@pytest.mark.parametrize(
    ("reply", "effect"),
    [("It has 14 racks.", "same"), ("There are fourteen racks.", "same"), ("It has 24 racks.", "changed")],
)
def test_the_effect_on_a_figure(reply: str, effect: str) -> None:
    test = statement_test("It has 14 racks.", [], [CLUB], "How many racks?")
    assert test.effect(reply, abstains=False) == effect
    assert test.effect(reply, abstains=True) == "changed"


def test_both_values_in_one_answer_are_mixed_evidence() -> None:
    test = statement_test("It has 14 racks.", [], [CLUB], "How many racks?")
    assert test.effect("It has 24 racks, not 14.", abstains=False) == "mixed"
    two = statement_test("It has 14 racks and 28 boats.", [], [CLUB], "What does it have?")
    assert two.effect("It has 14 racks and 38 boats.", abstains=False) == "mixed"


@pytest.mark.parametrize(
    ("reply", "effect"),
    [
        ("Dogs are allowed there. Cats too.", "same"),
        ("No, dogs are not allowed.", "changed"),
        ("Parking costs nothing.", "changed"),
    ],
)
def test_the_effect_on_a_statement_in_words(reply: str, effect: str) -> None:
    test = statement_test("Yes, dogs are allowed.", [DOGS], [DOGS], "May they?")
    assert test.effect(reply, abstains=False) == effect


@pytest.mark.parametrize(
    ("sentence", "opposite"),
    [
        ("Dogs must not enter.", "Dogs must enter."),
        ("Nobody may enter.", "Everybody may enter."),
        ("It opens daily.", "It is not true that it opens daily."),
        ("The gate can’t be opened.", "The gate can be opened."),
        ("Dogs may enter.", "Dogs may not enter."),
    ],
)
def test_an_english_sentence_is_turned(sentence: str, opposite: str) -> None:
    assert turned(sentence) == opposite
