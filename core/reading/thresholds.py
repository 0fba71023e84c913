"""Whether a value is above or below what a question holds it against: "Is the notice period longer than two weeks?"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

from core.language.english import comparing
from core.reading.text.measures import Quantity, measures
from core.reading.text.words import has_minus

_HOLDS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "above": operator.gt,
    "least": operator.ge,
    "below": operator.lt,
    "most": operator.le,
}
# Units of time in days, the shortest and the longest: months and years differ.
_DAYS: Mapping[str, tuple[Fraction, Fraction]] = {
    "second": (Fraction(1, 86_400),) * 2,
    "minute": (Fraction(1, 1440),) * 2,
    "hour": (Fraction(1, 24),) * 2,
    "day": (Fraction(1),) * 2,
    "night": (Fraction(1),) * 2,
    "week": (Fraction(7),) * 2,
    "fortnight": (Fraction(14),) * 2,
    "month": (Fraction(28), Fraction(31)),
    "quarter": (Fraction(90), Fraction(92)),
    "year": (Fraction(365), Fraction(366)),
}
_BOUND_CHARS = 24


def held_against(question: str, short: str, quote: str) -> str | None:
    """Answer a question whether a value is above or below a bound.

    Args:
        question: As a person asks it.
        short: The short answer: it has the value, or the quote does.
        quote: What was found.

    Returns:
        `yes` or `no`; empty where the question has a bound and the quote does not tell; None where it has none, or the
        quote has the same one.
    """
    way = comparing.THRESHOLD.search(question)
    found_bound = None if way is None else _bound(question[way.end() :])
    if way is None or found_bound is None:
        return None
    counted, bound = found_bound
    sign = str(way.lastgroup)
    if shares_bound(question, quote):
        return None
    for text in (short, quote):
        known = {_number(text, each): each for each in measures(text) if _comparable(each, bound)}
        # Against zero, a number with a unit is a value; others may be days and years.
        values = {number: each for number, each in known.items() if bound.unit or each.unit} or known
        if len(values) > 1:
            return ""
        if values:
            ((number, quantity),) = values.items()
            limit = _number(counted, bound)
            outcomes = {_HOLDS[sign](*sides) for sides in _sides((number, quantity.unit), (limit, bound.unit))}
            return "" if len(outcomes) > 1 or _is_open(text, quantity, sign) else ("yes" if outcomes.pop() else "no")
    return ""


def shares_bound(question: str, text: str) -> bool:
    """Tell whether a question and a text have one bound ("children under ten"): it says of whom both speak."""
    mine, given = (
        {(sign, each.number, each.unit, each.power) for sign, _, each in _bounds(part)} for part in (question, text)
    )
    return not mine.isdisjoint(given)


def meets(question: str, rule: str) -> bool | None:
    """Tell whether the one value of a question is inside the bound of a rule ("five hours", "only above six").

    Args:
        question: Without a bound of its own.
        rule: A sentence.

    Returns:
        Of two bounds, whether it is inside one where the rule says "or", else inside both. None where the rule has no
        bound, the question no value of its unit, or more than one, or where it is not told.
    """
    outcomes = [outcome for outcome in map(partial(_inside, question), _bounds(rule)) if outcome is not None]
    if len(outcomes) > 1 and not comparing.OR.search(rule):
        return all(outcomes)
    return any(outcomes) if outcomes else None


def _bounds(rule: str) -> Iterator[tuple[str, str, Quantity]]:
    """Yield the bounds of a rule: the sign, the text as its numbers were counted, and the value."""
    for way in comparing.THRESHOLD.finditer(rule):
        read_bound = _bound(rule[way.end() :])
        if read_bound is not None:
            yield str(way.lastgroup), *read_bound
    for way in comparing.BOTH_BOUNDS.finditer(rule):
        low, high = measures(way["low"]), measures(rule[way.end() :])
        if low and high:
            yield "least", way["low"], replace(low[0], unit=low[0].unit or high[0].unit)
            yield "most", rule[way.end() :], high[0]


def _inside(question: str, rule_bound: tuple[str, str, Quantity]) -> bool | None:
    """Whether the one value of a question is inside a bound; None where it has none of its unit, or is not told."""
    sign, counted, bound = rule_bound
    limit = _number(counted, bound)
    # An age is given without its unit: "under 21".
    ages = {"year"} if not bound.unit else set()
    values = [each for each in measures(question) if each.unit in ages or (bound.unit and _comparable(each, bound))]
    if len(values) != 1:
        return None
    sides = _sides((_number(question, values[0]), values[0].unit), (limit, bound.unit))
    outcomes = {_HOLDS[sign](*pair) for pair in sides}
    return outcomes.pop() if len(outcomes) == 1 else None


def _bound(text: str) -> tuple[str, Quantity] | None:
    """Return the value that a text begins with, and the text as its numbers were counted; None where it has none."""
    if comparing.NOTHING.match(text):
        return "", Quantity(written="", number="0", unit="", power=0, start=0)
    counted = comparing.ONE_OF.sub("1 ", text, count=1) if comparing.ONE_OF.match(text) else text
    first = next(iter(measures(counted)), None)
    if first is None or (counted != text and not first.unit):
        return None
    if counted[: first.start].strip() and not has_minus(counted, first.start):
        return None
    return counted, first


def _comparable(quantity: Quantity, bound: Quantity) -> bool:
    """Whether a value may be held against a bound: of one unit, both times, or the bound has none, as zero."""
    return not bound.unit or quantity.unit == bound.unit or {quantity.unit, bound.unit} <= _DAYS.keys()


def _number(text: str, quantity: Quantity) -> Fraction:
    value = Fraction(quantity.number) * Fraction(10) ** quantity.power
    return -value if has_minus(text, quantity.start) else value


def _sides(value: tuple[Fraction, str], limit: tuple[Fraction, str]) -> list[tuple[Fraction, Fraction]]:
    """Return what is to be compared: two numbers of one unit, or times at their shortest and their longest."""
    if value[1] == limit[1] or not limit[1]:
        return [(value[0], limit[0])]
    return [(value[0] * days, limit[0] * limit_days) for days in _DAYS[value[1]] for limit_days in _DAYS[limit[1]]]


def _is_open(text: str, quantity: Quantity, sign: str) -> bool:
    """Whether a value is itself a bound and leaves open how it stands: "at least 30" against "less than 50"."""
    before = text[max(0, quantity.start - _BOUND_CHARS) : quantity.start]
    bounding = comparing.AT_LEAST if sign in ("below", "most") else comparing.AT_MOST
    return any(not before[match.end() :].strip() for match in bounding.finditer(before))
