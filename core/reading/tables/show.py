"""Amounts as a person reads them: the table's scale, currency and units applied where they hold."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from core.language.english import units
from core.language.english.printed import table_words
from core.language.english.words import SCALE_NAMES
from core.reading.tables.table import Table, TableCell, TableRow

_BRACKETED = re.compile(r"[(\[]([^()\[\]]{1,16})[)\]]\s*$")
_FOOTNOTE_MARKS = re.compile(r"(?<=\w)(?:\s*\(\d{1,2}\))+$|(?<=\w)\s*(?:[⁰¹²³⁴-⁹ᵃ-ᶻⁱⁿʰʲˡʳˢʷˣʸ]+|[*†‡§]+)$")
# "(1) iPhone ®" is about the iPhone.
_MARKS_BEFORE = re.compile(r"^(?:\(\d{1,2}\)\s*)+(?=\w)|\s?[®™©]")
_SUFFIX = re.compile(r"\d\s?(?P<unit>[^\W\d_°µμ%‰][^\d]{0,11}|[°µμ%‰][^\d]{0,5})$")
_LEAST_SUM = 1000  # no ratio or percentage is as large
_POWER_OF_NAME = {name: power for power, name in SCALE_NAMES.items()}


def label_name(label: str) -> str:
    """Return a label without marks of footnotes and trade marks: "Pumps (1)(2)" is about pumps."""
    return _FOOTNOTE_MARKS.sub("", _MARKS_BEFORE.sub("", label))


def grouped(amount: Decimal, places: int | None = None) -> str:
    """Spell an amount with commas; a sign in front."""
    if places is not None:
        amount = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{amount.normalize():,f}" if amount else "0"
    return text.replace("-", "−")


def unit_of(table: Table, row: TableRow, cell: TableCell) -> str:
    """Return the unit that a cell, its row's column of units, its head or its label states; `""` where none does."""
    suffix = _SUFFIX.search(cell.text)
    if suffix is not None and units.UNIT.fullmatch(suffix["unit"].strip()):
        return suffix["unit"].strip()
    for head, other in zip(table.heads, row.cells, strict=False):
        if other is not None and other is not cell and units.UNIT_HEAD.match(head.strip()) and other.amount is None:
            return other.text.strip()
    column = _column(row, cell)
    for words in (table.heads[column] if column < len(table.heads) else "", row.label):
        bracketed = _BRACKETED.search(words)
        if bracketed is not None and units.UNIT.fullmatch(bracketed[1].strip()):
            return bracketed[1].strip()
    return ""


def _column(row: TableRow, cell: TableCell) -> int:
    return next((index for index, other in enumerate(row.cells) if other is cell), len(row.cells))


def _unscaled(row: TableRow, cell: TableCell) -> bool:
    """Whether a table's scale does not hold for a cell: percentages, amounts per share, numbers of people."""
    label = f"{row.group} {row.label}"
    return cell.percent or _is_ratio(label, cell) or re.search(table_words.UNSCALED, label, re.IGNORECASE) is not None


def _is_ratio(label: str, cell: TableCell) -> bool:
    small = cell.amount is None or abs(cell.amount) < _LEAST_SUM
    return small and re.search(table_words.RATIO_LABEL, label, re.IGNORECASE) is not None


def _currency(table: Table, row: TableRow, cell: TableCell) -> str:
    """The currency sign of a bare amount: that of its column, or of the words above the table."""
    per_share = re.search(table_words.PER_SHARE, row.label, re.IGNORECASE)
    plain = re.search(table_words.NO_MONEY, row.label, re.IGNORECASE)
    if cell.percent or ((plain or _is_ratio(row.label, cell)) and not per_share) or unit_of(table, row, cell):
        return ""
    column = _column(row, cell)
    own = any(
        table.currency in other.cells[column].text  # type: ignore[union-attr]
        for other in table.rows
        if column < len(other.cells) and other.cells[column] is not None
    )
    return table.currency if own or table.currency_above else ""


def shown(table: Table, row: TableRow, cell: TableCell) -> tuple[str, bool]:
    """Return a cell as a person reads it, and whether the table's scale was applied."""
    if cell.amount is None:
        return cell.text, False
    scale = "" if _unscaled(row, cell) or not table.scale else f" {SCALE_NAMES[table.scale]}"
    if not scale:
        unit = unit_of(table, row, cell)
        return (f"{cell.text} {unit}" if unit and unit not in cell.text else cell.text), False
    body = re.sub(r"\s+", "", cell.text)
    sign = _currency(table, row, cell)
    body = body if sign in body else body.replace("(", f"({sign}") if body.startswith("(") else f"{sign}{body}"
    return f"{body}{scale}", True


def amount_like(
    amount: Decimal, table: Table, row: TableRow, cell: TableCell, *, places: int | None = None
) -> tuple[str, bool]:
    """Return a computed amount with the unit of a cell it was computed from, and whether the scale was applied."""
    scaled = table.scale > 0 and not _unscaled(row, cell)
    unit = "" if scaled or cell.percent else unit_of(table, row, cell)
    own = re.match(r"[-−–(]*\s?([$€£¥])", cell.text)
    sign = own[1] if own else _currency(table, row, cell)
    number = grouped(abs(amount), places)
    if sign and not scaled and re.search(r"\d\.\d\d\D*$", cell.text):
        number = f"{abs(amount):,.2f}"  # sums of money keep their cents
    text = f"{'−' if amount < 0 else ''}{sign}{number}" + ("%" if cell.percent else "")
    if scaled:
        return f"{text} {SCALE_NAMES[table.scale]}", True
    return (f"{text} {unit}" if unit else text), False


def in_asked_unit(text: str, question: str) -> str:
    """Return a scaled amount in the scale that a question asks for: "$381.6 million" where it says "in millions".

    Args:
        text: As `shown` gives it; returned as it is where it is no single scaled amount.
        question: As asked, with what it says of how to answer.
    """
    scale_match = table_words.ASKED_SCALE.search(question)
    amount = table_words.SCALED_AMOUNT.fullmatch(text)
    if scale_match is None or amount is None:
        return text
    name = scale_match["scale"].lower().removesuffix("s")
    if name == amount["scale"]:
        return text
    power = _POWER_OF_NAME[amount["scale"]] - _POWER_OF_NAME[name]
    number = Decimal(amount["number"].replace(",", "")).scaleb(power)
    return f"{amount['before']}{grouped(number)}{amount['after']} {name}"
