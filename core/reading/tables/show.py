"""Amounts as a person reads them: the table's scale and currency applied where they hold."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from core.reading.tables.table import SCALE_NAMES, Table, TableCell, TableRow


def grouped(amount: Decimal, places: int | None = None) -> str:
    """Spell an amount with commas; a sign in front."""
    if places is not None:
        amount = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{amount.normalize():,f}" if amount else "0"
    return text.replace("-", "−")


def _unscaled(row: TableRow, cell: TableCell) -> bool:
    """Whether a table's scale does not hold for a cell: percentages, amounts per share, numbers of people."""
    return cell.percent or bool(
        re.search(
            r"\bper (?:\w+ )?share\b|%|percent|\brate\b|ratio|margin|number of|employees|headcount|\(days\)",
            f"{row.group} {row.label}",
            re.IGNORECASE,
        )
    )


def _currency(table: Table, row: TableRow, cell: TableCell) -> str:
    per_share = re.search(r"per (?:\w+ )?share", row.label, re.IGNORECASE)
    plain = re.search(r"%|percent|\bshares\b(?! ?price)|number|\brate\b|ratio|margin|days", row.label, re.IGNORECASE)
    return "" if cell.percent or (plain and not per_share) else table.currency


def shown(table: Table, row: TableRow, cell: TableCell) -> tuple[str, bool]:
    """Return a cell as a person reads it, and whether the table's scale was applied."""
    if cell.amount is None:
        return cell.text, False
    scale = "" if _unscaled(row, cell) or not table.scale else f" {SCALE_NAMES[table.scale]}"
    if not scale:
        return cell.text, False
    body = re.sub(r"\s+", "", cell.text)
    sign = _currency(table, row, cell)
    body = body if sign in body else body.replace("(", f"({sign}") if body.startswith("(") else f"{sign}{body}"
    return f"{body}{scale}", True


def amount_like(
    amount: Decimal, table: Table, row: TableRow, cell: TableCell, *, places: int | None = None
) -> tuple[str, bool]:
    """Return a computed amount with the unit of a cell it was computed from, and whether the scale was applied."""
    scaled = table.scale > 0 and not _unscaled(row, cell)
    sign = _currency(table, row, cell) or (cell.text[0] if re.match(r"[$€£¥]", cell.text) else "")
    text = f"{'−' if amount < 0 else ''}{sign}{grouped(abs(amount), places)}" + ("%" if cell.percent else "")
    return (f"{text} {SCALE_NAMES[table.scale]}", True) if scaled else (text, False)
