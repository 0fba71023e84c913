"""Finds amounts, shares, durations, measures, counts, dates and clock times in English text, with their kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.language.language import alternation, language

Measure = Literal["money", "percent", "duration", "measure", "count", "number", "date", "time", "frequency"]

_ENGLISH = language("en")
MONTHS = tuple(names[0].capitalize() for names in _ENGLISH.months)
_SHORT_MONTHS = alternation(name.capitalize() for names in _ENGLISH.months for name in names[1:])
MONTH = rf"(?:{'|'.join(MONTHS)}|(?:{_SHORT_MONTHS})\b\.?)"
_YEAR = r"(?:1[5-9]|20)\d\d"
DATE = (
    rf"(?:{MONTH} \d{{1,2}}, {_YEAR}|\d{{1,2}} {MONTH} {_YEAR}|{MONTH},? {_YEAR}"
    rf"|{MONTH} \d{{1,2}}(?![\d,.]*\d)|\d{{1,2}} {MONTH}|\d{{4}}-\d\d-\d\d)"
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
TENS = tuple(spellings[0] for spellings in _ENGLISH.tens[1:])
SMALL_NUMBERS = tuple(spellings[0] for spellings in _ENGLISH.small_numbers[1:])
SPELLED = (
    rf"(?i:(?:{'|'.join(TENS)})(?:-(?:{'|'.join(SMALL_NUMBERS[:9])}))?|(?:{'|'.join(SMALL_NUMBERS)})\b(?: and a half)?)"
)
NUMBER = rf"(?:{_DIGITS}|{SPELLED}\b)"
_SCALE = rf"(?: ?(?:{alternation(_ENGLISH.scales)})\b)?"
_CURRENCY = r"(?:crowns?|dollars?|euros?|pounds? sterling|yen|yuan|rupees?|francs?|cents|USD|EUR|GBP|CHF)\b"
_TIME_UNIT = (
    r"(?:milliseconds?|seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|quarters?|years?|decades?)"
)
_DAY_KIND = r"(?:working |business |calendar |consecutive |trading |full |school )?"
_UNIT = (
    r"(?:(?:nautical |square |cubic )?(?:kilomet|centimet|millimet|met|lit|millilit)(?:er|re)s?|(?:nautical |square )?miles?"
    r"|kilograms?|grams?|tonnes?|tons?|(?:square |cubic )?(?:feet|foot|inch(?:es)?|yards?)|acres?|hectares?|gallons?"
    r"|degrees?(?: (?:Celsius|Fahrenheit))?|volts?|watts?|kilowatts?|megawatts?|gigawatts?|amperes?|amps?|hertz|decibels?"
    r"|km/h|km|cm|mm|nm|µm|um|kg|mg|µg|[mk]?g|ml|mL|dl|kW(?:h\b)?|MW(?:h\b)?|GW(?:h\b)?|kV|mV|V|W|Hz|kHz|MHz|GHz|dB|TB|GB|MB|kB|KB"
    r"|°\s?[CF]|m/s|mph|rpm|psi|bar|kPa|MPa|hPa|ppm|ppb|mmHg|t|m|l|L|N|A|J|kJ|K)(?![\w/])"
)
_PER = r"(?: (?:a|an|per|each|every) (?:calendar |square |metric |common |diluted |basic )?[a-z]+(?:-[a-z]+)?\b)?"
_QUALIFIER = (
    r"(?:(?i:up to|at least|at most|about|around|approximately|roughly|nearly|almost|over|more than|less than|fewer than"
    r"|no more than|not more than|no less than|no fewer than|not less than|a (?:maximum|minimum|total) of|an average of"
    r"|exactly|only|minus|some|as many as|as much as|well over|just (?:over|under)|under) )"
)
_BARE = re.compile(
    rf"(?P<qualifier>(?:{_QUALIFIER}){{0,2}})(?:"
    rf"(?P<money>(?:US|C|A)?[$€£¥] ?{_DIGITS}{_SCALE}(?: per (?:diluted |basic |common )?[a-z]+| a (?:share|year|month|week|day))?"
    rf"|{NUMBER}{_SCALE} {_CURRENCY}{_PER})"
    rf"|(?P<percent>[-–−+]?{NUMBER} ?(?:%|per ?cent\b|percentage points?\b|basis points?\b))"
    rf"|(?P<duration>{NUMBER}(?: and a half)? {_DAY_KIND}{_TIME_UNIT}\b(?: and {NUMBER} {_TIME_UNIT}\b)?)"
    rf"|(?P<measure>[-–−]?{NUMBER}{_SCALE} ?{_UNIT}{_PER})"
    rf"|(?P<count>{NUMBER}{_SCALE})"
    r")(?![\w%]|[.,/:–-]\d|-[A-Za-z])"
)
WEEKDAY = rf"(?:{'|'.join(names[0].capitalize() for names in _ENGLISH.weekdays)})"
_RECURRING = (
    rf"on the (?:first|second|third|fourth|last|\d{{1,2}}(?:st|nd|rd|th)) (?:(?:{WEEKDAY}|day|working day|business day) )?"
    rf"of (?:each|every) (?:month|quarter|year|week)|(?:every|each) (?:{WEEKDAY}|{MONTH})"
    rf"|on {WEEKDAY}s(?: and (?:on )?{WEEKDAY}s)?"
)
_OFTEN = (
    rf"(?:(?i:at least |up to |about |only )?)(?:(?i:once|twice|{NUMBER} times)) (?:a|an|per|each|every) "
    r"(?:day|night|week|fortnight|month|quarter|half-year|year|shift|term)"
)
_WHEN = re.compile(
    rf"(?<![\w,.])(?:(?P<frequency>{_OFTEN})|(?P<recurring>{_RECURRING})|(?P<date>{DATE}|{_YEAR})|(?P<time>\d{{1,2}}:\d\d(?: ?[ap]\.?m\b\.?)?|\d{{1,2}} ?[ap]\.?m\b\.?))(?![\w%:]|[.,]\d)"
)
_UNIT_TAIL = re.compile(rf"^(?:{_QUALIFIER})*[-–−+]?{NUMBER}(?: and a half)?{_SCALE} ?")
_ATTRIBUTE = re.compile(r"(?:second|minute|hour|day|night|week|month|quarter|year)")  # "40 day visitors"
# What ends the noun phrase that a number counts.
_PHRASE_END = re.compile(
    r"[^\w'’ -]|\b(?:in|on|at|for|from|to|by|with|of|and|or|as|per|than|that|which|who|whom|whose|where|when|while|during"
    r"|under|over|between|within|about|after|before|until|into|through|because|if|but|is|are|was|were|has|have|had|will"
    r"|may|can|must|a|an|the|each|every|free|without|against|across|among|outside|inside|behind|above|below|along|not"
    r"|due|held|kept|made|used|available|ahead|beside|near|around|only|also|outstanding|authorized|issued|annually"
    r"|monthly|daily|weekly|since|throughout|including|using|located|at)\b"
)
_NOT_COUNTED = re.compile(
    r"\b(?:percent|times?|more|less|other|further|additional|such|these|those|following|same|or)\b"
)
_PLURALS = frozenset(
    "people staff men women children feet teeth mice geese sheep aircraft series species data criteria phenomena media personnel crew".split()
)


@dataclass(frozen=True, slots=True)
class Askable:
    """Something a question can ask for.

    Attributes:
        kind: What kind of answer it is.
        start: First character in the sentence; qualifiers ("up to") are included.
        end: One past the last.
        text: The span.
        noun: What is counted or measured in ("beds", "kg", "days"); empty for money, shares and dates.
    """

    kind: Measure
    start: int
    end: int
    text: str
    noun: str = ""


def is_plural(noun: str) -> bool:
    """Whether the last word of a noun phrase reads like a plural."""
    last = noun.split()[-1] if noun.split() else ""
    return last.casefold() in _PLURALS or bool(
        re.fullmatch(r"[A-Za-z’'-]*[a-z]{2}s", last) and not last.endswith(("ss", "us", "is"))
    )


def _counted(sentence: str, start: int, end: int) -> Askable | None:
    """A number with the plural noun it counts, or a bare number, which is of kind `number`."""
    rest = sentence[end:]
    if not rest.startswith(" "):
        return Askable("number", start, end, sentence[start:end])
    stop = _PHRASE_END.search(rest, 1)
    words = rest[1 : stop.start() if stop else len(rest)].split()
    for size in range(min(4, len(words)), 0, -1):
        noun = " ".join(words[:size])
        if is_plural(noun):
            if _NOT_COUNTED.search(noun) or len(words[0]) < 3:
                return None
            stop_at = end + rest.index(words[size - 1], 1 + len(" ".join(words[: size - 1]))) + len(words[size - 1])
            return Askable("count", start, stop_at, sentence[start:stop_at], noun)
    return Askable("number", start, end, sentence[start:end]) if not words else None


@lru_cache(maxsize=256)
def values_in(sentence: str) -> tuple[Askable, ...]:
    """Return the values of a sentence on one line, in order, without overlaps.

    Numbers whose role cannot be told from their spelling (identifiers, versions, list numbers) are left out.
    """
    values: list[Askable] = []
    dates = list(_WHEN.finditer(sentence))
    for when in dates:
        kind: Measure = "frequency" if when["frequency"] else "time" if when["time"] else "date"
        values.append(Askable(kind, when.start(), when.end(), when[0], "recurring" if when["recurring"] else ""))
    spans = [(value.start, value.end) for value in values]
    position = 0
    while match := _BARE.search(sentence, position):
        position = max(match.end(), position + 1)
        if match.start() and (sentence[match.start() - 1].isalnum() or sentence[match.start() - 1] in "-–.,$#/:§"):
            continue
        if any(match.start() < end and start < match.end() for start, end in spans):
            continue
        value = _bare(sentence, match)
        if value:
            values.append(value)
            position = max(position, value.end)
    return tuple(sorted(values, key=lambda value: value.start))


def _bare(sentence: str, match: re.Match[str]) -> Askable | None:
    kinds: tuple[Measure, ...] = ("money", "percent", "duration", "measure")
    kind = next((kind for kind in kinds if match[kind]), None)
    if kind is None:
        return _counted(sentence, match.start(), match.end())
    noun = ""
    if kind in ("duration", "measure"):
        noun = _UNIT_TAIL.sub("", match[0])
        if kind == "duration" and _ATTRIBUTE.fullmatch(noun) and re.match(r" [a-z]", sentence[match.end() :]):
            number = match.end() - len(noun) - 1
            if not re.search(r"(?i)\bone$|\b1$", sentence[match.start() : number]):
                return _counted(sentence, match.start(), number)
    return Askable(kind, match.start(), match.end(), match[0], noun)
