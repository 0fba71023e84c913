"""Retrieval: which hits show a fact, and that a question is searched for once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.types import Hit
from synth.check.retrieval import RetrievalCheck, shows
from tests.support.boathouse import PAGE, QUOTE, row

HERE = Hit(doc="club.pdf", sha256="ab", page=0, start=0, end=60, text=PAGE[:60], score=1.0)
ELSEWHERE = replace(HERE, sha256="cd", doc="news.pdf", page=4)


class Counting:
    """A retriever that always finds the same, and counts how often it is asked."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.asked = 0

    def search(self, query: str, k: int) -> list[Hit]:
        self.asked += 1
        return list(self.hits[:k])


@pytest.mark.parametrize(
    "hit, shown",
    [
        (HERE, True),
        (replace(HERE, start=QUOTE.end, end=QUOTE.end + 5, text=PAGE[QUOTE.end : QUOTE.end + 5]), False),
        (replace(ELSEWHERE, text="At the Rowing Club the boathouse was given 14 racks."), True),
        (replace(ELSEWHERE, text="At the Rowing Club the boathouse was given 16 racks."), False),
        (replace(ELSEWHERE, text="The museum has 14 racks."), False),
    ],
)
def test_a_hit_shows_a_fact_at_its_place_or_where_the_answer_is_said_again(hit, shown):
    assert shows(hit, row()) == shown


def test_every_number_of_the_question_must_stand_in_a_hit_elsewhere():
    asked = row("How many racks did the boathouse of the Rowing Club have in 1981?")
    said = "In {} the boathouse of the Rowing Club had 14 racks."
    assert shows(replace(ELSEWHERE, text=said.format(1981)), asked)
    assert not shows(replace(ELSEWHERE, text=said.format(1990)), asked)


def test_what_does_not_show_the_fact_becomes_a_distractor_and_a_question_is_searched_for_once():
    wrong = replace(ELSEWHERE, text="The museum has 9 racks.")
    retriever = Counting(wrong, HERE)
    check = RetrievalCheck(retriever, k=2)
    for _ in range(3):
        ((found, verdict),) = check.run([row()])
        assert verdict.reason == "" and verdict.figure == 0.5
        assert [hit.text for hit in found.hits] == [wrong.text]
    assert retriever.asked == 1
    ((_, missed),) = RetrievalCheck(Counting(wrong), k=2).run([row()])
    assert missed.reason
