"""English patterns of the part of a sentence that answers: durations, counts, names, places, reasons, definitions."""

from __future__ import annotations

import re

from core.language.english.words import WEEKDAY
from core.language.language import alternation, language

_ENGLISH = language("en")
DURATION = re.compile(
    r"(?:(?:about|every|within|at least|up to)\s)?(?:\d[\d.,]*|[a-z]+(?:-[a-z]+)?)\s"
    r"(?:(?:calendar|working|business)\s)?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?)(?:\sand\s\d+\s(?:minutes?|seconds?|days?|months?))?",
    re.IGNORECASE,
)
_SMALL = alternation(spellings[0] for spellings in _ENGLISH.small_numbers)
_TENS = alternation(spellings[0] for spellings in _ENGLISH.tens[1:])
COUNTED = re.compile(rf"\b(?:{_SMALL}|(?:{_TENS})(?:-\w+)?|hundred|dozen|once|twice)\b", re.IGNORECASE)
NAME = re.compile(
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.?\s)?[A-Z\u00c0-\u00de][\w’'.-]*(?:\s(?:(?:of|de|van|von|der|and|&|the)\s)*[A-Z\u00c0-\u00de\d][\w’'&-]*)*"
)
PLACE = re.compile(
    r"\b(?:in|at|from|near|to|on|via)\s(?P<name>(?:the\s)?[A-Z\u00c0-\u00de][\w’'-]*(?:[\s,]+[A-Z\u00c0-\u00de][\w’'-]*)*)"
)
REASON = re.compile(
    r"\b(?:because(?: of)?|due to|since|so that|in order to|owing to)\b(?P<rest>.+)", re.IGNORECASE | re.DOTALL
)
IS = re.compile(r"\b(?:is|are|was|were|means?|refers? to)\b\s(?P<rest>.+)", re.IGNORECASE | re.DOTALL)
PROPERTY = re.compile(r"^(?P<name>[^:]{2,60}):\s+(?P<rest>\S.*)$", re.DOTALL)
DATE_NAMES = re.compile(
    rf"\b(?:{WEEKDAY}"
    r"|(?:spring|summer|autumn|winter)(?: (?:of )?(?:19|20)\d\d)?|(?:1[5-9]|20)\d\d)\b",
    re.IGNORECASE,
)
# What stands behind a number and belongs to it: "9.4 kg", not "seven make".
UNIT = re.compile(r"\s(?:kg|g|m|km|cm|mm|ft|l|litres?|W|kW|V|bar|°C|t/ha|GB|MB|percent|people|employees|days|hours)\b")
EVERY = re.compile(r"(?:every|each)\b", re.IGNORECASE)
