"""What `core.reading.read` needs of a neural span reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ScoredSpan(Protocol):
    """A stretch of a text that may answer.

    `score` is its log-odds against "no answer" there, `no_answer` the score of that, both in nats.
    """

    @property
    def passage(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def score(self) -> float: ...
    @property
    def no_answer(self) -> float: ...


class Spans(Protocol):
    """Finds spans of texts that answer a question."""

    def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> Sequence[ScoredSpan]:
        """Return at most `top` spans over all texts, best first."""
        ...
