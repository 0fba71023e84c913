"""Whether a cell is of the kind that a question asks for: a person for "who", money for "how much does it cost"."""

from __future__ import annotations

import re
from functools import lru_cache

from core.language.answer_kinds import expectation
from core.language.english import units
from core.language.english.people import NAME_ALONE
from core.language.english.periods import RECURRING
from core.language.english.printed.table_words import MONEY_HEAD, QUANTITY_HEAD
from core.language.english.questions import asking
from core.reading.tables.show import unit_of
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.values import values


def fits(question: str, table: Table, row: TableRow, cell: TableCell) -> int:
    """Return 2 where a cell's unit is the one asked for, 1 where its kind fits, -1 where not, 0 if unknown."""
    kind = _asked(question)
    text = cell.text
    if asking.HOW_MANY.search(question) and not asking.MONEY_THINGS.search(question):
        head = next((head for head, other in zip(table.heads, row.cells, strict=False) if other is cell), "")
        if QUANTITY_HEAD.fullmatch(head):
            return 1 if cell.amount is not None else -1
        if MONEY_HEAD.search(head) and not MONEY_HEAD.search(question):
            return -1
    if kind == "person":
        return 1 if NAME_ALONE.fullmatch(text) else -1 if cell.amount is not None or len(text.split()) > 3 else 0
    if kind == "date":
        dated = any(value.kind in ("date", "time") for value in values(text)) or re.fullmatch(
            r"(?:1[5-9]|20)\d\d", text
        )
        return 1 if dated or RECURRING.search(text) else -1
    if kind == "money":
        if re.search(r"[$€£¥]|\b(?:USD|EUR|GBP)\b", text) or table.currency_above or table.scale:
            return 1
        if cell.amount is None or cell.percent or unit_of(table, row, cell):
            return -1
        return 0 if MONEY_HEAD.search(_words_around(table, row, cell)) else -1
    if kind == "percent":
        return 1 if cell.percent else -1
    if kind == "duration":
        unit = unit_of(table, row, cell)
        return 1 if units.TIME_UNIT.search(f"{text} {unit}") else -1
    return _measured(question, table, row, cell)


def states_asked_unit(question: str, text: str) -> bool:
    """Whether a text has a figure in the unit that a question asks for: money, a percentage, power, temperature.

    Lengths do not count: they are many things.
    """
    expected = expectation(question)
    if expected is not None and expected.kind in ("money", "percent"):
        return expected.gives.search(text) is not None
    asked_units = next((signs for pattern, signs in units.DIMENSIONS[1:] if pattern.search(question)), "")
    return bool(asked_units) and re.search(rf"\d\s?(?:{asked_units})(?!\w)", text) is not None


def _measured(question: str, table: Table, row: TableRow, cell: TableCell) -> int:
    asked_units = next((signs for pattern, signs in units.DIMENSIONS if pattern.search(question)), "")
    if not asked_units:
        return 0
    stated = [match["unit"] for match in units.ANY_UNIT.finditer(cell.text)] or [unit_of(table, row, cell)]
    if any(re.fullmatch(asked_units, unit) for unit in stated):
        # Lengths are many things: the unit alone does not tell which of them is meant.
        return 1 if asked_units == units.DIMENSIONS[0][1] else 2
    return -1 if any(stated) or cell.amount is None else 0


def _words_around(table: Table, row: TableRow, cell: TableCell) -> str:
    """Label, group, head, corner and title of a cell."""
    heads = [head for head, other in zip(table.heads, row.cells, strict=False) if other is cell]
    return " ".join([row.label, row.group, *heads, table.corner, table.title])


@lru_cache(maxsize=256)
def _asked(question: str) -> str:
    expected = expectation(question)
    return expected.kind if expected else ""
