"""Cell values of spreadsheets as their number formats show them (ECMA-376, part 1, 18.8.31)."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from rag.load.office.dates import is_date_format, shown_date

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<blank>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]|(?P<general>General)'
    r"|(?P<exponent>E[+-]0+)|(?P<place>[#0?])|(?P<other>.)",
    re.I | re.S,
)
_EXACT = Context(prec=1000)
_MAX_FORMAT_CHARS = 255  # of a format code, as Excel allows
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+)")
_BY_LOCALE = ("mm-dd-yy", "m/d/yy h:mm")  # stand for the date format of whoever opens the workbook


@dataclass(frozen=True, slots=True)
class _Token:
    """A part of a section: `literal`, `place` of a digit, `point`, `comma`, `percent`, `exponent`, `slash`, ..."""

    kind: str
    text: str


def shown_value(value: Any, number_format: str) -> str:
    """Return a cell's value as text on one line, `""` where its format shows nothing.

    Dates of the format that follows the reader's country are written as ISO 8601.

    Args:
        value: As openpyxl gives it: text, number, truth value, date, time, or a length of time.
        number_format: The format code of the cell.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    number_format = number_format[:_MAX_FORMAT_CHARS]
    if isinstance(value, (dt.datetime, dt.date, dt.time, dt.timedelta)):
        if number_format in _BY_LOCALE or not is_date_format(number_format):
            return _plain_date(value)
        return " ".join(shown_date(value, _sections(number_format)[0]).split())
    if isinstance(value, (int, float)):
        is_plain = number_format == "General" or not math.isfinite(value)
        return _plain(value) if is_plain else " ".join(_number(value, number_format).split())
    text = str(value) if number_format in ("General", "@") else _text(str(value), number_format)
    return " ".join(text.split())


def _plain_date(value: dt.date | dt.time | dt.timedelta) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    return str(value) if isinstance(value, dt.timedelta) else value.isoformat()


def _text(value: str, number_format: str) -> str:
    sections = _sections(number_format)
    chosen = sections[3] if len(sections) > 3 else sections[0] if "@" in sections[0] else "@"
    tokens = _tokens(chosen)
    return "".join(value if token.text == "@" and token.kind == "other" else token.text for token in tokens)


@lru_cache(maxsize=512)
def _sections(number_format: str) -> tuple[str, ...]:
    """Return the parts of a format code: for positive and negative numbers, zero, and text."""
    sections = [""]
    for match in _TOKEN.finditer(number_format):
        if match[0] == ";":
            sections.append("")
        else:
            sections[-1] += match[0]
    return tuple(sections)


@lru_cache(maxsize=512)
def _tokens(section: str) -> tuple[_Token, ...]:
    kinds = {".": "point", ",": "comma", "%": "percent", "/": "slash"}
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(section):
        kind, text = str(match.lastgroup), match[0]
        if kind in ("quoted", "escaped"):
            tokens.append(_Token("literal", match[kind] or ""))
        elif kind == "blank":
            tokens.append(_Token("literal", " "))
        elif kind == "bracket" and text.startswith("[$"):
            tokens.append(_Token("literal", text[2:-1].partition("-")[0]))
        elif kind == "other" and text in kinds:
            tokens.append(_Token(kinds[text], text))
        elif kind not in ("bracket", "fill"):
            tokens.append(_Token(kind, text))
    return tuple(tokens)


def _number(value: float, number_format: str) -> str:
    section, has_sign = _chosen(value, _sections(number_format))
    tokens = _tokens(section)
    if any(token.kind == "general" for token in tokens):
        body = "".join(_plain(abs(value)) if token.kind == "general" else token.text for token in tokens)
    elif not any(token.kind == "place" for token in tokens):
        if any(token.text == "@" for token in tokens):
            return _plain(value)
        body = "".join(token.text for token in tokens)
        return body if body.strip() or not section else ""
    elif any(token.kind == "slash" for token in tokens):
        body = _fraction(value, tokens)
    else:
        body = _decimal(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), tokens)
    negative = value < 0 and has_sign and any(character in "123456789" for character in body)
    return f"-{body.lstrip()}" if negative else body


def _chosen(value: float, sections: Sequence[str]) -> tuple[str, bool]:
    """Return the section that a number is shown by, and whether its sign is still to be written."""
    conditions = [next(iter(_CONDITION.findall(section.partition("]")[0])), None) for section in sections[:2]]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=False):
            if condition and _holds(value, *condition):
                return section, True
        rest = [section for section, condition in zip(sections, [*conditions, None], strict=False) if not condition]
        return (rest[0] if rest else "General"), True
    if value < 0 and len(sections) > 1:
        return sections[1], False
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


def _holds(value: float, sign: str, bound: str) -> bool:
    limit = float(bound)
    return {
        "<": value < limit,
        ">": value > limit,
        "=": value == limit,
        "<=": value <= limit,
        ">=": value >= limit,
        "<>": value != limit,
    }[sign]


def _decimal(value: Decimal, tokens: Sequence[_Token]) -> str:
    """Return the digits of a number in the places of a section."""
    kinds = [token.kind for token in tokens]
    exponent = next((token.text for token in tokens if token.kind == "exponent"), "")
    end = kinds.index("exponent") if exponent else len(kinds)
    point = kinds.index("point") if "point" in kinds[:end] else end
    last = max((place for place in range(point) if kinds[place] == "place"), default=-1)
    first = kinds.index("place")
    # Commas between digits part thousands; each one behind the last digit divides by a thousand.
    has_thousands = "comma" in kinds[first : max(first, last)]
    n_scale = kinds[first:end].count("comma") - kinds[first : max(first, last)].count("comma")
    n_decimals = kinds[point:end].count("place")
    scaled = abs(value).scaleb(2 * kinds.count("percent") - 3 * n_scale)
    power = 0
    if exponent:
        power = scaled.adjusted() if scaled else 0
        scaled = scaled.scaleb(-power)
    rounded = scaled.quantize(Decimal(1).scaleb(-n_decimals), ROUND_HALF_UP, _EXACT)
    whole, _, decimals = f"{rounded:f}".partition(".")
    digits = _whole_digits(whole.lstrip("0"), [tokens[place].text for place in range(point) if kinds[place] == "place"])
    if has_thousands:
        digits = _with_thousands(digits)
    shown_decimals = _decimal_digits(decimals, [token.text for token in tokens[point:end] if token.kind == "place"])
    out: list[str] = []
    places = iter([*digits, *shown_decimals])
    for place, token in enumerate(tokens):
        if token.kind == "place":
            out.append(next(places))
        elif token.kind == "exponent":
            out.append(_power(power, token.text))
        elif token.kind == "point":
            out.append("." if any(shown_decimals) else "")
        elif token.kind != "comma" or not (first < place < end):
            out.append(token.text)
    return "".join(out)


def _whole_digits(whole: str, places: list[str]) -> list[str]:
    """Return what each place before the point shows; the first one takes all digits that have no place of their own."""
    out: list[str] = []
    for number, place in enumerate(reversed(places)):
        if number == len(places) - 1 and len(whole) > number:
            out.append(whole[: len(whole) - number])
        else:
            digit = whole[len(whole) - number - 1] if number < len(whole) else ""
            out.append(digit or ("0" if place == "0" else ""))
    return out[::-1]


def _with_thousands(digits: list[str]) -> list[str]:
    out: list[str] = []
    count = 0
    for place in reversed(digits):
        text = ""
        for digit in reversed(place):
            text = digit + ("," if count and count % 3 == 0 else "") + text
            count += 1
        out.append(text)
    return out[::-1]


def _decimal_digits(decimals: str, places: list[str]) -> list[str]:
    """Return what each place behind the point shows: zeros at the end only where the format asks for them."""
    out = list(decimals.ljust(len(places), "0"))
    for number in range(len(places) - 1, -1, -1):
        if out[number] != "0" or places[number] == "0":
            break
        out[number] = ""
    return out


def _power(power: int, token: str) -> str:
    sign = "-" if power < 0 else "+" if token[1] == "+" else ""
    return f"{token[0]}{sign}{abs(power):0{len(token) - 2}d}"


def _fraction(value: float, tokens: Sequence[_Token]) -> str:
    """Return a number as a whole and a fraction: `3 1/2`."""
    kinds = [token.kind for token in tokens]
    slash = kinds.index("slash")
    below = "".join(token.text for token in tokens[slash + 1 :] if token.kind in ("place", "other")).strip()
    exact = Fraction(abs(value))
    if below.isdigit() and int(below):
        part = Fraction(round(exact * int(below)), int(below))
        denominator = int(below)
    else:
        part = exact.limit_denominator(10 ** max(1, len(below)) - 1)
        denominator = part.denominator
    before = [token.text for token in tokens[:slash] if token.kind in ("place", "literal", "other")]
    has_whole = "place" in kinds[: max(0, slash - 1)] and any(not text.strip() for text in before)
    whole = int(part) if has_whole else 0
    above = (part - whole) * denominator
    if not above and has_whole:
        return str(whole)
    return f"{whole} {above}/{denominator}" if whole else f"{above}/{denominator}"


def _plain(value: float) -> str:
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.12g}".replace("e", "E")
