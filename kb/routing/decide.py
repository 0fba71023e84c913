"""Which way a question goes: search with the built-in reader, a run alone, both together, or an abstention.

The cheapest way that its signal trusts is taken. What a run remembers is trusted only where the documents that it
learned are still those of the collection, and where search brings no others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.settings import RoutingSettings

Way = Literal["tuned", "search", "both", "abstain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSignals:
    """What is known of a question before it is answered.

    Attributes:
        reader_cites: Whether the built-in reader gives an answer.
        reader_confidence: Probability that it is right; 0 where there is none.
        retrieval: Cosine of the best passage; None where no dense list ran.
        untaught: Best documents of the search that the run did not learn as they are now.
        forgotten: Documents that the run learned and that are no longer in the collection.
        learned: Number of documents that the run learned and that are unchanged.
        agreement: How alike two answers of the run alone are, from 0 to 1; None where it was not asked.
    """

    reader_cites: bool
    reader_confidence: float
    retrieval: float | None
    untaught: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    learned: int = 0
    agreement: float | None = None

    @property
    def distrust(self) -> str:
        """Why the run's memory is not asked; empty where it may be."""
        if not self.learned:
            return "it is not known which documents of the collection the run learned"
        if self.forgotten:
            return f"the run learned what was forgotten since ({', '.join(self.forgotten)})"
        if self.untaught:
            return f"the run did not learn {', '.join(self.untaught)} as it is now"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return the signals as `route.signals` of `kb ask --json` has them."""
        return {
            "reader_confidence": round(self.reader_confidence, 3),
            "reader_cites": self.reader_cites,
            "retrieval": None if self.retrieval is None else round(self.retrieval, 3),
            "agreement": None if self.agreement is None else round(self.agreement, 3),
            "untaught": list(self.untaught),
            "forgotten": list(self.forgotten),
            "learned": self.learned,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChoice:
    """The way of one question.

    Attributes:
        way: Which one.
        reason: Why, in one sentence.
        signals: What it was chosen by.
    """

    way: Way
    reason: str
    signals: RouteSignals

    def to_json(self) -> dict[str, Any]:
        """Return the choice as `route` of `kb ask --json` has it."""
        return {"arm": self.way, "reason": self.reason, "signals": self.signals.to_json()}

    @property
    def note(self) -> str:
        """The choice for a person, in one line."""
        return f"route: {self.way}: {self.reason}"


def choose_way(signals: RouteSignals, settings: RoutingSettings, ask_run: Callable[[], float]) -> RouteChoice:
    """Choose the way of a question.

    Args:
        signals: Without the agreement.
        settings: From where each signal is trusted.
        ask_run: Asks the run alone, twice, and returns how alike the answers are; called only where that matters.
    """
    sure = f"the built-in reader is {signals.reader_confidence:.0%} sure"
    if signals.reader_cites and signals.reader_confidence >= settings.reader_confidence:
        return RouteChoice(way="search", reason=f"{sure} of what it found.", signals=signals)
    memory = signals.distrust
    if not memory:
        signals = replace(signals, agreement=ask_run())
        alike = f"two answers of the run alone are alike by {signals.agreement:.0%}"
        if (signals.agreement or 0.0) >= settings.agreement:
            reason = f"{alike}, and the documents that it learned are unchanged."
            return RouteChoice(way="tuned", reason=reason, signals=signals)
        memory = f"{alike} only"
    if signals.retrieval is None or signals.retrieval >= settings.retrieval:
        retrieved = (
            "passages were found" if signals.retrieval is None else f"a passage has cosine {signals.retrieval:.2f}"
        )
        return RouteChoice(way="both", reason=f"{retrieved}, {sure}, and {memory}.", signals=signals)
    weak = f"no passage has more than cosine {signals.retrieval:.2f}"
    if signals.reader_cites:
        return RouteChoice(
            way="search", reason=f"{weak} and {memory}, but the reader found an answer.", signals=signals
        )
    return RouteChoice(way="abstain", reason=f"{weak}, the reader found nothing, and {memory}.", signals=signals)
