"""What a check is, and how checks stand in line: cheap before dear, every drop with its reason, every stage counted.

A check takes a stream and gives a stream, so that one which asks a model can keep several questions under way. Refuses
to know what any check looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from synth.work.candidate import Candidate

OnDrop = Callable[[Candidate, str, "Verdict"], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        reason: Why the candidate is dropped; empty where it passes.
        figure: What was measured, kept in the row's `checks`; most checks just hold (1.0).
    """

    reason: str = ""
    figure: float = 1.0


class Check(Protocol):
    """One stage."""

    @property
    def name(self) -> str:
        """How reports and `rejected.jsonl` call it."""
        ...

    def run(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Yield every candidate, in order, with the verdict; a check may add to what the candidate carries."""
        ...


@dataclass(frozen=True, slots=True)
class Test:
    """A check that looks at one candidate at a time; `look` gives a reason to drop it, or nothing."""

    name: str
    look: Callable[[Candidate], str]

    def run(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Yield every candidate with the verdict."""
        for candidate in candidates:
            yield candidate, Verdict(self.look(candidate))


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
    candidates: Iterable[Candidate], checks: Sequence[Check], tally: Tally, on_drop: OnDrop
) -> Iterator[Candidate]:
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


def _stage(stream: Iterator[Candidate], check: Check, tally: Tally, on_drop: OnDrop) -> Iterator[Candidate]:
    for candidate, verdict in check.run(stream):
        tally.count(check.name, dropped=bool(verdict.reason))
        if verdict.reason:
            on_drop(candidate, check.name, verdict)
        else:
            yield replace(candidate, figures={**candidate.figures, check.name: round(verdict.figure, 4)})
