"""Spans grown to whole values: a date with its year, an amount with its unit, both ends of a range, a whole address.

Of a line "Name: value" that the question names, the value is grown to the whole of it as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.language.english import units
from core.language.english.words import WEEKDAY
from core.language.figures import UNSPACED_VALUE
from core.reading.text.sentences import Offsets
from core.reading.text.values import Value, values
from core.reading.text.words import terms

_AROUND = 60  # code points beside a span in which its value may go on
_WEEKDAY_BEFORE = re.compile(rf"\b{WEEKDAY},?\s$", re.IGNORECASE)
# Mail and web addresses, and codes of letters and figures: "INV-2024/031".
_ADDRESS = re.compile(r"[\w.+%-]+@\w[\w.-]*\w|(?:\w+://|www\.)\S+[\w/]")
_CODE = re.compile(r"(?=\S*[A-Z])(?=\S*\d)[A-Z0-9]+(?:[-/.:][A-Z0-9]+)+(?![\w-])")
# Figures that a sign joins: the number of an invoice, a range, a date.
_JOINED = re.compile(r"(?<![\w.,/-])\d+(?:[-/]\d+)+(?![\w/-])")
# A number that identifies, in groups: "2019 4431 88", "DE89 3704 0044".
_GROUPED = re.compile(
    r"(?<![\w.,/-])(?:[A-Z]{2}\d{2}(?:\s[A-Z0-9]{2,4})+|\d{2,5}(?:[ \u00a0-]\d{1,5}){2,})(?![\w/-]|[.,]\d)"
)
# What stands before such a number, and not before the figures of a row.
_NUMBER_FOLLOWS = re.compile(rf"(?:[:(#]|\b(?:{units.NUMBER_FOLLOWS}))\s*$", re.IGNORECASE)
_PROPERTY = re.compile(r"[ \t]*(?:[-•*]\s)?(?P<name>[^:\n]{2,60}):[ \t]+(?P<value>[^\n]+)")
_PARTS = re.compile(r"[,;|()\n]|\s[-–—]\s|(?<=[^\W\d_]{3})[.!?](?=\s)|[☐☒☑○◉]")
_NO_WHOLE = re.compile(r"[()☐☒☑○◉]|:\s")  # in a value that is not given as a whole
_NEXT_SENTENCE = re.compile(r"(?<=[^\W\d_]{3})[.!?]\s+(?=[A-Z])")
_MOST_WORDS = 6  # of a value that is given whole
_PARTICLE = 3  # letters of "van", "de"
_FURTHER_WEEKDAY = re.compile(rf"{units.DAY_LINK}{WEEKDAY}\b", re.IGNORECASE)
_WEEKDAY_END = re.compile(rf"\b{WEEKDAY}$", re.IGNORECASE)


def completed(text: str, start: int, end: int) -> Offsets:
    """Return a span with the rest of the values that it cuts, their units and the other end of their range.

    Args:
        text: What the span stands in.
        start: First code point.
        end: One past the last.
    """
    start, end = _whole_token(text, start, end)
    low = max(0, start - _AROUND)
    if not text[low : end + _AROUND].isascii():
        for match in UNSPACED_VALUE.finditer(text, low, end + _AROUND):
            if match.start() < end and start < match.end():
                start, end = min(start, match.start()), max(end, match.end())
    # A value may run over a line break, not over a blank line.
    piece = text[low : end + _AROUND]
    placed_values = [(value.start + low, value.end + low, value) for value in values(piece)]
    inside = [item for item in placed_values if item[0] < end and start < item[1]]
    if not inside or "\n\n" in text[min(start, inside[0][0]) : max(end, inside[-1][1])]:
        return start, end
    start, end = min(start, inside[0][0]), max(end, inside[-1][1])
    end = _with_unit(text, end)
    if inside[0][0] - start <= units.LONGEST_OPENING:
        start, end = _with_range(text, start, end, placed_values, inside[-1][2])
    return _with_weekday(text, start), end


def _whole_token(text: str, start: int, end: int) -> Offsets:
    """Return a span with the rest of the addresses and codes that it cuts."""
    low = max(text.rfind(" ", 0, start), text.rfind("\n", 0, start)) + 1
    high = next((place for place in range(end, len(text)) if text[place].isspace()), len(text))
    for pattern in (_ADDRESS, _CODE, _JOINED):
        for match in pattern.finditer(text, low, high):
            if match.start() < end and start < match.end():
                start, end = min(start, match.start()), max(end, match.end())
    return start, end


def with_groups(text: str, start: int, end: int) -> Offsets:
    """Return a span with the other groups of the number that it is a part of; a row of figures is no such number.

    Args:
        text: What the span stands in.
        start: First code point.
        end: One past the last.
    """
    low = text.rfind("\n", 0, start) + 1
    high = text.find("\n", end)
    for match in _GROUPED.finditer(text, low, high if high >= 0 else len(text)):
        is_told = _NUMBER_FOLLOWS.search(text[low : match.start()])
        if is_told and match.start() < end and start < match.end():
            return min(start, match.start()), max(end, match.end())
    return start, end


def with_relation(text: str, start: int, end: int) -> Offsets:
    """Return a span that ends in a length of time with what tells from when it counts: "7 days before"."""
    relation = units.RELATION.match(text, end) if units.TIME_UNIT.search(text[start:end]) else None
    return start, relation.end() if relation else end


def whole_property(text: str, start: int, end: int, question_terms: Sequence[str], kind: str) -> Offsets:
    """Return a span of a line "Name: value" with the rest of the value, where the question has words of the name.

    A span that is half of a value or more is grown to all of it, a shorter one to the next comma, bracket or sentence.

    Args:
        text: What the span stands in.
        start: First code point.
        end: One past the last.
        question_terms: Stems of the question's words.
        kind: What kind of answer the question asks for; only names and things are grown, persons by names alone.
    """
    low = text.rfind("\n", 0, start) + 1
    line = _PROPERTY.match(text, low)
    if (
        kind not in ("", "person", "place", "definition")
        or line is None
        or not line.start("value") <= start < end <= line.end()
    ):
        return start, end
    if not set(terms(line["name"])) & set(question_terms):
        return start, end
    value = line["value"]
    if stop := _NEXT_SENTENCE.search(value):
        if end - line.start("value") > stop.start() + 1:
            return start, end
        value = value[: stop.start() + 1]
    if not kind and not _NO_WHOLE.search(value) and 2 * len(text[start:end].split()) >= len(value.split()):
        return line.start("value"), line.start("value") + len(value.rstrip(" \t.,;"))
    borders = [(match.start(), match.end()) for match in _PARTS.finditer(text, line.start("value"), line.end())]
    first = max((after for _, after in borders if after <= start), default=line.start("value"))
    last = min((before for before, _ in borders if before >= end), default=line.end())
    piece = text[first:last]
    if len(piece.split()) > _MOST_WORDS or ": " in piece:
        return start, end
    if kind == "person":
        first, last = start - _name_chars(text[first:start], backwards=True), end + _name_chars(text[end:last])
    kept = text[first:last]
    first, last = first + len(kept) - len(kept.lstrip()), last - (len(kept) - len(kept.rstrip(" \t.,;")))
    return min(start, first), max(end, last)


def _name_chars(text: str, *, backwards: bool = False) -> int:
    """Return how many code points beside a name are names, with the particles between them."""
    pieces = re.findall(r"\s*\S+\s*" if backwards else r"\s*\S+", text)
    length = kept = 0
    for piece in reversed(pieces) if backwards else pieces:
        word = piece.strip()
        length += len(piece)
        if word[0].isupper():
            kept = length
        elif len(word) > _PARTICLE or not word.isalpha():
            break
    return kept


def _with_unit(text: str, end: int) -> int:
    unit = units.UNIT_AFTER.match(text, end) if text[end - 1].isdigit() else None
    return unit.end() if unit else end


def _with_weekday(text: str, start: int) -> int:
    """Where a date begins with the weekday before it."""
    before = _WEEKDAY_BEFORE.search(text, max(0, start - 12), start)
    return before.start() if before else start


def _with_range(text: str, start: int, end: int, placed_values: list[tuple[int, int, Value]], last: Value) -> Offsets:
    """Both ends of a range of which the span holds the first."""
    opened = units.RANGE_OPENED.match(text[start:end]) or units.RANGE_BEFORE.search(text, max(0, start - 9), start)
    for low, high, value in placed_values:
        link = text[end:low] if low >= end else ""
        joins = bool(units.RANGE_LINK.fullmatch(link)) and (opened or units.AND not in link)
        if joins and (value.kind == last.kind or {value.kind, last.kind} <= {"number", "money", "percent"}):
            return start, _with_unit(text, high)
    return start, end


def with_times(text: str, start: int, end: int) -> Offsets:
    """Return a span that ends in a weekday with the time that follows it: "Wednesdays 14:00 to 15:30"."""
    if not _WEEKDAY_END.search(text[start:end]):
        return start, end
    while further := _FURTHER_WEEKDAY.match(text, end):
        end = further.end()
    times = [value for value in values(text[end : end + _AROUND]) if value.kind == "time"]
    if not times or not re.fullmatch(units.BEFORE_TIME, text[end : end + times[0].start]):
        return start, end
    low, high = completed(text, end + times[0].start, end + times[0].end)
    return start, max(high, low)
