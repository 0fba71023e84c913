"""Numbers with the unit and the scale that a text gives them, and whether a text gives a number another one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.language.english import units
from core.language.english.stemming import DIGIT_OF
from core.language.language import alternation, language
from core.reading.text.values import decimal_of, plain

_ENGLISH = language("en")
_SCALES = {**_ENGLISH.scales, **_ENGLISH.scale_abbreviations}
_NUMBER = re.compile(
    rf"(?<![\w.,/])(?P<money>[{''.join(units.MONEY_SIGNS)}])?\s?(?:(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"|(?P<word>{alternation(DIGIT_OF)})\b)(?![\d/]|[.,]\d)",
    re.IGNORECASE,
)
_SCALE = re.compile(rf"[\s-]?(?P<scale>{alternation(_SCALES)})\b\.?", re.IGNORECASE)
_UNIT = re.compile(
    r"[\s-]{0,2}(?:"
    + "|".join(f"(?P<u{index}>{spellings})" for index, spellings in enumerate(units.SAME_UNITS.values()))
    + r")(?![\w/²³])"
)
# Of a unit behind its number; signs of units are shorter than words.
_LONGEST_CHARS, _SPELLED_CHARS = 40, 3
_NAMES = tuple(units.SAME_UNITS)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it stands in a text.

    Attributes:
        written: Its digits or its word.
        number: Canonical, without its scale.
        unit: Key in `units.SAME_UNITS`; empty where none is read.
        power: Of ten, by a word such as "million"; 0 without one.
        start: First code point of its digits, of its sign of money or of its word.
    """

    written: str
    number: str
    unit: str
    power: int
    start: int

    def agrees(self, other: Quantity) -> bool:
        """Whether another text's measure of the same number may be meant: nothing that is known of both differs.

        A number with neither unit nor scale, and money without a scale, may be a cell of a table whose head gives them.
        """
        if not (other.unit or other.power):
            return True
        in_table = self.power > 0 and not other.power and other.unit in units.MONEY_SIGNS.values()
        same_power = self.power == other.power or in_table
        return same_power and (not self.unit or not other.unit or self.unit == other.unit)


@lru_cache(maxsize=256)
def measures(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of an English text, in digits or as words up to twelve, in order."""
    read = []
    for match in _NUMBER.finditer(text):
        number = plain(decimal_of(match["digits"])) if match["digits"] else DIGIT_OF[match["word"].casefold()]
        scale = _SCALE.match(text, match.end())
        unit = _unit(text, scale.end() if scale else match.end())
        name = _NAMES[int(str(unit.lastgroup)[1:])] if unit else units.MONEY_SIGNS.get(match["money"] or "", "")
        read.append(
            Quantity(
                written=(match["digits"] or match["word"]) + (scale[0] if scale else "") + (unit[0] if unit else ""),
                number=number,
                unit=name,
                power=_SCALES[scale["scale"].casefold()] if scale else 0,
                start=match.start(),
            )
        )
    return tuple(read)


def one_percentage(text: str) -> str:
    """Return the only percentage of a text that has other numbers, too; empty otherwise."""
    read = measures(text)
    percentages = [quantity.written for quantity in read if quantity.unit == units.PERCENT]
    return percentages[0] if len(percentages) == 1 and len(read) > 1 else ""


def _unit(text: str, start: int) -> re.Match[str] | None:
    """Match a unit behind a number; one that is spelled out in any case."""
    behind = text[start : start + _LONGEST_CHARS]
    exact = _UNIT.match(behind)
    if exact:
        return exact
    spelled = _UNIT.match(behind.lower())
    return spelled if spelled and len(spelled[0].strip(" -")) >= _SPELLED_CHARS else None


def other_measure(text: str, sources: Iterable[str]) -> str:
    """Return the first number of a text with a unit or a scale that its sources give another one, as it is written.

    Empty where there is none. A number that the sources do not hold, or hold without unit and scale, tells nothing.
    """
    claimed = [measure for measure in measures(text) if measure.unit or measure.power]
    if not claimed:
        return ""
    stated: dict[str, list[Quantity]] = {}
    for source in sources:
        for measure in measures(source):
            stated.setdefault(measure.number, []).append(measure)
    for measure in claimed:
        known = stated.get(measure.number, [])
        if known and not any(measure.agrees(other) for other in known):
            return measure.written
    return ""
