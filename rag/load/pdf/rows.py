"""Words to rows of segments: what stands on one baseline, parted where a gap is wider than between words.

Finds raised and lowered marks first (footnote numbers, exponents, indices), so that they stand on the row of the word
they belong to. Geometry only; what a row means is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.glyphs import Words

_SMALL = 0.86  # of the neighbour's height: a mark is set smaller than what it belongs to
_RAISED = 0.12  # of the neighbour's height: least lift of a raised mark
_MAX_LIFT = 0.65
_MAX_DROP = 0.35
_MARK = re.compile(r"[\d\W_]+|\W?[^\W\d_]{1,2}\W?|[+-]?\d*[a-z]\d*")
_MARK_GAP = 0.45  # of the neighbour's height, to either side
_MAX_MARK_SIGNS = 6
_LINE_FIELDS = 2  # a drawn row of more fields is of a table to fill in
NO_FIELD = -2  # see `rag.load.pdf.fields.FIRST_FIELD`
_ROW_STEP = 0.22  # of the height: baselines closer than this are one row
_ROW_DRIFT = 0.45  # of the height: most that the baselines of one row differ
SEGMENT_GAP = 0.88  # of the height: a wider gap parts segments
_JUSTIFIED_WORDS = 7
_STRETCHED = 0.6  # of the height: most of the gaps between words, however far they are stretched
_JUSTIFIED_GAP = 1.1  # of the height: the same in a line whose gaps are all stretched
_WORD_GAP = 0.12  # of the height: space between words that PDFium did not list one after the other
_GLUED_GAP = 0.3  # of the height: space between words that PDFium listed without a blank
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_CURRENCY = re.compile(r"(?:US|C|A|NZ|HK|R)?[$€£¥₹]|\(")
_TAIL = re.compile(r"[)%]+")
_FIGURE = re.compile(r"[(\[]?[-–−+]?[$€£¥]?[\d.,]*\d[\d.,]*[)\]]?%?|[-–—]+")
LIST_MARK = re.compile(r"[•●▪◦‣·○■□➢✓❑*–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})+\.?")

Shift = Literal["", "raised", "lowered"]


@dataclass(slots=True)
class Word:
    """A word in its place; y runs down.

    Attributes:
        text: Its characters.
        first: Its first character in `Words.signs`.
        x0, top, x1, bottom: Its box, points.
        base: Baseline; of a mark the one of the word it belongs to.
        shift: Whether it is a mark above or below the baseline.
        follows: Whether PDFium lists it right behind the word before in `Words`, without a blank.
        field: Place of the form field whose value it is of, -1 for the page's own words.
    """

    text: str
    first: int
    x0: float
    top: float
    x1: float
    bottom: float
    base: float
    shift: Shift = ""
    follows: bool = False
    field: int = -1

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(slots=True)
class Segment:
    """Words of a row that stand together."""

    words: list[Word]
    x0: float = 0.0
    x1: float = 0.0
    text: str = ""

    def __post_init__(self) -> None:
        self.measure()

    def measure(self) -> None:
        """Bring box and text up to date with the words."""
        self.x0 = min(word.x0 for word in self.words)
        self.x1 = max(word.x1 for word in self.words)
        self.text = segment_text(self.words)

    @property
    def center(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(slots=True)
class Row:
    """Segments on one baseline, left to right.

    Attributes:
        base: Baseline, y down.
        top: Upper end of its tallest ordinary word.
        bottom: Lower end.
        height: Height of most of its words.
        breaks: Whether something drawn parts it from the row above.
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
        self.x1 = max(segment.x1 for segment in self.segments)

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    def part(self, segments: list[Segment]) -> Row:
        """Return a row of some of the segments, at the same place."""
        return Row(segments, self.base, self.top, self.bottom, self.height)


def make_words(words: Words, chosen: NDArray[np.int64]) -> list[Word]:
    """Return the chosen words of one direction, marks placed on the baseline of what they belong to."""
    signs, chars = words.signs, words.chars
    starts, ends = words.start.tolist(), words.end.tolist()
    boxes, bases = words.boxes.tolist(), words.base.tolist()
    out = []
    for at in chosen.tolist():
        start, end = starts[at], ends[at]
        x0, top, x1, bottom = boxes[at]
        follows = at > 0 and chars[start] == chars[ends[at - 1] - 1] + 1
        char = int(chars[start])
        field = NO_FIELD - char if char < -1 else -1
        out.append(Word(signs[start:end], start, x0, top, x1, bottom, bases[at], "", bool(follows), field))
    _shift_marks(out)
    return out


def _shift_marks(words: list[Word]) -> None:
    """Find words that are smaller than their neighbour and stand above or below its baseline."""
    if len(words) < 2:
        return
    x0, x1 = np.array([w.x0 for w in words]), np.array([w.x1 for w in words])
    top, bottom = np.array([w.top for w in words]), np.array([w.bottom for w in words])
    base = np.array([w.base for w in words])
    height = bottom - top
    usual = float(np.median(height))
    lengths = np.array([len(w.text) for w in words])
    marks = np.array([w.field < 0 and bool(_MARK.fullmatch(w.text)) for w in words])
    candidates = np.flatnonzero(
        marks & (lengths <= _MAX_MARK_SIGNS) & (height < _SMALL * max(usual, float(height.max())))
    )
    for at in candidates.tolist():
        gap = np.maximum(x0[at] - x1, x0 - x1[at])  # negative where they overlap
        lift = base - base[at]
        near = (
            (gap < _MARK_GAP * height)
            & (gap > -0.3 * height)
            & (height[at] < _SMALL * height)
            & (lift < _MAX_LIFT * height)
            & (lift > -_MAX_DROP * height)
            & (np.abs(lift) > _RAISED * height)
        )
        owners = np.flatnonzero(near)
        if not owners.size:
            continue
        # What stands to the left owns the mark; the closest of them.
        before = owners[x0[owners] < x0[at]]
        owner = int((before if before.size else owners)[np.argmin(gap[before if before.size else owners])])
        if words[owner].shift:
            continue
        words[at].shift = "raised" if lift[owner] > 0 else "lowered"
        words[at].base = words[owner].base


def make_rows(words: Sequence[Word], dividers: Sequence[tuple[float, float, float]] = ()) -> list[Row]:
    """Return the rows of words of one direction, top to bottom.

    Args:
        words: As `make_words` gives them.
        dividers: Drawn vertical lines: x, top, bottom; they part segments whatever the gap.
    """
    ordered = sorted(words, key=lambda word: word.base)
    groups: list[list[Word]] = []
    first = last = 0.0
    for word in ordered:
        height = word.bottom - word.top
        if groups and word.base - last <= _ROW_STEP * height and word.base - first <= _ROW_DRIFT * height:
            groups[-1].append(word)
        else:
            groups.append([word])
            first = word.base
        last = word.base
    return [_row(group, dividers) for group in groups]


def _row(words: list[Word], dividers: Sequence[tuple[float, float, float]]) -> Row:
    plain = [word for word in words if not word.shift] or words
    heights = sorted(word.bottom - word.top for word in plain)
    height = max(0.1, heights[len(heights) // 2])
    top, bottom = min(word.top for word in plain), max(word.bottom for word in plain)
    words.sort(key=lambda word: word.x0)
    middle = (top + bottom) / 2
    lines = [x for x, low, high in dividers if low <= middle <= high]
    gaps = sorted(right.x0 - left.x1 for left, right in pairwise(words))
    usual = gaps[len(gaps) // 2] if gaps else 0.0
    least = SEGMENT_GAP * height
    if len(words) >= _JUSTIFIED_WORDS and usual < _STRETCHED * height:
        least = max(least, min(_JUSTIFIED_GAP * height, 2.2 * usual))
    groups = [[words[0]]]
    right = words[0].x1
    for word in words[1:]:
        gap = word.x0 - right
        if gap > least or (lines and gap > 0 and any(right - 0.5 <= x <= word.x0 + 0.5 for x in lines)):
            groups.append([word])
        else:
            groups[-1].append(word)
        right = max(right, word.x1)
    n_fields = len({word.field for word in words if word.field >= 0})
    if len(groups) > 1 and 0 < n_fields <= (_LINE_FIELDS if lines else len(words)):
        groups = [words]  # fields and their labels
    return Row(_with_signs_joined([Segment(_logical(group)) for group in groups]), words[0].base, top, bottom, height)


def _logical(words: list[Word]) -> list[Word]:
    """Return words left to right, or as PDFium read them where most are written right to left."""
    if sum(bool(_RTL.search(word.text)) for word in words) * 2 > len(words):
        return sorted(words, key=lambda word: word.first)
    return words


def _with_signs_joined(segments: list[Segment]) -> list[Segment]:
    """Join a currency sign to the figure behind it, and a lone bracket or percent sign to the figure before it."""
    out: list[Segment] = []
    for segment in segments:
        last = out[-1] if out else None
        if (
            last is not None
            and len(last.words) > 1
            and _CURRENCY.fullmatch(last.words[-1].text)
            and _FIGURE.match(segment.text)
        ):
            segment = Segment([last.words.pop(), *segment.words])
            last.measure()
        if last is not None and (
            (_CURRENCY.fullmatch(last.text) and _FIGURE.match(segment.text) and len(last.words) == 1)
            or (_TAIL.fullmatch(segment.text) and _FIGURE.match(last.words[-1].text))
        ):
            last.words += segment.words
            last.measure()
        else:
            out.append(segment)
    return out


def is_figure(text: str) -> bool:
    """Tell whether a text is one number, an amount or a dash that stands for none."""
    compact = text.replace(" ", "")
    return bool(_FIGURE.fullmatch(compact)) or bool(re.fullmatch(r"(?:[A-Z]{2,3})?[$€£¥₹]" + _FIGURE.pattern, compact))


def space_between(left: Word, right: Word) -> bool:
    """Tell whether a blank belongs between two neighbours of a segment."""
    gap = right.x0 - left.x1
    height = max(left.height, right.height)
    if right.shift or left.shift:
        return gap > 0.15 * height
    if right.follows and right.first == left.first + len(left.text):
        return gap > _GLUED_GAP * height
    if right.first == left.first + len(left.text):  # PDFium put a blank between, or the file holds one
        return gap > -0.3 * height
    return gap > _WORD_GAP * height


def segment_text(words: Sequence[Word]) -> str:
    """Return words with the blanks between them, without raised marks behind the first word."""
    out = [words[0].text]
    for left, right in pairwise(words):
        if right.shift == "raised":
            continue
        if space_between(left, right):
            out.append(" ")
        out.append(right.text)
    return "".join(out)
