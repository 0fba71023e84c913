"""English patterns of short forms: what asks for the words behind one, and how a text says them."""

from __future__ import annotations

import re

_QUOTED = r"[\"“'‘]?(?P<{}>{})[\"”'’]?"
_SHORT = r"(?=[\w&.-]*[A-Z])[A-Za-z][\w&.-]{1,9}?"
_CAPITALS = r"(?=(?:[\w&.-]*[A-Z]){2})[A-Za-z][\w&.-]{1,9}?"  # "mean" may be asked of any word
_KIND = r"(?i:the\s)?(?i:(?:abbreviation|acronym|initials|letters|short form|term)\s)?"
# "What does TDS stand for?", "What is the full form of TDS?"
ASKS = re.compile(
    rf"(?i:^\W*what (?:does|do|did)\s){_KIND}{_QUOTED.format('short', _SHORT)}\s(?i:stand for|abbreviate)\b[^?]{{0,20}}"
    r"\W*$"
    rf"|(?i:^\W*what (?:does|do|did)\s){_KIND}{_QUOTED.format('term', _CAPITALS)}\s(?i:mean|refer to)\W*$"
    rf"|(?i:^\W*what is\s(?:the\s)?){_QUOTED.format('shortened', _SHORT)}"
    r"\s(?i:short|an? (?:abbreviation|acronym))\s(?i:for|of)\W*$"
    rf"|(?i:^\W*what is the (?:full|long) (?:form|name) of\s(?:the\s)?){_QUOTED.format('full', _SHORT)}\W*$"
)
# The same may ask for what it is: only of capitals.
ASKS_WHAT = re.compile(r"(?i:^\W*what is\s(?:the\s|an?\s)?)(?P<short>[A-Z]{2,6})\W*$")
# Between a short form and its words.
MEANS = (
    r"[\"”'’]?\s*(?:\(?(?:stands for|is short for|is an abbreviation (?:of|for)|means|abbreviates)\b"
    r"|[:=–—-]|\t| {2,}|\|)\s*[\"“'‘]?"
)
# Before a short form in brackets.
BEFORE_SHORT = r"(?:the\s|hereinafter\s|or\s|short:?\s|abbreviated(?:\sas)?:?\s)?[\"“'‘]?"
