"""Stop sequences and the longest answer, applied to text: for answers that no model's own settings can end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """Where an answer ends.

    Attributes:
        stop: Sequences before which it ends.
        max_tokens: Longest text in tokens; None for no limit.
        count_tokens: Counts the tokens of a text.
    """

    stop: Sequence[str] = ()
    max_tokens: int | None = None
    count_tokens: Callable[[str], int] = len

    def cut(self, text: str) -> tuple[str, Literal["stop", "length"] | None]:
        """Return the text up to its end, and why it ends there; None where nothing was cut."""
        ends = [index for stop in self.stop if stop and (index := text.find(stop)) >= 0]
        reason: Literal["stop", "length"] | None = None
        if ends:
            text, reason = text[: min(ends)], "stop"
        if self.max_tokens is not None and self.count_tokens(text) > self.max_tokens:
            return self._shortened(text, self.max_tokens), "length"
        return text, reason

    def _shortened(self, text: str, limit: int) -> str:
        """Return as many whole words as fit, but always the first one."""
        ends = [match.end() for match in _WORD.finditer(text)]
        low, high = 1, len(ends)
        while low < high:
            middle = (low + high + 1) // 2
            if self.count_tokens(text[: ends[middle - 1]].rstrip()) <= limit:
                low = middle
            else:
                high = middle - 1
        return text[: ends[low - 1]].rstrip() if ends else text

    def stream(self, on_text: Callable[[str], None]) -> Callable[[str], None]:
        """Return a function that takes pieces of a text and passes on what lies before its end.

        A piece that may begin a stop sequence is held back until the next one.
        """
        if not self.stop and self.max_tokens is None:
            return on_text
        text, n_shown = "", 0

        def feed(piece: str) -> None:
            nonlocal text, n_shown
            text += piece
            shown, reason = self.cut(text)
            if reason is None:
                shown = shown[: len(shown) - self._held_back(shown)]
            if len(shown) > n_shown:
                on_text(shown[n_shown:])
                n_shown = len(shown)

        return feed

    def _held_back(self, text: str) -> int:
        """Return the length of the longest end of a text that begins a stop sequence."""
        lengths = (
            length
            for stop in self.stop
            for length in range(min(len(stop) - 1, len(text)), 0, -1)
            if text.endswith(stop[:length])
        )
        return max(lengths, default=0)
