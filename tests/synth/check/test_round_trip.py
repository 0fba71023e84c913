"""The round trip and the wrong chunk, read by the built-in reader."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.check.round_trip import RoundTripCheck, WrongChunkCheck, agreement
from synth.facts.read import read_facts
from synth.generate.rules import RulesGenerator
from tests.support.boathouse import SOURCE, row

READER = RulesGenerator([], read_facts)


@pytest.mark.parametrize(
    ("given_answer", "gold", "figure"),
    [
        ("The boathouse has 14 racks.", "14 racks", 1.0),
        ("14", "14 racks", 1.0),
        ("fifteen", "14 racks", 0.0),
        ("15 racks", "14 racks", 0.0),
        ("", "14 racks", 0.0),
        ("Ole Brandt of the club", "Ole Brandt", 1.0),
        ("Brandt", "Ole Brandt", 1.0),
        ("$1,200", "1200 euros", 1.0),
    ],
)
def test_answers_agree_by_words_and_numbers(given_answer, gold, figure):
    assert agreement(given_answer, gold) == figure


@given(st.text(max_size=30), st.text(max_size=30))
def test_agreement_is_between_0_and_1(left, right):
    assert 0.0 <= agreement(left, right) <= 1.0
    assert agreement(left, left) == 1.0


def test_a_question_that_its_passage_answers_passes():
    ((_, result),) = RoundTripCheck(READER, 0.5).run([row()])
    assert (result.reason, result.figure) == ("", 1.0)


def test_an_answer_that_the_reader_does_not_find_is_dropped():
    asked = row("When was the boathouse built?", answer="1981", value="1981")
    ((_, result),) = RoundTripCheck(READER, 0.5).run([asked])
    assert result.reason.startswith("the round trip gives “")
    assert result.figure < 0.5


def test_a_passage_from_elsewhere_must_not_answer():
    elsewhere = replace(SOURCE, page=4, text="At the Rowing Club the boathouse was given 14 racks for boats.")
    ((_, again),) = WrongChunkCheck(READER, lambda _: elsewhere, 0.5).run([row()])
    assert again.reason
    other = replace(elsewhere, text="The museum is open on Mondays. Nothing is sold there.")
    ((_, fine),) = WrongChunkCheck(READER, lambda _: other, 0.5).run([row()])
    assert fine.reason == ""
    ((_, alone),) = WrongChunkCheck(READER, lambda _: None, 0.5).run([row()])
    assert (alone.reason, alone.figure) == ("", 1.0)


def test_candidates_come_in_order():
    asked = [row(f"How many racks has boathouse {number} of the Rowing Club?") for number in range(5)]
    assert [candidate for candidate, _ in RoundTripCheck(READER, 0.0).run(asked)] == asked
