"""Answers of the kind that a question asks for, and others."""

from __future__ import annotations

import pytest

from synth.facts.english.fitting import answer_fits


@pytest.mark.parametrize(
    ("question", "answer", "is_value", "fits"),
    [
        ("How many images can be used?", "24 images", True, True),
        ("How many illumination angles are used?", "number of", False, False),
        ("What percentage of respondents agreed?", "43%", True, True),
        ("What percentage of respondents agreed?", "most of them", False, False),
        ("When should build metadata be ignored?", "when determining precedence", False, True),
        ("When is the open enrollment?", "November every year", False, True),
        ("When did respondents think so?", "recent years", False, False),
        ("In what year did it rise?", "2023", True, True),
        ("What is the name of the grant agreement?", "785907", True, False),
        ("Who leads the office?", "12 people", True, False),
        ("What is the depth at North quay?", "6.5 m", True, True),
        ("Which version is needed?", "Python 3.8.5", True, True),
        ("How long can you take leave?", "up to 16 weeks", True, True),
        ("How long does the run take?", "a fast machine", False, False),
        ("Who reviews the changes?", "the copyright owner", False, True),
        ("What is Deskpass?", "a service that finds co-working spaces", False, True),
    ],
)
def test_answers_are_of_the_kind_that_is_asked_for(question: str, answer: str, is_value: bool, fits: bool) -> None:
    assert answer_fits(question, answer, is_value=is_value) == fits
