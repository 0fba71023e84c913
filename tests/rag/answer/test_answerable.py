"""The probability that passages answer grows with the words they share with the question and with their cosine."""

from __future__ import annotations

from core.reading.passages import Passage
from core.reading.reader import rank
from rag.answer.answerable import MIN_ANSWERABLE, answerable

PASSAGES = [Passage(key="b2c3d", source="a.md", text="The northern quay is 62 metres long. Rain fell for two days.")]


def test_words_decide_where_there_are_no_cosines() -> None:
    near = answerable(rank("How long is the northern quay?", PASSAGES), None)
    far = answerable(rank("Who won the Super Bowl?", PASSAGES), None)
    assert 0 <= far < MIN_ANSWERABLE < near <= 1


def test_a_higher_cosine_makes_an_answer_more_probable() -> None:
    def cosines(_: str, texts: list[str]) -> list[float]:
        return [0.6 if "quay" in text else 0.1 for text in texts]

    ranked = rank("How long is the northern quay?", PASSAGES, cosines=cosines)
    assert answerable(ranked, 0.1) < answerable(ranked, 0.7)
