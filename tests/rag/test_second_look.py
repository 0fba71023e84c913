"""A model's figure that is not the one asked for is marked; one that is, or cannot be judged, is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.reading.proposals.candidates import Quote
from core.reading.read import Reading
from core.types import Statement
from rag.answer.cite import Checked
from rag.answer.pack import Span
from rag.answer.second_look import gives_way, second_look, silent

SPANS = [Span(doc="report.pdf", sha256="a", page=65, start=0, end=5, text="Total")]
QUESTION = "What were the net sales in 2021?"


READING = Reading(kind="section", short_answer="$67,044 million", quotes=(Quote(0, 0, 5),), confidence=0.9)


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


GIVES_WAY = {
    "not borne out": ("Net sales were high.", "ungrounded", 0.3, True),
    "another figure": ("Net sales were $56,435 million.", "cited", 0.6, True),
    "another figure, an unsure reader": ("Net sales were $56,435 million.", "cited", 0.4, True),
    "another figure with its quote, an unsure reader": ("$56,435 million: “Net sales”", "cited", 0.4, False),
    "the same figure": ("Net sales were $67,044 million.", "cited", 0.9, False),
    "the same figure in other words": ("They were $67.0 billion in all.", "cited", 0.9, False),
    "the same figure among many": ("They were 4, 5, 6 and 67.0 billion.", "cited", 0.9, True),
    "declined": ("The documents do not say.", "abstained", 0.4, True),
}


@pytest.mark.parametrize("name", GIVES_WAY)
def test_a_small_model_gives_way_where_the_reader_is_likelier_right(name: str) -> None:
    text, ground, confidence, way = GIVES_WAY[name]
    reading = replace(READING, confidence=confidence, answerability=None)
    checked = Checked(
        text, ground, (), (Statement(text=text),), short_answer=text.partition(": “")[0] if "“" in text else ""
    )
    assert gives_way(checked, reading) is way


@pytest.mark.parametrize(("text", "way"), [("It was signed by Anna Berg.", False), ("By Jon Dahl.", True)])
def test_words_that_differ_are_another_answer(text: str, way: bool) -> None:
    reading = replace(READING, short_answer="Anna Berg", confidence=0.6)
    checked = Checked(text, "cited", (), (Statement(text=text),))
    assert gives_way(checked, reading) is way


@pytest.mark.parametrize(("text", "way"), [("Yes", True), ("No", False), ("No, nowhere", False)])
def test_yes_is_not_no(text: str, way: bool) -> None:
    quote = "Smoking is not permitted."
    reading = replace(READING, short_answer=quote, polarity="no", confidence=0.6)
    checked = Checked(f"{text}: “{quote}”", "cited", (), (Statement(text=quote),), short_answer=text)
    assert gives_way(checked, reading) is way


def test_what_a_model_quotes_is_not_what_it_answers() -> None:
    reading = replace(READING, short_answer="Anna Berg", confidence=0.6)
    checked = Checked("Jon Dahl: “Signed by Anna Berg for Jon Dahl.”", "cited", short_answer="Jon Dahl")
    assert gives_way(checked, reading)


def test_a_reader_is_silent_without_an_answer_or_with_an_unlikely_sentence() -> None:
    assert silent(Reading(), 0.9)
    sentence = replace(READING, kind="sentence", confidence=0.1, spans_read=True)
    assert silent(sentence, 0.0)
    assert not silent(replace(READING, answerability=None), 0.0)


def test_nothing_gives_way_to_a_reader_without_an_answer() -> None:
    checked = Checked("It rose.", "ungrounded", (), (Statement(text="It rose."),))
    assert not gives_way(checked, Reading())
