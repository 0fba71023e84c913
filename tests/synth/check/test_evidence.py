"""Evidence: figures, units, names and premises, spelled in many ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth.check.evidence import borne_out, premise, units, valued
from tests.support.club import CHARTS, LICENCES, QUAY, RACKS, candidate


@pytest.mark.parametrize("fact", [RACKS, QUAY, LICENCES, CHARTS], ids=lambda fact: fact.answer)
def test_true_facts_pass(work, fact):
    one = candidate(work, fact)
    assert (valued(one), borne_out(one), premise(one)) == ("", "", "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("15 racks", "the number 15 is not in the quotes"),
        ("fourteen racks", "“fourteen” is not in the quotes"),
        ("14 racks in March", "“march” is not in the quotes"),
        ("14 kg", "the unit “kg” is not in the evidence"),
        ("14 racks of Solvang", "“Solvang” is not in the quotes"),
        ("14 % of racks", "the unit “%” is not in the evidence"),
    ],
)
def test_what_an_answer_may_not_add(work, answer, reason):
    assert borne_out(candidate(work, replace(RACKS, answer=answer))) == reason


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("How many racks had the boathouse in 1990?", "the number 1990 of the question is not in the passage"),
        ("How many racks has the boathouse of Solvang?", "“Solvang” of the question is not in the passage"),
    ],
)
def test_what_a_question_may_not_assume(work, question, reason):
    assert premise(candidate(work, replace(RACKS, questions=(question,)))) == reason


def test_the_subject_is_in_the_passage(work):
    assert (
        premise(candidate(work, replace(RACKS, subject="the canteen")))
        == "“canteen” of the subject is not in the passage"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("14 kg at 5%, $3", ["kg", "%", "$"]),
        ("20 °C and 30 km/h", ["°c", "km/h"]),
        ("the 25th, 2nd and 3rd of May", []),
        ("5 of 7", []),
        ("no numbers", []),
    ],
)
def test_units(text, found):
    assert units(text) == found
