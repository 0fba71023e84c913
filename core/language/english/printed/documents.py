"""What English documents print around their text: numbers of sections and steps, captions, heads of columns."""

from __future__ import annotations

import re

from core.language.english.words import MONTH

NUMBERED_ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?:(?:step|item)[ \t]+(?P<named>\d{1,3})[.):]?|(?P<number>\d{1,3})[.)])[ \t]+(?=\S)",
    re.IGNORECASE,
)
# A line that holds the number of its page.
FOLIO = re.compile(r"(?:page\s+)?\d{1,4}(?:\s+of\s+\d{1,4})?$", re.IGNORECASE)
# The line over a table or a figure.
CAPTION = re.compile(r"(?:table|figure|exhibit|schedule)\s+[\w.-]+", re.IGNORECASE)
DATE_HEAD = re.compile(rf"{MONTH} \d{{1,2}},", re.IGNORECASE)  # "June 25," over "2022"
COLUMN_HEAD = re.compile(rf"\b(?:19|20)\d\d\b|\b{MONTH} \d|\bended\b|\bas of\b|\(in ", re.IGNORECASE)
# A line of running text may end in a date: "... ends on February 28, 2027."
DATE_END = re.compile(rf"[a-z]\s+{MONTH} \d{{1,2}}, (?:19|20)\d\d[.;,]?$", re.IGNORECASE)
# The label of the question in a prompt.
QUESTION_LINE = re.compile(r"^[ \t]*(?:question|q)[ \t]*:", re.IGNORECASE | re.MULTILINE)
