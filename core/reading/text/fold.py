"""Finding a quote in a page although white space, hyphens, quotation marks or Unicode forms differ.

Every folded character keeps the offset that it came from.
"""

from __future__ import annotations

import re
import unicodedata

_HYPHENS = frozenset("-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
_SINGLE = frozenset("'`\u2018\u2019\u201a\u201b\u2032\u00b4")
_DOUBLE = frozenset('"\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb')
_BRACKETS = {"[": "(", "]": ")"}
_INVISIBLE = frozenset({"Cc", "Cf"})


def _folded_sign(sign: str) -> str:
    """One character as zero or more folded ones; a blank for white space, `-` for any hyphen."""
    if sign.isspace() or (sign not in _HYPHENS and unicodedata.category(sign) in _INVISIBLE):
        return " "
    if sign in _HYPHENS:
        return "-"
    if sign in _SINGLE or sign in _DOUBLE:
        return "'"
    sign = _BRACKETS.get(sign, sign)
    return sign if sign.isascii() and not sign.isupper() else unicodedata.normalize("NFKD", sign).casefold()


def fold(text: str) -> tuple[str, list[int]]:
    """Fold `text` for comparison.

    White space and hyphens vanish, except where they stand between digits or before one and so tell two numbers
    apart ("1-2" is not "12"); quotation marks become one kind; the rest is NFKD and case-folded.

    Returns:
        The folded text, and for each of its characters the offset in `text` that it came from.
    """
    folded: list[str] = []
    origin: list[int] = []
    pending: tuple[str, int] | None = None
    for offset, sign in enumerate(text):
        for part in _folded_sign(sign):
            if part in " -":
                if pending is None or part == "-":
                    pending = (part, offset)
                continue
            if pending is not None and part.isdigit() and folded and (folded[-1].isdigit() or pending[0] == "-"):
                folded.append(pending[0])
                origin.append(pending[1])
            pending = None
            folded.append(part)
            origin.append(offset)
    return "".join(folded), origin


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a span neither begins nor ends inside a word or a number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if after and (unicodedata.combining(after[0]) or (text[end - 1].isalnum() and after[0].isalnum())):
        return False
    if before and before[-1].isalnum() and text[start].isalnum():
        return False
    cut_before = text[start].isdigit() and re.fullmatch(r"\d[.,]", before)
    cut_after = text[end - 1].isdigit() and re.fullmatch(r"[.,]\d", after)
    return not cut_before and not cut_after


class Folded:
    """A text folded once, to look for many quotes in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded, self._origin = fold(text)

    def find(self, quote: str, *, near: int = 0) -> tuple[int, int] | None:
        """Find a quote.

        Args:
            quote: Words that are said to stand in the text.
            near: Of several places, the one that begins closest to this offset is taken.

        Returns:
            The span `[start, end)` that folds to the quote, or None where there is no such span.
        """
        needle, _ = fold(quote)
        spans: list[tuple[int, int]] = []
        position = self._folded.find(needle) if needle else -1
        while position >= 0:
            start, end = self._origin[position], self._origin[position + len(needle) - 1] + 1
            if (
                not self._splits_sign(position)
                and not self._splits_sign(position + len(needle))
                and _whole(self.text, start, end)
            ):
                spans.append((start, end))
            position = self._folded.find(needle, position + 1)
        return min(spans, key=lambda span: abs(span[0] - near)) if spans else None

    def _splits_sign(self, position: int) -> bool:
        """Whether a cut in the folded text parts what was one character, such as a ligature or an accented letter."""
        return 0 < position < len(self._origin) and self._origin[position - 1] == self._origin[position]
