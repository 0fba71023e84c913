"""Grades the text layer of a page: good, poor, empty, with the reason.

The thresholds mark text that a search cannot use, not text that is unusual. Each stands well outside what the pages
of annual reports, papers and books show (the figure beside it), so that a table of numbers is still good.
"""

from __future__ import annotations

import re

from kb.types import Quality

_BLANK = re.compile(r"\s+")
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010fffd]")
_UNUSUAL = re.compile(r"[^\w\s]|_")
_WORD = re.compile(r"[^\W\d_]+")
_FRAGMENT = re.compile(r"(?<!\w)[^\W\d_](?!\w)")
_FIGURE = re.compile(r"\d[\d,.]*")
# Two figures without a gap: 1,2343,456 or 12.5013.75.
_GLUED_FIGURE = re.compile(r"\d,\d{3}\d|\d\.\d+[.,]\d{1,2}(?!\d)")
_WIDE_SCRIPT = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def grade(text: str) -> tuple[Quality, str]:
    """Return the grade of clean page text and why it is not good (`""` when it is)."""
    raise NotImplementedError
