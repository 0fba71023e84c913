"""What a model knows is given with the sentence that says the same, and not at all where none does."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.read import Reading
from core.reading.reader import rank
from rag.answer.remembered import borne_out

TEXT = "Wet list: the names of those cleared for boats and diving. The mess opens at 06:45. Ida Falk leads the choir."
QUESTION = "What does “Wet list” mean?"


def _known(answer: str, question: str = QUESTION) -> Reading | None:
    passages = [Passage(key="b2c3d", source="book.pdf, p. 3", text=TEXT, offset=40)]
    ranked = rank(question, passages)
    return borne_out(answer, question, Reading(ranked=tuple(ranked)), passages)


def test_the_sentence_that_says_it_is_quoted_at_its_place() -> None:
    reading = _known("The names of those cleared for boats and diving.")
    assert reading is not None and reading.short_answer == "The names of those cleared for boats and diving"
    (quote,) = reading.quotes
    said = TEXT[quote.start - 40 : quote.end - 40]
    assert said.startswith(("Wet list", "the names")) and said.endswith("diving.") and not reading.possible


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("A list of wet things", QUESTION),  # in no sentence
        ("boats", QUESTION),  # a word stands anywhere
        ("Wet list", QUESTION),  # repeats the question
        ("", QUESTION),
        ("x" * 300, QUESTION),
        ("16:45", "When does the mess open?"),
    ],
)
def test_what_no_sentence_says_is_not_given(answer: str, question: str) -> None:
    assert _known(answer, question) is None


@pytest.mark.parametrize(
    ("answer", "question"), [("06:45", "When does the mess open?"), ("Ida Falk", "Who leads the choir?")]
)
def test_figures_and_names_are_found(answer: str, question: str) -> None:
    assert (_known(answer, question) or Reading()).short_answer == answer
