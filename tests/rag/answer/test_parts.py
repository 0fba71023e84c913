"""Two questions in one text are both answered, each with its own quote."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.prompt import NOTICE
from core.reading.extractive import ExtractiveChat
from core.settings import Settings
from core.types import Answer
from rag.answer.answer import Answerer
from rag.answer.chat import Turn
from rag.answer.parts import answer_in_parts
from tests.support.shelf import Shelf

CLUB = Shelf(
    {
        "club.md": [
            "The chair of the board is Ines Roth.\n\nInes Roth was appointed on 2 May 2021.",
            "The board meets in the boathouse.\n\nThe membership fee is 40 euros a year.",
        ]
    }
)


def ask(question: str, shown: list[str] | None = None) -> Answer:
    answerer = Answerer(CLUB, ExtractiveChat(), Settings(), CLUB.page_text)
    answer = answerer.ask(question, on_token=None if shown is None else shown.append)
    for citation in answer.citations:
        assert CLUB.page_text(citation.sha256, citation.page)[citation.start : citation.end] == citation.quote
    assert all(index < len(answer.citations) for each in answer.statements for index in each.citations)
    return answer


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Who is the chair of the board, and when was she appointed?", ("Ines Roth", "2 May 2021")),
        ("Who chairs the board? How much is the membership fee?", ("Ines Roth", "40")),
        ("Where does the board meet and what is the membership fee?", ("boathouse", "40 euros")),
    ],
)
def test_both_parts_are_answered(question: str, short: tuple[str, str]) -> None:
    shown: list[str] = []
    answer = ask(question, shown)
    assert answer.question == question and answer.ground == "cited"
    assert all(part in answer.short_answer for part in short) and "; " in answer.short_answer
    assert "".join(shown) == answer.answer
    assert answer.answer.count(NOTICE) == 1 and answer.answer.endswith(NOTICE)
    assert len({citation.quote for citation in answer.citations}) >= 2
    assert set(answer.timings) == {"retrieve_s", "first_token_s", "generate_s", "total_s"}


def test_a_part_that_nothing_answers_says_so() -> None:
    answer = ask("Who is the chair of the board, and how many zebras graze on Mount Elbrus?")
    assert answer.ground == "cited" and answer.short_answer == "Ines Roth"
    assert "How many zebras graze on Mount Elbrus?\nThe documents do not say." in answer.answer


def test_nothing_is_made_of_two_parts_without_an_answer() -> None:
    answer = ask("Who won the Super Bowl in 1999, and how many zebras graze on Mount Elbrus?")
    assert (answer.ground, answer.citations, answer.short_answer) == ("abstained", (), "")


def test_a_part_that_points_back_is_asked_after_the_first_and_all_must_be_right() -> None:
    seen: list[tuple[str, int]] = []

    def ask_one(question: str, history: Sequence[Turn]) -> Answer:
        seen.append((question, len(history)))
        return Answer(question=question, answer="x", ground="cited", short_answer="x", confidence=0.5)

    parts = ("Who chairs the board?", "When was she appointed?", "What is the fee?")
    answer = answer_in_parts(" ".join(parts), parts, [("Hello?", "Hi.")], ask_one)
    assert seen == [(parts[0], 1), (parts[1], 2), (parts[2], 1)]
    assert (answer.short_answer, answer.confidence) == ("x", 0.125)
