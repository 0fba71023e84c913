"""English words that ask which of several has the most or the least of something, and what it is measured in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.language.english.units import MONEY_SIGNS

_MONEY = frozenset((*MONEY_SIGNS.values(), "crown", "franc", "rupee", "cent", "penny"))
# Units of one dimension by how many of the smallest of them they are.
IN_SMALLEST = (
    {"millimetre": 1, "centimetre": 10, "metre": 1000, "kilometre": 1_000_000},
    {"inch": 1, "foot": 12, "yard": 36, "mile": 63_360},
    {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "night": 86_400, "week": 604_800},
    {"month": 1, "year": 12},
    {"milligram": 1, "gram": 1000, "kilogram": 1_000_000, "tonne": 1_000_000_000},
)
_LENGTHS = frozenset((*IN_SMALLEST[0], *IN_SMALLEST[1]))
_TIMES = frozenset((*IN_SMALLEST[2], *IN_SMALLEST[3]))
_MASSES = frozenset(IN_SMALLEST[4])


@dataclass(frozen=True, slots=True)
class Ranking:
    """A superlative.

    Attributes:
        asks: Matches questions that have it.
        least: Whether it is the smallest that is asked for.
        units: Keys of `units.SAME_UNITS` in which it is measured.
    """

    asks: re.Pattern[str]
    least: bool
    units: frozenset[str]


def _ranking(asks: str, units: frozenset[str], *, least: bool = False) -> Ranking:
    return Ranking(re.compile(rf"\b(?:{asks})\b", re.IGNORECASE), least, units)


RANKINGS = (
    _ranking(
        r"cheapest|least expensive|costs? (?:the )?least|lowest (?:price|offer|bid|quote|rent|fee)", _MONEY, least=True
    ),
    _ranking(r"dearest|most expensive|costs? (?:the )?most|highest (?:price|offer|bid|quote|rent|fee)", _MONEY),
    _ranking(r"closest|nearest|shortest (?:way|distance|route|walk)", _LENGTHS, least=True),
    _ranking(r"farthest|furthest", _LENGTHS),
    _ranking(r"longest", _LENGTHS | _TIMES),
    _ranking(r"shortest", _LENGTHS | _TIMES, least=True),
    _ranking(r"tallest|highest|widest|deepest", _LENGTHS),
    _ranking(r"lowest|narrowest", _LENGTHS, least=True),
    _ranking(r"heaviest", _MASSES),
    _ranking(r"lightest", _MASSES, least=True),
    _ranking(r"fastest|quickest", _TIMES, least=True),
    _ranking(r"slowest", _TIMES),
    _ranking(r"oldest", _TIMES),
    _ranking(r"youngest", _TIMES, least=True),
)
# Who or what a part of a sentence is about: a name at its beginning.
NAME_FIRST = re.compile(r"^\W*(?:(?i:the|and|but)\s)*(?P<name>[A-Z][\w’'&-]*(?:\s(?:&\s)?[A-Z][\w’'&-]*){0,3})(?=\s)")
# What parts the statements of a sentence that are to be compared.
PART_GAP = re.compile(
    r"[;:]\s+|,\s+(?:and\s+|but\s+|while\s+|whereas\s+)?|\s(?:and|but|while|whereas)\s(?=(?:the\s)?[A-Z])"
)
