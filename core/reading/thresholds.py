"""Whether a value is above or below what a question holds it against: "Is the notice period longer than two weeks?"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal

from core.language.english import comparing
from core.reading.text.measures import Quantity, measures
from core.reading.text.words import has_minus

_HOLDS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "above": operator.gt,
    "least": operator.ge,
    "below": operator.lt,
    "most": operator.le,
}
# Units of time that are exact multiples of a second.
_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "night": 86_400,
    "week": 604_800,
    "fortnight": 1_209_600,
}
_BOUND_CHARS = 24


def held_against(question: str, short: str, quote: str) -> str | None:
    """Answer a question whether a value is above or below a bound.

    Args:
        question: As a person asks it.
        short: The short answer: it has the value, or the quote does.
        quote: What was found.

    Returns:
        `yes` or `no`; empty where the question has a bound and the quote does not tell; None where it has none.
    """
    way = comparing.THRESHOLD.search(question)
    bound = None if way is None else _bound(question[way.end() :])
    if way is None or bound is None:
        return None
    sign, limit, unit = str(way.lastgroup), bound[0], bound[1]
    for text in (short, quote):
        read = {_value(text, quantity): quantity for quantity in measures(text) if _of_unit(quantity, unit)}
        if len(read) == 1:
            ((value, quantity),) = read.items()
            return "" if _is_open(text, quantity, sign) else ("yes" if _HOLDS[sign](value, limit) else "no")
        if read:
            return ""
    return ""


def _bound(text: str) -> tuple[Decimal, str] | None:
    """Return the value that a text begins with, and its unit; None where it begins with none."""
    if comparing.NOTHING.match(text):
        return Decimal(0), ""
    counted = comparing.ONE_OF.sub("1 ", text, count=1) if comparing.ONE_OF.match(text) else text
    first = next(iter(measures(counted)), None)
    if (
        first is None
        or counted[: first.start].strip(" -−") not in ("", "minus")
        or (counted != text and not first.unit)
    ):
        return None
    value = _value(counted, first)
    return value, "second" if first.unit in _SECONDS else first.unit


def _of_unit(quantity: Quantity, unit: str) -> bool:
    """Whether a value may be held against a bound: both have one unit, or the bound has none, as zero."""
    own = "second" if quantity.unit in _SECONDS else quantity.unit
    return own == unit or not unit


def _value(text: str, quantity: Quantity) -> Decimal:
    value = Decimal(quantity.number) * Decimal(10) ** quantity.power * _SECONDS.get(quantity.unit, 1)
    return -value if has_minus(text, quantity.start) else value


def _is_open(text: str, quantity: Quantity, sign: str) -> bool:
    """Whether a value is itself a bound and leaves open how it stands: "at least 30" against "less than 50"."""
    before = text[max(0, quantity.start - _BOUND_CHARS) : quantity.start]
    bounding = comparing.AT_LEAST if sign in ("below", "most") else comparing.AT_MOST
    return any(not before[match.end() :].strip() for match in bounding.finditer(before))
