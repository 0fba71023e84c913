"""What a tuning of the search came to, as JSON and as lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kb.evaluation import Metrics

# What is shown of the figures, and those whose gain decides.
SHOWN = ("page_hit@1", "page_hit@5", "mrr")
DECIDING = ("page_hit@1", "mrr")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTuningReport:
    """How a tuned search did on questions about documents that it was not fitted to.

    Attributes:
        collection: Which.
        source: Where the questions came from.
        kept: Whether searches use it from now on.
        reason: Why, or why not.
        chosen: What was fitted, of those tried the best on the questions that choose: `weights`, `adapter` or both;
            empty where nothing was tried.
        questions: Of the parts `train`, `check` and `held_out`: `questions` and `documents`.
        skipped: Rows that were left out, by reason.
        tried: Mean reciprocal rank on the questions that choose: of the search as it is, and of what was tried.
        weights: Fitted weights and, under `before`, those of the settings.
        before: Metrics of the search as it is, as `kb eval` has them.
        after: Metrics of the tuned search.
        difference: Paired differences, after minus before, with 95% intervals.
        seed: Of the questions, the split and the fit.
        seconds: It all took.
    """

    collection: str
    source: str
    kept: bool = False
    reason: str = ""
    chosen: str = ""
    questions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    tried: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)
    before: Metrics = field(default_factory=dict)
    after: Metrics = field(default_factory=dict)
    difference: Metrics = field(default_factory=dict)
    seed: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return what `kb tune-search --json` prints."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """Return the same for a person."""
        parts = ", ".join(
            f"{part['questions']} {_PARTS[name]} ({part['documents']} document{'s' if part['documents'] != 1 else ''})"
            for name, part in self.questions.items()
        )
        lines = [f"questions from {self.source}: {parts}"]
        if self.skipped:
            lines.append("left out: " + ", ".join(f"{count} {reason}" for reason, count in self.skipped.items()))
        if self.tried:
            shown = ", ".join(f"{name} {value:.3f}" for name, value in self.tried.items())
            lines.append(f"mean reciprocal rank where the fit is chosen: {shown}")
        for name in SHOWN if self.after else ():
            change = self.difference[name]
            lines.append(
                f"{name:<10} before {self.before[name]['value']:.3f}, after {self.after[name]['value']:.3f}: "
                f"{change['value']:+.3f} ({change['low']:+.3f} to {change['high']:+.3f})"
            )
        return [*lines, self.reason] if self.reason else lines


_PARTS = {"train": "to fit", "check": "to choose", "held_out": "held out to measure"}


def gains(difference: Metrics) -> bool:
    """Tell whether every figure that decides gained, its 95% interval above 0."""
    return all(difference[name]["low"] > 0 for name in DECIDING)
