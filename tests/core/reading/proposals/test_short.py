"""The part of a sentence that answers is a date, amount, name or clause of it, and the sentence where none fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.proposals.short import short_span

QUESTIONS = (
    "How long is it?",
    "How much is it?",
    "When was it?",
    "Who was it?",
    "Where is it?",
    "Why?",
    "What is tin?",
)


@pytest.mark.parametrize(
    ("question", "sentence", "short"),
    [
        ("How long does the warranty last?", "The warranty lasts 24 months from delivery.", "24 months"),
        ("How much does a ticket cost?", "A ticket costs $9.50 at the door.", "$9.50"),
        ("When does the fair begin?", "The fair begins on 3 May 2024.", "3 May 2024"),
        ("When is the office closed?", "The office is closed on Sundays.", "Sundays"),
        ("Who wrote the report?", "The report was written by Ada Lint.", "Ada Lint"),
        ("Why was the bridge closed?", "The bridge was closed because of ice.", "ice"),
        ("What is a quorum?", "A quorum is seven members.", "seven members"),
        ("Where is the archive?", "The archive is kept in Port Ellan.", "Port Ellan"),
        ("Who is the chair?", "Chair: Mona Vell.", "Mona Vell"),
        ("Why is the sea blue?", "The sea is blue.", "The sea is blue"),
        ("How many members make a quorum?", "A quorum is seven members.", "seven"),
        ("How heavy is the lamp?", "The lamp weighs 9.4 kg.", "9.4 kg"),
    ],
)
def test_the_answer_is_the_kind_of_thing_asked_for(question: str, sentence: str, short: str) -> None:
    assert sentence[slice(*short_span(question, sentence))] == short


def test_a_value_that_the_question_names_is_no_answer() -> None:
    sentence = "Between 2019 and 2023 the fee rose from $10 to $12."
    assert sentence[slice(*short_span("What did the fee of $10 rise to, how much?", sentence))] == "$12"


def test_the_value_nearest_after_the_words_of_the_question_is_taken() -> None:
    sentence = "A child pays $4, and a senior pays $6."
    assert sentence[slice(*short_span("How much does a child pay?", sentence))] == "$4"
    assert sentence[slice(*short_span("How much does a senior pay?", sentence))] == "$6"


@given(st.sampled_from(QUESTIONS), st.text("Aa9 .,:$%-é\n", min_size=1, max_size=40))
def test_a_span_lies_in_its_sentence(question: str, sentence: str) -> None:
    start, end = short_span(question, sentence)
    assert 0 <= start <= end <= len(sentence)
