"""Grades the text layer of a page: good, poor, empty, with the reason.

The thresholds mark text that a search cannot use, not text that is unusual. Each stands well outside what the pages
of annual reports, papers and books show (the figure beside it), so that a table of numbers is still good.
"""

from __future__ import annotations

import re

from kb.types import Quality

MAX_UNREADABLE = 0.05
MAX_UNUSUAL = 0.5
MIN_WRITTEN = 40
MIN_WORDS = 40
MAX_FRAGMENTS = 0.7
MAX_WORD_LENGTH = 14.0
MIN_GLUED = 4
MAX_GLUED = 0.1

_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010fffd]")
_UNUSUAL = re.compile(r"[^\w\s]|_")
_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d[\d,.]*")
# Two figures without a gap: 1,2343,456 or 12.5013.75.
_GLUED_FIGURE = re.compile(r"\d,\d{3}\d|\d\.\d+[.,]\d{1,2}(?!\d)")
_WIDE_SCRIPT = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def grade(text: str) -> tuple[Quality, str]:
    """Return the grade of clean page text and why it is not good (`""` when it is)."""
    written = len(text) - sum(map(text.count, " \n\t"))
    if not written:
        return "empty", ""
    if len(_UNREADABLE.findall(text)) > MAX_UNREADABLE * written:
        return "poor", "characters without a meaning in Unicode"
    if written >= MIN_WRITTEN and len(_UNUSUAL.findall(text)) > MAX_UNUSUAL * written:
        return "poor", "almost no letters or digits"
    words = _WORD.findall(text)
    if len(words) >= MIN_WORDS and not _WIDE_SCRIPT.search(text):
        if sum(len(word) == 1 for word in words) > MAX_FRAGMENTS * len(words):
            return "poor", "words in fragments"
        if sum(map(len, words)) > MAX_WORD_LENGTH * len(words):
            return "poor", "words run together"
    glued = len(_GLUED_FIGURE.findall(text))
    if glued >= MIN_GLUED and glued > MAX_GLUED * len(_FIGURE.findall(text)):
        return "poor", "figures run together"
    return "good", ""
