"""Round trip: a second reader must answer the question from the passage, and must not from another one.

The reader is the generator's own `answers`; this module knows when two answers agree (token F1, Rajpurkar et al. 2016,
or containment) and refuses to know who reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

from core.metrics import contains, exact_match, numbers_of, token_f1
from synth.check.base import Verdict
from synth.generate.base import Generator
from synth.work.candidate import Candidate, Source

_FEWEST_CHARS = 2


def agreement(given: str, gold: str) -> float:
    """How well an answer agrees with the gold one, in [0, 1].

    1 where either stands in the other as whole words, else token F1; 0 where the gold answer holds numbers and none of
    them is given.
    """
    if exact_match(given, gold) or contains(given, gold):
        return 1.0
    wanted = set(numbers_of(gold))
    if wanted and not wanted & set(numbers_of(given)):
        return 0.0
    if len(given.strip()) >= _FEWEST_CHARS and re.search(r"\w{2}|\d", given) and contains(gold, given):
        return 1.0
    return token_f1(given, gold)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A second reader answers from the passage; the figure is the agreement."""

    generator: Generator
    least: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "round trip"

    def run(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Yield every candidate with the verdict."""
        kept, asked = tee(candidates)
        replies = self.generator.answers((one.question, one.sources) for one in asked)
        for candidate, reply in zip(kept, replies, strict=True):
            fact = candidate.fact
            # A row of a table gives its figure without the unit that stands in the head.
            figure = max(agreement(reply, fact.answer), agreement(reply, fact.value) if fact.value else 0.0)
            verdict = f"a second reader answers “{reply[:120]}”" if figure < self.least else ""
            yield candidate, Verdict(verdict, figure)


@dataclass(frozen=True, slots=True)
class WrongChunk:
    """The same reader, given a passage from elsewhere, must not come to the answer.

    Attributes:
        generator: Reads.
        elsewhere: Gives a passage from another page, None in a collection of one.
        least: Agreement from which the answer counts as given.
    """

    generator: Generator
    elsewhere: Callable[[Source], Source | None]
    least: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "wrong chunk"

    def run(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Yield every candidate with the verdict; the figure is one minus the agreement."""
        kept, asked = tee(candidates)
        replies = self.generator.answers((one.question, self._other(one)) for one in asked)
        for candidate, reply in zip(kept, replies, strict=True):
            figure = agreement(reply, candidate.fact.answer) if reply else 0.0
            verdict = "a passage from elsewhere gives the answer too" if figure >= self.least else ""
            yield candidate, Verdict(verdict, 1 - figure)

    def _other(self, candidate: Candidate) -> tuple[Source, ...]:
        other = self.elsewhere(candidate.source)
        return (other,) if other else ()
