"""Spans of raw text as spans of the clean text that was made of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class SpanMap:
    """Maps raw spans to clean ones, without the white space at their ends.

    Args:
        text: The clean text, or its beginning; spans end where it ends.
        edits: `(raw_start, raw_end, replacement)`, ascending and disjoint, as `core.clean.Cleaned` holds them.
    """

    def __init__(self, text: str, edits: Sequence[tuple[int, int, str]]) -> None:
        self._text = text
        self._starts = [start for start, _, _ in edits]
        self._ends = [end for _, end, _ in edits]
        self._removed = [0, *accumulate(end - start - len(new) for start, end, new in edits)]
        self._lengths = [len(new) for _, _, new in edits]

    def clean(self, start: int, end: int) -> tuple[int, int]:
        """Return the clean span of a raw one; where nothing of it is left, an empty span at its place."""
        low, high = self._offset(start, after=False), self._offset(end, after=True)
        low, high = min(low, len(self._text)), min(high, len(self._text))
        inside = self._text[low:high]
        if not inside.strip():
            return low, low
        return low + len(inside) - len(inside.lstrip()), high - (len(inside) - len(inside.rstrip()))

    def _offset(self, raw: int, *, after: bool) -> int:
        """Return the clean offset of a raw border; one inside an edit moves out of it, away from its span."""
        edits = bisect_right(self._ends, raw)
        clean = raw - self._removed[edits]
        if edits < len(self._starts) and self._starts[edits] < raw:
            clean = self._starts[edits] - self._removed[edits]
            if after:
                clean += self._lengths[edits]
        return clean
