"""Full names and abbreviations of months and weekdays that mean the same."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from core.language.language import languages

_FEWEST_LETTERS = 3  # "Di" and "so" are words too


@cache
def calendar_names() -> MappingProxyType[str, frozenset[str]]:
    """Return the spellings of the same month or weekday, by each name in lower case.

    A name that several languages have gets the spellings of all of them. Abbreviations of two letters are spellings of
    a name, but no name to look up.
    """
    spellings: dict[str, frozenset[str]] = {}
    for each in languages():
        for row in (*each.months, *each.weekdays):
            for name in row:
                if len(name) >= _FEWEST_LETTERS or name == row[0]:
                    spellings[name] = spellings.get(name, frozenset()) | frozenset(row)
    return MappingProxyType(spellings)
