"""Spans grown to whole values: a date with its year, an amount with its unit, both ends of a range."""

from __future__ import annotations

import re

from core.language.english import units
from core.language.english.words import WEEKDAY
from core.reading.text.sentences import Offsets
from core.reading.text.values import Value, values

_AROUND = 60  # code points beside a span in which its value may go on
_WEEKDAY_BEFORE = re.compile(rf"\b{WEEKDAY},?\s$", re.IGNORECASE)
_WEEKDAY_END = re.compile(rf"\b{WEEKDAY}$", re.IGNORECASE)


def completed(text: str, start: int, end: int) -> Offsets:
    """Return a span with the rest of the values that it cuts, their units and the other end of their range.

    Args:
        text: What the span stands in.
        start: First code point.
        end: One past the last.
    """
    low = max(0, start - _AROUND)
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
    times = [value for value in values(text[end : end + _AROUND]) if value.kind == "time"]
    if not times or not re.fullmatch(units.BEFORE_TIME, text[end : end + times[0].start]):
        return start, end
    low, high = completed(text, end + times[0].start, end + times[0].end)
    return start, max(high, low)
