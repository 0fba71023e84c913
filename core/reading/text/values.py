"""Numbers, percentages, dates and times in a text as values that compare whatever their spelling.

`1450`, `1,450` and `$1,450.00` have one key; so have `1.25 million` and `1,250,000`, `3 pm` and `15:00`, `14 June 2026`
and `2026-06-14`. How they are written in each language stands in `core.language.figures`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from core.language import figures

ValueKind = Literal["number", "percent", "money", "date", "time"]

_DIGIT = re.compile(r"\d")
# Dates without the name of a month, all that a text without such a name can hold.
_NUMBER_DATES = tuple(pattern for pattern in figures.DATES if "month" not in pattern.groupindex)


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it stands in a text.

    Attributes:
        kind: What it is.
        key: Equal keys mean equal values: a plain decimal, `3.5%`, an ISO date or a 24-hour time.
        amount: The number, scaled and signed; None for dates and times.
        start: First code point, signs and units included.
        end: One past the last.
    """

    kind: ValueKind
    key: str
    amount: Decimal | None
    start: int
    end: int


def plain(amount: Decimal) -> str:
    """Spell a number without exponent and idle zeros."""
    return f"{amount.normalize():f}" if amount else "0"


@lru_cache(maxsize=1 << 14)
def decimal_of(digits: str) -> Decimal:
    """Read digits with grouping signs as they are written: `1,450.5`, `2.400,00`, `1 250 000`.

    One comma before one or two digits, and a comma after dots, part decimals; every other comma groups.
    """
    digits = re.sub(r"[\u00a0\u202f’']", "", digits)
    comma, dot = digits.rfind(","), digits.rfind(".")
    decimal_comma = comma > dot >= 0 or (dot < 0 and digits.count(",") == 1 and len(digits) - comma - 1 < 3)
    if decimal_comma or digits.count(".") > 1:
        return Decimal(digits.replace(".", "").replace(",", "."))
    return Decimal(digits.replace(",", ""))


def number_key(word: str) -> str:
    """Return the key of a word of digits and grouping signs; section numbers such as `4.2.1` stay as they are."""
    return plain(decimal_of(word)) if re.fullmatch(figures.DIGITS, word) else word


def _dates(text: str) -> Iterator[Value]:
    taken: list[tuple[int, int]] = []
    for pattern in figures.DATES if figures.MONTH_NAME.search(text) else _NUMBER_DATES:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            parts = match.groupdict()
            name = parts.get("month")
            month = figures.MONTH_OF[name.lower()] if name else int(parts["number"])
            day = int(parts.get("day") or 0)
            if month > 12 >= day > 0:  # month first, as in the United States
                month, day = day, month
            if not 1 <= month <= 12 or day > 31:
                continue
            taken.append((start, end))
            key = "-".join([parts.get("year") or "", f"{month:02d}", *([f"{day:02d}"] if day else [])])
            yield Value("date", key, None, start, end)


def _times(text: str) -> Iterator[Value]:
    for pattern in figures.TIMES:
        for match in pattern.finditer(text):
            hour, half = int(match["hour"]), (match["half"] or "").lower()
            if hour > 24 or (half and not 1 <= hour <= 12):
                continue
            if half:
                hour = hour % 12 + (12 if half == "p" else 0)
            yield Value("time", f"{hour:02d}:{match['minute'] or '00'}", None, *match.span())


def _numbers(text: str) -> Iterator[Value]:
    for match in figures.NUMBER.finditer(text):
        amount = decimal_of(match["digits"])
        # "50 m" is a length; "$50 m" is an amount.
        scaled = match["scale"] and (len(match["scale"]) > 1 or match["money"])
        if scaled:
            amount = amount.scaleb(figures.SCALES[match["scale"].lower()])
        bracketed = bool(match["open"] and match["close"])
        # A dash after a digit is a range, not a sign.
        bulleted = bool(match["sign"]) and _is_bullet(text, *match.span("sign"))
        dashed = bool(match["sign"]) and not bulleted and not text[: match.start()].rstrip()[-1:].isdigit()
        if bracketed or dashed:
            amount = -amount
        kind: ValueKind = "percent" if match["percent"] else "money" if match["money"] or match["word"] else "number"
        key = plain(amount) + ("%" if kind == "percent" else "")
        start, end = match.span()
        start = match.end("sign") if bulleted else start
        if match["scale"] and not scaled and not match["percent"] and not match["word"]:
            end = match.end("digits")
        start = match.start("digits") if match["open"] and not bracketed else start
        start += len(text[start:end]) - len(text[start:end].lstrip())
        if match["close"] and not bracketed:
            end = match.end("digits")
        yield Value(kind, key, amount, start, end)


def _is_bullet(text: str, start: int, end: int) -> bool:
    """Whether a dash begins a line and stands apart from the number behind it: "- 400 ml milk"."""
    return text[end : end + 1] == " " and not text[:start].rpartition("\n")[2].strip()


def values(text: str) -> list[Value]:
    """Return the values in a text, in order; the digits of a date or a time are not numbers besides."""
    if not _DIGIT.search(text):
        return []
    text_values = list(_dates(text))
    for value in (*_times(text), *_numbers(text)):
        if not any(value.start < other.end and other.start < value.end for other in text_values):
            text_values.append(value)
    return sorted(text_values, key=lambda value: value.start)


def value_keys(text: str) -> frozenset[str]:
    """Return the keys of the values in a text that words alone do not compare: scaled numbers, dates and times."""
    keys: set[str] = set()
    for value in values(text):
        keys.add(value.key)
        if value.kind == "percent":
            keys.add(value.key.rstrip("%"))
        elif value.kind == "date" and len(value.key) == 10:
            keys.add(value.key[4:])  # a day without its year
    return frozenset(keys)


def _is_year(text: str) -> bool:
    return re.fullmatch(r"(?:1[5-9]|20)\d\d", text) is not None


def spellings(text: str) -> list[str]:
    """Return other spellings of the numbers and times in a query, for an index that compares words.

    An index takes `1,450` apart at the comma, so `1450` is spelled with its comma and the other way round.
    """
    variants: dict[str, None] = {}
    for value in values(text):
        if value.kind == "time":
            hour, minute = value.key.split(":")
            half = figures.MORNING if int(hour) < 12 else figures.AFTERNOON
            tail = "" if minute == "00" else f":{minute}"
            variants |= dict.fromkeys((value.key, f"{(int(hour) + 11) % 12 + 1}{tail} {half}"))
        elif value.amount is not None and abs(value.amount) >= 1000 and not _is_year(text[value.start : value.end]):
            amount = abs(value.amount)
            variants |= dict.fromkeys((plain(amount), f"{amount.normalize():,f}"))
            for name, power in figures.SPELLED_SCALES:
                scaled = amount.scaleb(-power)
                if scaled >= 1 and len(plain(scaled)) < len(plain(amount)):
                    variants[f"{plain(scaled)} {name}"] = None
    return [spelling for spelling in variants if spelling not in text]
