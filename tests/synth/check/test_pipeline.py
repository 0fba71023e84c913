"""Checks in order: every drop has its reason, every stage is counted, figures stay with what passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synth.check.base import CheckResult, SimpleCheck, Tally, passing
from synth.work.candidate import QuestionCandidate
from tests.support.boathouse import row


class Ahead:
    """A check that reads two candidates ahead, as one that asks a model does."""

    name = "ahead"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        waiting: list[QuestionCandidate] = []
        for candidate in candidates:
            waiting.append(candidate)
            if len(waiting) > 2:
                yield waiting.pop(0), CheckResult(figure=0.25)
        yield from ((candidate, CheckResult(figure=0.25)) for candidate in waiting)


QUESTIONS = [f"How many racks does boathouse {number} of the Rowing Club have?" for number in range(6)]
EVEN = SimpleCheck("even", lambda candidate: "" if QUESTIONS.index(candidate.question) % 2 == 0 else "odd")
SMALL = SimpleCheck("small", lambda candidate: "" if QUESTIONS.index(candidate.question) < 3 else "large")


def test_what_passes_every_check_comes_in_order_with_its_figures():
    dropped: list[tuple[str, str, str]] = []
    tally = Tally()
    stream = passing(
        map(row, QUESTIONS),
        [EVEN, Ahead(), SMALL],
        tally,
        lambda candidate, check, result: dropped.append((candidate.question, check, result.reason)),
    )
    kept = list(stream)
    assert [candidate.question for candidate in kept] == [QUESTIONS[0], QUESTIONS[2]]
    assert all(candidate.figures == {"even": 1.0, "ahead": 0.25, "small": 1.0} for candidate in kept)
    assert sorted(dropped) == sorted(
        [(QUESTIONS[number], "even", "odd") for number in (1, 3, 5)] + [(QUESTIONS[4], "small", "large")]
    )
    assert tally.to_json() == {
        "even": {"seen": 6, "dropped": 3, "pass_rate": 0.5},
        "ahead": {"seen": 3, "dropped": 0, "pass_rate": 1.0},
        "small": {"seen": 3, "dropped": 1, "pass_rate": 0.6667},
    }


def test_nothing_is_read_before_it_is_needed():
    read: list[str] = []

    def questions() -> Iterator[QuestionCandidate]:
        for question in QUESTIONS:
            read.append(question)
            yield row(question)

    stream = passing(questions(), [EVEN, SMALL], Tally(), lambda *_: None)
    assert read == []
    next(stream)
    assert read == QUESTIONS[:1]
