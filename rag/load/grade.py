"""Grades the text layer of a page: good, poor, empty, with the reason.

The thresholds mark text that a search cannot use, not text that is unusual. Beside each stands the largest value met
on 3,959 pages of reports, filings and a mathematics book: a table of numbers and a page of formulas are still good.
"""

from __future__ import annotations

import re

from core.types import Quality

MAX_UNREADABLE = 0.05  # of what is written: replacement and private-use characters; 0.036 (formulas)
MAX_UNUSUAL = 0.5  # of what is written: neither letter, digit, dot nor dash; 0.30 (formulas)
MIN_WRITTEN = 40
MIN_WORDS = 40
MAX_FRAGMENTS = 0.75  # of the words: single letters; 0.71 (formulas), 0.18 elsewhere; spaced-out text has nearly 1
MAX_WORD_LENGTH = 14.0  # mean letters a word; 10.4 (an index of German terms); text without its blanks has 30 and more
MIN_GLUED = 4
MAX_GLUED = 0.1  # of the figures: two run together; 0

_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010fffd]")
_UNUSUAL = re.compile(r"[^\w\s.·…-]")  # leaders of dots are usual
_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d[\d,.]*")
# Two figures without a gap: 1,2343,456 or 12.5013.75; not a version, a date or an address.
_GLUED_FIGURE = re.compile(r"\d,\d{3}\d|(?<![\d.])\d+\.\d{3,}\.\d\d(?!\d)")
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
        if list(map(len, words)).count(1) > MAX_FRAGMENTS * len(words):
            return "poor", "words in fragments"
        if len("".join(words)) > MAX_WORD_LENGTH * len(words):
            return "poor", "words run together"
    glued = len(_GLUED_FIGURE.findall(text))
    if glued >= MIN_GLUED and glued > MAX_GLUED * len(_FIGURE.findall(text)):
        return "poor", "figures run together"
    return "good", ""
