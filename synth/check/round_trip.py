"""Checks that a second reader answers the question from its passage, and does not answer it from another one.

The reader is the generator's own `answers`; two answers agree by token F1 (Rajpurkar et al. 2016) or containment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

from core.metrics import contains, exact_match, numbers_of, token_f1
from synth.check.base import CheckResult
from synth.generate.base import Generator
from synth.work.candidate import QuestionCandidate, SourcePassage

_FEWEST_CHARS = 2


def agreement(given: str, gold: str) -> float:
    """Return how well an answer agrees with the gold answer, in [0, 1].

    1 where either contains the other as whole words, else token F1; 0 where the gold answer has numbers and the answer
    has none of them.
    """
    if exact_match(given, gold) or contains(given, gold):
        return 1.0
    needed = set(numbers_of(gold))
    if needed and not needed & set(numbers_of(given)):
        return 0.0
    if len(given.strip()) >= _FEWEST_CHARS and re.search(r"\w{2}|\d", given) and contains(gold, given):
        return 1.0
    return token_f1(given, gold)


@dataclass(frozen=True, slots=True)
class RoundTripCheck:
    """Drops questions that a second reader does not answer from the passage; the figure is the agreement."""

    generator: Generator
    least: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "round trip"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its result."""
        candidates_again, to_ask = tee(candidates)
        replies = self.generator.answers((candidate.question, candidate.sources) for candidate in to_ask)
        for candidate, reply in zip(candidates_again, replies, strict=True):
            fact = candidate.fact
            # A row of a table gives its figure without the unit that stands in the head.
            figure = max(agreement(reply, fact.answer), agreement(reply, fact.value) if fact.value else 0.0)
            verdict = f"the round trip gives “{reply[:120]}”" if figure < self.least else ""
            yield candidate, CheckResult(verdict, figure)


@dataclass(frozen=True, slots=True)
class WrongChunkCheck:
    """Drops questions that the same reader answers from a passage of another page.

    Attributes:
        generator: Answers questions from passages.
        elsewhere: Returns a passage from another page, None where there is none.
        least: Agreement from which the question counts as answered.
    """

    generator: Generator
    elsewhere: Callable[[SourcePassage], SourcePassage | None]
    least: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "wrong chunk"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its result; the figure is one minus the agreement."""
        candidates_again, to_ask = tee(candidates)
        replies = self.generator.answers((candidate.question, self._other(candidate)) for candidate in to_ask)
        for candidate, reply in zip(candidates_again, replies, strict=True):
            figure = agreement(reply, candidate.fact.answer) if reply else 0.0
            verdict = "a passage from another page gives the same answer" if figure >= self.least else ""
            yield candidate, CheckResult(verdict, 1 - figure)

    def _other(self, candidate: QuestionCandidate) -> tuple[SourcePassage, ...]:
        other = self.elsewhere(candidate.source)
        return (other,) if other else ()
