"""Cell values of spreadsheets as their number formats show them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

_PLACEHOLDERS = re.compile(r"[#0?][#0?,.]*")
_CURRENCY = re.compile(r'"([^"]*)"|\[\$([^\]-]*)[^\]]*\]|([$€£¥])|\\(.)')


def shown_value(value: Any, number_format: str) -> str:
    """Return a cell's value as text on one line.

    Percentages, thousands separators, decimals and currency signs follow the format; dates are written as ISO 8601.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return _number(value, number_format)
    return " ".join(str(value).split())


def _number(value: float, number_format: str) -> str:
    sections = number_format.split(";")
    chosen = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    places = _PLACEHOLDERS.search(_CURRENCY.sub("", chosen))
    if places is None or "General" in chosen or "E+" in chosen.upper():
        return _plain(value)
    percent = "%" in chosen
    digits = len(places[0].partition(".")[2].replace(",", ""))
    scaled = abs(value) * (100 if percent else 1)
    text = f"{scaled:{',' if ',' in places[0].partition('.')[0] else ''}.{digits}f}" + ("%" if percent else "")
    signs = [next(part for part in match.groups() if part is not None).strip() for match in _CURRENCY.finditer(chosen)]
    sign = next((part for part in signs if part), "")
    before = bool(sign) and chosen.find(sign) < chosen.find(places[0])
    text = f"{sign}{text}" if before else f"{text} {sign}".rstrip()
    if value < 0:
        return f"({text})" if "(" in chosen and len(sections) > 1 else f"-{text}"
    return text


def _plain(value: float) -> str:
    return str(int(value)) if isinstance(value, int) or (value == int(value) and abs(value) < 1e15) else f"{value:.12g}"
