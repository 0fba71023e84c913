"""Repeats across facts, phrasings that read alike, agreement of answers, grounding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Fact
from synth.check.duplicates import AmbiguityCheck, DuplicateCheck
from synth.check.grounding import GroundingCheck, LexicalScorer
from synth.check.round_trip import agreement
from synth.work.candidate import QuestionCandidate
from synth.work.similar import NearDuplicates, jaccard, sign_shingles, word_shingles
from synth.work.workspace import SynthTables
from tests.support.boathouse import FACT, SOURCE
from tests.support.synth_rows import WordVectors


@pytest.fixture
def work(tmp_path: Path):
    space = SynthTables(tmp_path / "w.sqlite", 0)
    yield space
    space.close()


def rows(fact: Fact, *questions: str) -> list[QuestionCandidate]:
    fact = replace(fact, questions=questions)
    return [QuestionCandidate(fact=fact, phrasing=at, source=SOURCE, origin="rules") for at in range(len(questions))]


def test_a_question_asked_of_another_fact_is_dropped_and_phrasings_of_one_are_not(work):
    one = rows(FACT, "How many racks does the boathouse have?", "How many racks has the boathouse?")
    again = rows(replace(FACT, id="g"), "How many racks does the boathouse have?")
    other = rows(replace(FACT, id="h", answer="15 racks"), "How many racks does the boathouse have in 1990?")
    check = DuplicateCheck(work, WordVectors(), 0.8, 0.92)
    verdicts = [verdict.reason for _, verdict in check.run([*one, *again, *other])]
    assert [bool(reason) for reason in verdicts] == [False, False, True, False]


def test_phrasings_that_read_alike_share_a_cluster(work):
    asked = rows(
        FACT,
        "How many racks does the boathouse have?",
        "How many racks does the boathouse have, please?",
        "Tell me the number of places for boats.",
    )
    check = DuplicateCheck(work, WordVectors(), 0.7, 0.92)
    assert [candidate.cluster for candidate, _ in check.run(asked)] == [0, 0, 1]


def test_a_question_with_two_answers_is_ambiguous(work):
    for fact in (FACT, replace(FACT, id="g", answer="15 racks")):
        work.add_fact(fact, "c")
    ((_, verdict),) = AmbiguityCheck(work).run(rows(FACT, *FACT.questions))
    assert "15 racks" in verdict.reason


@pytest.mark.parametrize(
    ("given", "gold", "agrees"),
    [
        ("14 racks", "14 racks", True),
        ("The boathouse has 14 racks.", "14 racks", True),
        ("14", "14 racks", True),
        ("15 racks", "14 racks", False),
        ("none", "14 racks", False),
        ("", "14 racks", False),
        ("Solvang", "Marit Solvang", True),
    ],
)
def test_answers_agree(given, gold, agrees):
    assert (agreement(given, gold) >= 0.6) is agrees


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=40)
def test_agreement_is_a_share(given, gold):
    assert 0.0 <= agreement(given, gold) <= 1.0


def test_grounding_sees_wrong_numbers_and_names():
    scorer = LexicalScorer()
    evidence = "The boathouse of Marit Solvang has two racks for 28 boats."
    claims = [
        "The boathouse has two racks for 28 boats.",
        "The boathouse has three racks for 28 boats.",
        "The boathouse has two racks for 29 boats.",
        "The boathouse of Ole Brandt has two racks.",
    ]
    good, spelled, digits, name = scorer.scores((claim, evidence) for claim in claims)
    assert good == 1.0
    assert spelled <= 0.3
    assert digits <= 0.3
    assert name < 0.5
    ((_, verdict),) = GroundingCheck(scorer, 0.5).run(
        rows(replace(FACT, statement="Ole Brandt won 99 cups."), "Who won?")
    )
    assert verdict.reason


@given(st.lists(st.text(alphabet="abc ", min_size=1, max_size=40), min_size=2, max_size=3))
@settings(max_examples=40)
def test_shingles_agree_with_the_definition(texts):
    for left in texts:
        assert jaccard(sign_shingles(left), sign_shingles(left)) == 1.0
        for right in texts:
            share = jaccard(word_shingles(left), word_shingles(right))
            assert 0.0 <= share <= 1.0
            assert share == jaccard(word_shingles(right), word_shingles(left))


def test_near_duplicates_are_found_and_others_are_not(work):
    near = NearDuplicates(work.db, 0.8)
    text = " ".join(f"word{at}" for at in range(100))
    assert near.add("one", text) == []
    assert near.add("two", text.replace("word99", "last")) == ["one"]
    assert near.add("three", " ".join(f"else{at}" for at in range(100))) == []
