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
    """What a check found.

    Attributes:
        reason: Why the candidate is dropped; empty where it passes.
        figure: What was measured, kept in the row's `checks`; most checks just hold (1.0).
    """

    reason: str = ""
    figure: float = 1.0


class CandidateCheck(Protocol):
    """One stage."""

    @property
    def name(self) -> str:
        """How reports and `rejected.jsonl` call it."""
        ...

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate, in order, with the verdict; a check may add to what the candidate carries."""
        ...


@dataclass(frozen=True, slots=True)
class SimpleCheck:
    """A check that looks at one candidate at a time; `look` gives a reason to drop it, or nothing."""

    name: str
    look: Callable[[QuestionCandidate], str]

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with the verdict."""
        for candidate in candidates:
            yield candidate, CheckResult(self.look(candidate))


@dataclass(slots=True)
class Tally:
    """How many candidates came to each stage and how many it dropped, in order of the stages."""

    seen: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, *, dropped: bool) -> None:
        """Count one candidate at a stage."""
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
    """Yield the candidates that pass every check, in order, with what the checks measured.

    Args:
        candidates: To be tried.
        checks: In the order they are tried in.
        tally: Counts every stage.
        on_drop: Told of every candidate that is dropped, the check's name and its verdict.
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
