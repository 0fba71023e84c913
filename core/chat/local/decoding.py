"""What every model that writes in this process shares: sampling, pieces of text, stop strings, room in the context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import KbError

Finish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are chosen.

    Attributes:
        temperature: 0 is greedy; `top_p`, `top_k` and `seed` then have no effect.
        top_k: Candidates kept; 0 keeps all.
        stop: Strings that end the text and are not part of it.
        json_schema: The text is one JSON value of this schema, unless it is cut by `max_tokens`.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text as it grows; `n_tokens` were made for it, `finish` is set on the last."""

    text: str
    n_tokens: int
    finish: Finish | None = None


def answer_room(n_prompt: int, context_tokens: int, max_tokens: int) -> int:
    """Return how many tokens an answer may have.

    Raises:
        KbError: The prompt fills the context.
    """
    room = context_tokens - n_prompt
    if room < 1:
        raise KbError(
            f"the prompt has at least {n_prompt} tokens, the model's context is {context_tokens}: "
            "write less, use fewer passages (rag.top_k), or raise models.num_ctx as far as the model allows",
            hint='kb ask --set rag.top_k=3 "QUESTION"',
            click="write less, or choose fewer passages under Model and controls",
        )
    return min(room, max_tokens)


class StopFilter:
    """Passes text on, but never a stop string nor the beginning of one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = [text for text in stop if text]
        self._pending = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Return what may be shown now of everything pushed so far; nothing after a stop string was met."""
        if self.stopped:
            return ""
        self._pending += text
        offsets = [offset for offset in map(self._pending.find, self._stop) if offset >= 0]
        if offsets:
            self.stopped = True
            return self._pending[: min(offsets)]
        overlap = max((_overlap(self._pending, stop) for stop in self._stop), default=0)
        cut = len(self._pending) - overlap
        shown, self._pending = self._pending[:cut], self._pending[cut:]
        return shown

    def flush(self) -> str:
        """Return what was held back, now that no more text comes."""
        return "" if self.stopped else self._pending


def _overlap(text: str, stop: str) -> int:
    """Return how many of the last characters of `text` begin `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
