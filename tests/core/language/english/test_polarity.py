"""What denies: whole words, and the second half of a contraction; a question that opens with one denies nothing."""

from __future__ import annotations

import pytest

from core.language.english import polarity
from core.language.english.questions import asking


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("The lift isn't in use on Sundays.", True),
        ("Visitors can’t bring dogs.", True),
        ("Dogs are not allowed.", True),
        ("Dogs are prohibited.", True),
        ("The tent is open.", False),
        ("A notable nortes exhibition opens in May.", False),
    ],
)
def test_a_sentence_denies(text: str, denies: bool) -> None:
    assert bool(polarity.NEGATIVE.search(text)) is denies


@pytest.mark.parametrize(
    ("question", "denies"),
    [
        ("Isn't the pool heated?", False),
        ("Can’t I bring a dog?", False),
        ("Is it true that the lift doesn't stop here?", True),
        ("Is the garden free of weeds?", True),
    ],
)
def test_a_question_denies(question: str, denies: bool) -> None:
    assert bool(polarity.DENYING.search(polarity.INVERTED.sub("", question))) is denies


@pytest.mark.parametrize(
    ("question", "negated"),
    [("Which rooms aren't heated?", True), ("Who wasn’t present?", True), ("Who was present?", False)],
)
def test_a_question_asks_for_what_is_not(question: str, negated: bool) -> None:
    assert bool(asking.NEGATED.search(question)) is negated
