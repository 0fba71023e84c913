"""A model's figure that is not the one asked for is marked; one that is, or cannot be judged, is left alone."""

from __future__ import annotations

import pytest

from core.reading.proposals.candidates import Quote
from core.reading.read import Reading
from core.types import Statement
from rag.answer.cite import Checked
from rag.answer.pack import Span
from rag.answer.second_look import second_look

SPANS = [Span(doc="report.pdf", sha256="a", page=65, start=0, end=5, text="Total")]
QUESTION = "What were the net sales in 2021?"


def looked_at(text: str, *, confidence: float = 0.9, question: str = QUESTION) -> Checked:
    reading = Reading(kind="table", short_answer="$67,044 million", quotes=(Quote(0, 0, 5),), confidence=confidence)
    checked = Checked(text, "cited", (), (Statement(text=text),))
    return second_look(checked, question, reading, SPANS)


def test_another_figure_is_marked() -> None:
    looked = looked_at("Net sales were $56,435 million.")
    assert looked.answer.endswith("[the pages give $67,044 million (report.pdf, p. 66)]")
    assert not looked.statements[0].supported


@pytest.mark.parametrize("text", ["Net sales were $67,044 million.", "They were $67.0 billion.", "They rose."])
def test_the_same_figure_or_none_is_left_alone(text: str) -> None:
    assert looked_at(text).answer == text


def test_an_unsure_reader_and_another_kind_of_question_mark_nothing() -> None:
    text = "Net sales were $56,435 million."
    assert looked_at(text, confidence=0.5).answer == text
    assert looked_at(text, question="Who signed it?").answer == text
