"""Changes exactly one number, date or name of a text, for false answers and for errors planted to measure checks.

Formats stay as they were: thousands separators, decimals, currency, unit, order of day and month. The new value differs
from the old one; whether it is false in the world is not known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from synth.facts.english.values import DATE, MONTHS, SMALL_NUMBERS

_DIGITS = re.compile(r"(?<![\w.,:/-])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\w:/]|[.,]\d|-\w)")
_SPELLED = re.compile(rf"\b(?:{'|'.join(SMALL_NUMBERS[1:])})\b", re.IGNORECASE)
_UNIT_JOINED = re.compile(r"(?<![\w.,:/-])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?=[%°$€£a-zµ])")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_DATE = re.compile(rf"\b(?:{DATE}|(?:1[5-9]|20)\d\d)\b")
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_TIME = re.compile(r"\b(?P<hour>[01]?\d|2[0-3])(?=:[0-5]\d\b)")
_NAME = re.compile(r"\b[A-Z][\w’&.-]*[\w](?: (?:(?:of|the|and|for|de|van|von|&) )*[A-Z][\w’&.-]*\w)*")
_STARTERS = frozenset(
    "the a an in on at it its this these that those he she they we our for from by as if when while after before there all no "
    "each every according what who where how which is are was were and but or with please".split()
)


@dataclass(frozen=True, slots=True)
class Change:
    """A text with one thing changed.

    Attributes:
        text: The changed text.
        old: What was replaced.
        new: What stands in its place.
        start: Where, in both texts.
    """

    text: str
    old: str
    new: str
    start: int


def wrong_number(text: str, rng: Random) -> Change | None:
    """Change one number, in digits or as a word, that is no part of a date or a time.

    Returns:
        The change, or None for a text without such a number.
    """
    dates = [match.span() for match in _DATE.finditer(text)] + [match.span() for match in _TIME.finditer(text)]
    matches = [*_DIGITS.finditer(text), *_UNIT_JOINED.finditer(text), *_SPELLED.finditer(text)]
    free = {
        match.span(): match
        for match in matches
        if not any(start < match.end() and match.start() < end for start, end in dates)
    }
    if not free:
        return None
    start, end = rng.choice(sorted(free))
    return _changed(text, start, end, _other_number(text[start:end], text[end : end + 12], rng))


def wrong_date(text: str, rng: Random) -> Change | None:
    """Change the day, month or year of one date, or the hour of one clock time.

    Returns:
        The change, or None for a text without a date.
    """
    spans = [match.span() for match in _DATE.finditer(text)] or [match.span() for match in _TIME.finditer(text)]
    if not spans:
        return None
    start, end = rng.choice(spans)
    return _changed(text, start, end, _other_date(text[start:end], rng))


def wrong_entity(text: str, others: Sequence[str], rng: Random) -> Change | None:
    """Put another name in the place of one name.

    Args:
        text: Holds the name.
        others: Names to take from, such as the answers of other facts of the same kind.
        rng: Source of chance.

    Returns:
        The change, or None where the text holds no name or `others` no different one.
    """
    names = names_in(text)
    rng.shuffle(names)
    for start, end in names:
        old = text[start:end].casefold()
        fits = sorted(
            {name for name in others if name.strip() and name.casefold() not in old and old not in name.casefold()}
        )
        alike = [name for name in fits if len(name.split()) == len(old.split())] or fits
        if alike:
            return _changed(text, start, end, rng.choice(alike))
    return None


def names_in(text: str) -> list[tuple[int, int]]:
    """Return the spans of names: runs of capitalised words, without a word that only begins a sentence."""
    spans = []
    for match in _NAME.finditer(text):
        start, words = match.start(), match[0].split()
        if words[0].casefold() in _STARTERS | {month.casefold() for month in MONTHS}:
            start += len(words[0]) + 1
            words = words[1:]
        first = not text[:start].strip() or text[:start].rstrip()[-1] in ".!?:"
        if words and words[0][0].isupper() and not (first and len(words) == 1):
            spans.append((start, match.end()))
    return spans


def _changed(text: str, start: int, end: int, new: str) -> Change:
    return Change(text[:start] + new + text[end:], text[start:end], new, start)


def _other_number(old: str, after: str, rng: Random) -> str:
    """Another number of the same format and about the same size."""
    if not old[0].isdigit():
        choices = [word for word in SMALL_NUMBERS[1:] if word != old.casefold()]
        new = rng.choice(choices)
        return new.capitalize() if old[0].isupper() else new
    places = len(old.partition(".")[2])
    step = Decimal(1).scaleb(-places)
    value = Decimal(old.replace(",", ""))
    share = bool(re.match(r"\s?(?:%|per ?cent)", after)) and value <= 100
    while True:
        factor = Decimal(rng.choice((55, 65, 75, 85, 90, 110, 115, 125, 140, 160, 180))) / 100
        drawn = (value * factor).quantize(step)
        if abs(drawn - value) < step:
            drawn = value + step * rng.choice((1, 2, 3))
        if share and drawn > 100:
            drawn = (value / 2).quantize(step)
        if drawn != value and drawn >= 0:
            return f"{drawn:,.{places}f}" if "," in old else f"{drawn:.{places}f}"


def _other_date(old: str, rng: Random) -> str:
    """Another date of the same format, or another hour."""
    if old.isdigit() and len(old) < 3:
        hours = range(10, 24) if len(old) == 2 and old[0] != "0" else range(1, 10)
        return rng.choice([f"{hour:0{len(old)}d}" for hour in hours if hour != int(old)])
    parts = []
    year = _YEAR.search(old)
    if year:
        parts.append("year")
    if _DAY.search(old) and "-" not in old:
        parts.append("day")
    month = next((name for name in MONTHS if name in old), "")
    if month:
        parts.append("month")
    part = rng.choice(parts)
    if part == "year" and year:
        new = int(year[0]) + rng.choice((-3, -2, -1, 1, 2, 3))
        return old[: year.start()] + str(new) + old[year.end() :]
    if part == "month":
        return old.replace(month, rng.choice([name for name in MONTHS if name != month]))
    return _DAY.sub(
        lambda day: str(rng.choice([other for other in range(1, 29) if other != int(day[0])])), old, count=1
    )
