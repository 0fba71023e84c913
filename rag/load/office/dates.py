"""Dates and times of spreadsheets as their formats show them."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from core.language.language import Language, languages

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]'
    r"|(?P<half>AM/PM|A/P)|(?P<part>y+|m+|d+|h+|s+)|\.(?P<fraction>0+)|(?P<other>.)",
    re.I | re.S,
)
_LOCALE = re.compile(r"\[\$[^\]-]*-([0-9a-f]+)\]", re.I)
# The low ten bits of a Windows locale name its language.
_LANGUAGES = {0x07: "de", 0x09: "en", 0x0A: "es", 0x0C: "fr", 0x10: "it", 0x13: "nl", 0x16: "pt"}
_CAPITALISED = ("de", "en")
_FIRST_DAY = dt.datetime(1899, 12, 30)


@lru_cache(maxsize=512)
def is_date_format(number_format: str) -> bool:
    """Tell whether a format code shows a date or a time."""
    return any(match["part"] or match["elapsed"] for match in _TOKEN.finditer(number_format.replace("General", "")))


def shown_date(value: dt.date | dt.time | dt.timedelta, section: str) -> str:
    """Return a date, a time or a length of time as a section of a format code shows it.

    Names of months and days are in the language of the locale that the section states, else in English.
    """
    matches = list(_TOKEN.finditer(section))
    parts = [(match["part"] or match["elapsed"] or "").lower() for match in matches]
    moment, elapsed_s = _moment(value, keeps_fraction=any(match["fraction"] for match in matches))
    is_half = any(match["half"] for match in matches)
    language = _language(section)
    out: list[str] = []
    for place, match in enumerate(matches):
        if match["elapsed"]:
            unit_s = {"h": 3600, "m": 60, "s": 1}[parts[place][0]]
            out.append(f"{int(elapsed_s // unit_s):0{len(parts[place])}d}")
        elif match["part"]:
            minutes = parts[place][0] == "m" and len(parts[place]) < 3 and _beside_time(parts, place)
            out.append(_part(moment, "minute" if minutes else parts[place], parts[place], language, is_half=is_half))
        elif match["half"]:
            half = "AM" if moment.hour < 12 else "PM"
            out.append(half if len(match["half"]) > 3 else half[0])
        elif match["fraction"]:
            out.append("." + f"{moment.microsecond:06d}"[: len(match["fraction"])])
        else:
            out.append(match["quoted"] or match["escaped"] or match["other"] or " " * match[0].startswith("_"))
    return "".join(out)


def _moment(value: dt.date | dt.time | dt.timedelta, *, keeps_fraction: bool) -> tuple[dt.datetime, float]:
    """Return the moment, and the seconds since the first day that spreadsheets know."""
    first = _FIRST_DAY
    if isinstance(value, dt.timedelta):
        moment = first + value
    elif isinstance(value, dt.datetime):
        moment = value.replace(tzinfo=None)
    elif isinstance(value, dt.date):
        moment = dt.datetime.combine(value, dt.time())
    else:
        moment = dt.datetime.combine(first, value.replace(tzinfo=None))
    if not keeps_fraction:
        moment = (moment + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    return moment, (moment - first) / dt.timedelta(seconds=1)


def _beside_time(parts: list[str], place: int) -> bool:
    """Tell whether an `m` means minutes: hours stand before it, or seconds behind it."""
    before = next((part for part in reversed(parts[:place]) if part), "")
    after = next((part for part in parts[place + 1 :] if part), "")
    return before[:1] == "h" or after[:1] == "s"


def _part(moment: dt.datetime, kind: str, code: str, language: Language, *, is_half: bool) -> str:
    if kind == "minute":
        return f"{moment.minute:0{len(code)}d}"
    letter, length = code[0], len(code)
    if letter == "y":
        return f"{moment.year:04d}" if length > 2 else f"{moment.year % 100:02d}"
    if letter == "m" and length > 2:
        name = _name(language.months[moment.month - 1], language, full=length > 3)
        return name[0] if length == 5 else name
    if letter == "d" and length > 2:
        return _name(language.weekdays[moment.weekday()], language, full=length > 3)
    hour = (moment.hour - 1) % 12 + 1 if is_half else moment.hour
    number = {"m": moment.month, "d": moment.day, "h": hour, "s": moment.second}[letter]
    return f"{number:0{min(length, 2)}d}"


def _name(spellings: tuple[str, ...], language: Language, *, full: bool) -> str:
    name = spellings[0] if full else next((short for short in spellings if len(short) == 3), spellings[0][:3])
    return name.capitalize() if language.code in _CAPITALISED else name


def _language(section: str) -> Language:
    match = _LOCALE.search(section)
    code = _LANGUAGES.get(int(match[1], 16) & 0x3FF, "en") if match else "en"
    known = {each.code: each for each in languages() if each.months and each.weekdays}
    return known.get(code, known["en"])
