"""Spans grown to whole values: a date with its year, an amount with its unit, both ends of a range."""

from __future__ import annotations

import re

from core.reading.text.sentences import Offsets
from core.reading.text.values import Value, values

_AROUND = 60  # code points beside a span in which its value may go on
_UNIT = re.compile(
    r"\s?(?:%|‰|°\s?[CFK]?|per ?cent|percent|percentage points|[kmµ]?g|[kcmµn]?m[²³]?|km/h|m/s|mph|knots|miles|ha|t/ha"
    r"|[mµ]?l|litres?|[kMG]?Wh?|m?V|[mµ]?A|[kMG]?Hz|ms|bar|[kM]?Pa|[KMGT]B|pence|cents?|crowns"
    r"|(?:working |business |calendar )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?)"
    r"|square met(?:re|er)s|cubic met(?:re|er)s|sq\.? ?(?:m|ft))(?![\w/])"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_WEEKDAY_BEFORE = re.compile(rf"\b{_WEEKDAY},?\s$", re.IGNORECASE)
_WEEKDAY_END = re.compile(rf"\b{_WEEKDAY}$", re.IGNORECASE)
_TO = re.compile(r"\s?(?:to|and|until|–|-)\s?$")
_BETWEEN = re.compile(r"^(?:between|from)\b", re.IGNORECASE)
_BEFORE_RANGE = re.compile(r"\b(?:between|from)\s$", re.IGNORECASE)


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
    if inside[0][0] - start <= len("between "):
        start, end = _with_range(text, start, end, placed_values, inside[-1][2])
    return _with_weekday(text, start), end


def _with_unit(text: str, end: int) -> int:
    unit = _UNIT.match(text, end) if text[end - 1].isdigit() else None
    return unit.end() if unit else end


def _with_weekday(text: str, start: int) -> int:
    """Where a date begins with the weekday before it."""
    before = _WEEKDAY_BEFORE.search(text, max(0, start - 12), start)
    return before.start() if before else start


def _with_range(text: str, start: int, end: int, placed_values: list[tuple[int, int, Value]], last: Value) -> Offsets:
    """Both ends of a range of which the span holds the first."""
    opened = _BETWEEN.match(text[start:end]) or _BEFORE_RANGE.search(text, max(0, start - 9), start)
    for low, high, value in placed_values:
        link = text[end:low] if low >= end else ""
        joins = bool(_TO.fullmatch(link)) and (opened or "and" not in link)
        if joins and (value.kind == last.kind or {value.kind, last.kind} <= {"number", "money", "percent"}):
            return start, _with_unit(text, high)
    return start, end


def with_times(text: str, start: int, end: int) -> Offsets:
    """Return a span that ends in a weekday with the time that follows it: "Wednesdays 14:00 to 15:30"."""
    if not _WEEKDAY_END.search(text[start:end]):
        return start, end
    times = [value for value in values(text[end : end + _AROUND]) if value.kind == "time"]
    if not times or not re.fullmatch(r",?\s(?:at |from |between )?", text[end : end + times[0].start]):
        return start, end
    low, high = completed(text, end + times[0].start, end + times[0].end)
    return start, max(high, low)
