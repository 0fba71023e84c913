"""Interface of quality checks, and the pipeline that runs them in order and counts what each drops.

A check takes a stream of candidates and gives one back, so that a check that asks a model can keep several requests
under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from synth.work.candidate import QuestionCandidate

OnDrop = Callable[[QuestionCandidate, str, "CheckResult"], None]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check on one candidate.

    Attributes:
        reason: Why the candidate is dropped; empty where it passes.
        figure: The measured value, kept in the row's `checks`; 1.0 for checks without a measure.
    """

    reason: str = ""
    figure: float = 1.0


class CandidateCheck(Protocol):
    """One stage of the pipeline."""

    @property
    def name(self) -> str:
        """Name in reports and in `rejected.jsonl`."""
        ...

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate, in order, with its result; a check may add hits, a vector or a cluster to it."""
        ...


@dataclass(frozen=True, slots=True)
class SimpleCheck:
    """A check of one candidate at a time.

    Attributes:
        name: Name of the stage.
        look: Returns the reason to drop a candidate, `""` where it passes.
    """

    name: str
    look: Callable[[QuestionCandidate], str]

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its result."""
        for candidate in candidates:
            yield candidate, CheckResult(self.look(candidate))


@dataclass(slots=True)
class Tally:
    """Numbers of candidates seen and dropped per stage, in order of the stages."""

    seen: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, *, dropped: bool) -> None:
        """Count one candidate of a stage."""
        self.seen[name] = self.seen.get(name, 0) + 1
        self.dropped[name] = self.dropped.get(name, 0) + dropped

    def to_json(self) -> dict[str, dict[str, float]]:
        """Return stage to `seen`, `dropped` and `pass_rate`."""
        return {
            name: {"seen": seen, "dropped": self.dropped[name], "pass_rate": round(1 - self.dropped[name] / seen, 4)}
            for name, seen in self.seen.items()
        }


def passing(
    candidates: Iterable[QuestionCandidate], checks: Sequence[CandidateCheck], tally: Tally, on_drop: OnDrop
) -> Iterator[QuestionCandidate]:
    """Yield the candidates that pass every check, in order, with the measured figures.

    Args:
        candidates: Questions to check.
        checks: In the order in which they run.
        tally: Counts every stage.
        on_drop: Called with every dropped candidate, the name of the check and its result.
    """
    stream = iter(candidates)
    for check in checks:
        stream = _stage(stream, check, tally, on_drop)
    return stream


def _stage(
    stream: Iterator[QuestionCandidate], check: CandidateCheck, tally: Tally, on_drop: OnDrop
) -> Iterator[QuestionCandidate]:
    for candidate, verdict in check.run(stream):
        tally.count(check.name, dropped=bool(verdict.reason))
        if verdict.reason:
            on_drop(candidate, check.name, verdict)
        else:
            yield replace(candidate, figures={**candidate.figures, check.name: round(verdict.figure, 4)})
