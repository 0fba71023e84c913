"""What rows are made of: words, segments of words that stand together, and rows of segments on one baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.language.english.printed.pages import NO_AMOUNT

_FIGURE = re.compile(r"[(\[]?[-–−+]?[$€£¥]?[\d.,]*\d[\d.,]*[)\]]?%?|[-–—]+")
_AMOUNT = re.compile(r"(?:[A-Z]{2,3})?[$€£¥₹](?:" + _FIGURE.pattern + ")")
# Units that tell an amount from a date ("31 Dec") or a count of something ("12 months").
_UNIT = (
    r"(?:pts?|bps?|x|[mckµ]?[mgl]|t|h|min|s|dB|[kMG]?Wh?|k?V|m?A|°[CF]|ha|m²|m³|km/h|[KMGT]i?B|[KMG]bit/s|[KMG]bps"
    r"|px|rpm|mAh|bar|psi|lbs?|oz|ft|mph|Nm)"
)
_MEASURE = re.compile(f"(?:{_FIGURE.pattern}){_UNIT}")
LIST_MARK = re.compile(
    r"[•●▪◦‣·○■□➢✓❑*–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})+\.?|\[\d{1,3}\]"
)

Shift = Literal["", "raised", "lowered"]


@dataclass(slots=True)
class Word:
    """A word in its place; y runs down.

    Attributes:
        text: Its characters.
        first: Its first character in `Words.signs`.
        x0, top, x1, bottom: Its box, points.
        base: Baseline; of a mark the one of the word it belongs to.
        height: Of its font, points.
        spaced: Whether a blank stands between it and the word before it in its row.
        shift: Whether it is a mark above or below the baseline.
        field: Place of the form field whose value it is of, -1 for the page's own words.
        cell: Whether that field is a cell of a grid.
    """

    text: str
    first: int
    x0: float
    top: float
    x1: float
    bottom: float
    base: float
    height: float
    spaced: bool = True
    shift: Shift = ""
    field: int = -1
    cell: bool = False


@dataclass(slots=True)
class Segment:
    """Words of a row that stand together, with their extent and their text without raised marks behind the first."""

    words: list[Word]
    x0: float
    x1: float
    text: str

    @property
    def center(self) -> float:
        return (self.x0 + self.x1) / 2


def segment_of(words: list[Word]) -> Segment:
    """Return words as one segment."""
    x0, x1 = min(word.x0 for word in words), max(word.x1 for word in words)
    return Segment(words, x0, x1, words_text(words))


def words_text(words: Sequence[Word]) -> str:
    """Return words with the blanks between them, without raised marks behind the first word."""
    pieces = [f" {word.text}" if word.spaced else word.text for word in words if word.shift != "raised"]
    if words[0].shift == "raised":
        pieces.insert(0, words[0].text)
    return "".join(pieces).lstrip(" ")


@dataclass(slots=True)
class TextRow:
    """Segments on one baseline, left to right.

    Attributes:
        base: Baseline, y down.
        top: Upper end of its tallest ordinary word.
        bottom: Lower end.
        height: Height of most of its words.
        x0, x1: Its extent.
    """

    segments: list[Segment]
    base: float
    top: float
    bottom: float
    height: float
    x0: float = field(init=False)
    x1: float = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = self.segments[0].x0
        self.x1 = max([segment.x1 for segment in self.segments])

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    def part(self, segments: list[Segment]) -> TextRow:
        """Return a row of some of the segments, at the same place."""
        return TextRow(segments, self.base, self.top, self.bottom, self.height)


def row_of(segments: list[Segment]) -> TextRow:
    """Return a row that is measured by its own words, as a line of one column is beside those of another."""
    words = [word for segment in segments for word in segment.words]
    plain = [word for word in words if not word.shift] or words
    heights = sorted([word.height for word in plain])
    top, bottom = min([word.top for word in plain]), max([word.bottom for word in plain])
    return TextRow(segments, plain[0].base, top, bottom, heights[len(heights) // 2])


def is_figure(text: str) -> bool:
    """Tell whether a text is one number, an amount or a dash that stands for none."""
    compact = text.replace(" ", "")
    return bool(_FIGURE.fullmatch(compact) or _AMOUNT.fullmatch(compact))


def is_measure(text: str) -> bool:
    """Tell whether a text is a number with its unit, or a word that stands for no number."""
    return bool(_MEASURE.fullmatch(text.replace(" ", "")) or NO_AMOUNT.fullmatch(text))


def begins_with_figure(text: str) -> bool:
    """Tell whether a text begins with a number or a dash."""
    return bool(_FIGURE.match(text))
