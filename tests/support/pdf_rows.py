"""Rows of words at known places: letters 5 points wide, lines 10 points high."""

from __future__ import annotations

import numpy as np

from rag.load.pdf.layout.drafts import Style
from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.layout.rows import Segment, Shift, TextRow, Word, segment_of
from rag.load.pdf.layout.rules import Rules

LETTER = 5.0
NO_RULES = Rules(np.zeros((0, 3)), np.zeros((0, 3)))


def word(
    text: str, x: float, base: float = 100.0, height: float = 10.0, shift: Shift = "", spaced: bool = True
) -> Word:
    """Return a word whose letters are half as wide as they are high."""
    width = len(text) * height / 2
    return Word(text, 0, x, base - 0.8 * height, x + width, base + 0.2 * height, base, height, spaced, shift)


def segment(x: float, text: str, base: float = 100.0, height: float = 10.0) -> Segment:
    """Return words with blanks as wide as a letter."""
    words, place = [], x
    for part in text.split(" "):
        words.append(word(part, place, base, height))
        place += (len(part) + 1) * height / 2
    return segment_of(words)


def row(base: float, *segments: tuple[float, str], height: float = 10.0) -> TextRow:
    """Return a row from the left edges and texts of its segments."""
    parts = [segment(x, text, base, height) for x, text in segments]
    return TextRow(parts, base, base - 0.8 * height, base + 0.2 * height, height)


def page_words(*placed: tuple[str, float, float, float]) -> Words:
    """Return words in the order of a page: text, left edge, baseline, height; a blank stands between all of them."""
    signs, chars, start, end, boxes, bases = "", [], [], [], [], []
    for at, (text, x, base, height) in enumerate(placed):
        start.append(len(signs))
        chars += [len(signs) + at + n for n in range(len(text))]
        signs += text
        end.append(len(signs))
        boxes.append((x, base - 0.8 * height, x + len(text) * height / 2, base + 0.2 * height))
        bases.append(base)
    return Words(
        signs=signs,
        chars=np.array(chars, np.int64),
        start=np.array(start, np.int64),
        end=np.array(end, np.int64),
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        base=np.array(bases, np.float64),
        angle=np.zeros(len(placed)),
    )


def plain(_: Word) -> Style:
    """Return the style of words that are neither bold nor italic."""
    return Style(bold=False, italic=False)
