"""Whether a cell is of the kind that a question asks for: a person for "who", money for "how much does it cost"."""

from __future__ import annotations

import re
from functools import lru_cache

from core.language.answer_kinds import expectation
from core.language.language import alternation, language
from core.reading.tables.show import unit_of
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.values import values

_NAME = re.compile(
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|Sir|Dame|Cllr)\.?\s)?[A-Z\u00c0-\u00de][\w’'.-]*(?:\s(?:de|van|von|der|la|al|bin|and|&)?\s?"
    r"[A-Z\u00c0-\u00de][\w’'.-]*)+(?:,\s.*)?"
)
_TIME_UNIT = re.compile(
    rf"\b(?:{alternation(language('en').time_units)})\b|\b\d+\s?(?:ms|s|min|h|hrs?)\b", re.IGNORECASE
)
# "Sat" and "sun" are words too.
_WEEKDAY = alternation({name for names in language("en").weekdays for name in names} - {"sat", "sun"})
# "When" is answered by how often, and by the name of a day or an hour, too.
_RECURRING = re.compile(
    r"\b(?:hourly|daily|nightly|weekly|monthly|quarterly|yearly|annually|noon|midnight"
    rf"|(?:{_WEEKDAY})s?)\b",
    re.IGNORECASE,
)
# What a question measures, and the units in which it is given.
_DIMENSIONS = (
    (
        re.compile(r"\b(?:long|length|wide|width|high|height|tall|deep|depth|thick\w*|diameter|distance|far)\b", re.I),
        r"[kcmµn]?m|ft|in|miles?",
    ),
    (re.compile(r"\b(?:heavy|weigh\w*|mass)\b", re.I), r"[kmµ]?g|t|tonnes?|lb|oz"),
    (re.compile(r"\b(?:hot|cold|warm|temperature)\b", re.I), r"°\s?[CFK]?|K"),
    (re.compile(r"\b(?:fast|speed)\b", re.I), r"m/s|km/h|mph|knots?"),
    (re.compile(r"\benergy\b", re.I), r"[kM]?Wh|k?J|kcal"),
    (re.compile(r"\bpower(?:ful)?\b", re.I), r"[kM]?W|hp"),
    (re.compile(r"\bwavelengths?\b", re.I), r"nm|µm"),
    (re.compile(r"\b(?:voltage|volts?)\b", re.I), r"m?V|kV"),
)
# What is above or beside a bare figure that is a sum of money.
_MONEY_HEAD = re.compile(
    r"\b(?:costs?|prices?|fees?|charges?|rates?|rents?|pay|payable|paid|salar(?:y|ies)|wages?|fines?|budgets?|incomes?|revenues?|sales"
    r"|profit|loss|expenses?|amounts?|totals?|values?|sums?|deposits?|premiums?|tax|debt|cash|money|earnings|spent|spending|subscriptions?)\b",
    re.IGNORECASE,
)
_ANY_UNIT = re.compile(r"\d\s?(?P<unit>[^\W\d_]{1,3}(?:/[a-z]{1,2})?|°\s?[CFK]?|mbar|knots|miles)\b")


def fits(question: str, table: Table, row: TableRow, cell: TableCell) -> int:
    """Return 2 where a cell's unit is the one asked for, 1 where its kind fits, -1 where not, 0 if unknown."""
    kind = _asked(question)
    text = cell.text
    if kind == "person":
        return 1 if _NAME.fullmatch(text) else -1 if cell.amount is not None or len(text.split()) > 3 else 0
    if kind == "date":
        dated = any(value.kind in ("date", "time") for value in values(text)) or re.fullmatch(
            r"(?:1[5-9]|20)\d\d", text
        )
        return 1 if dated or _RECURRING.search(text) else -1
    if kind == "money":
        if re.search(r"[$€£¥]|\b(?:USD|EUR|GBP)\b", text) or table.currency_above or table.scale:
            return 1
        if cell.amount is None or cell.percent or unit_of(table, row, cell):
            return -1
        return 0 if _MONEY_HEAD.search(_words_around(table, row, cell)) else -1
    if kind == "percent":
        return 1 if cell.percent else -1
    if kind == "duration":
        unit = unit_of(table, row, cell)
        return 1 if _TIME_UNIT.search(f"{text} {unit}") else -1
    return _measured(question, table, row, cell)


def states_asked_unit(question: str, text: str) -> bool:
    """Whether a text has a figure in the unit that a question asks for: money, a percentage, power, temperature.

    Lengths do not count: they are many things.
    """
    expected = expectation(question)
    if expected is not None and expected.kind in ("money", "percent"):
        return expected.gives.search(text) is not None
    units = next((units for pattern, units in _DIMENSIONS[1:] if pattern.search(question)), "")
    return bool(units) and re.search(rf"\d\s?(?:{units})(?!\w)", text) is not None


def _measured(question: str, table: Table, row: TableRow, cell: TableCell) -> int:
    units = next((units for pattern, units in _DIMENSIONS if pattern.search(question)), "")
    if not units:
        return 0
    stated = [match["unit"] for match in _ANY_UNIT.finditer(cell.text)] or [unit_of(table, row, cell)]
    if any(re.fullmatch(units, unit) for unit in stated):
        # Lengths are many things: the unit alone does not tell which of them is meant.
        return 1 if units == _DIMENSIONS[0][1] else 2
    return -1 if any(stated) or cell.amount is None else 0


def _words_around(table: Table, row: TableRow, cell: TableCell) -> str:
    """Label, group, head, corner and title of a cell."""
    heads = [head for head, other in zip(table.heads, row.cells, strict=False) if other is cell]
    return " ".join([row.label, row.group, *heads, table.corner, table.title])


@lru_cache(maxsize=256)
def _asked(question: str) -> str:
    expected = expectation(question)
    return expected.kind if expected else ""
