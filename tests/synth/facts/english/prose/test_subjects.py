"""Who does something, what is the first or largest, what happens when, and how to do something."""

from __future__ import annotations

import pytest

from synth.facts.english.prose.clause import parse
from synth.facts.english.prose.subjects import Inverse, inverses


def found_in(sentence: str) -> list[Inverse]:
    plain = sentence.rstrip(".")
    inverse_questions = list(inverses(plain, parse(plain)))
    for inverse in inverse_questions:
        assert 0 <= inverse.start < inverse.end <= len(plain)
    return inverse_questions


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("Nausea was the most common complaint.", "what was the most common complaint", "Nausea"),
        ("Basalt is the oldest rock of the island.", "what is the oldest rock of the island", "Basalt"),
        ("The Safety Office approves hot work in the hold.", "who approves hot work in the hold", "The Safety Office"),
        ("Apprentices and tutors share the small workshop.", "who shares the small workshop", "Apprentices and tutors"),
        ("Only licensed pilots may enter the inner basin.", "", ""),
        (
            "If the fuse blows, the red lamp flashes twice.",
            "what happens if the fuse blows",
            "the red lamp flashes twice",
        ),
        (
            "When the seal broke, the tank drained overnight.",
            "what happened when the seal broke",
            "the tank drained overnight",
        ),
        ("To drain the tank, open the lower valve.", "how do you drain the tank", "open the lower valve"),
        (
            "Hold the green key for five seconds to restart the probe.",
            "how do you restart the probe",
            "Hold the green key for five seconds",
        ),
    ],
)
def test_questions_whose_answer_is_no_complement(sentence: str, question: str, answer: str):
    answers = {inverse.direct[0]: sentence[inverse.start : inverse.end] for inverse in found_in(sentence)}
    assert answers == ({question: answer} if question else {})


@pytest.mark.parametrize(
    "sentence",
    [
        "See the appendix to learn more.",  # tells where to look
        "Allow the driver to load the file.",  # what another does
        "When used with care, the blade lasts longer.",  # when what is used?
        "If you lose it, the office issues a copy.",
        "The committee said that prices rose.",
        "The clerk must not open the safe.",
    ],
)
def test_what_is_no_question(sentence: str):
    assert found_in(sentence) == []
