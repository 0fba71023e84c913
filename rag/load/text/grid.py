"""What rows of cells say of themselves where no markup does: which rows are heads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.load.outline import OutlineCell

_FIGURE = re.compile(r"\d")
_VALUE = re.compile(
    r"[\s(+-]*[$€£¥]?\s*[\d.,]*\d[\d.,]*\s*[%)€$£]?\s*|[\w.+-]+@[\w.-]+|https?://\S+|\d{4}-\d\d(-\d\d)?.*"
)
_YEAR = re.compile(r"(?:FY|Q[1-4])?\W?(?:19|20)\d\d\W?")
MAX_HEAD_CHARS = 80


def is_value(text: str) -> bool:
    """Tell whether a cell holds a figure, a date or an address rather than a name; a year may name a column."""
    text = text.strip()
    return bool(text) and _VALUE.fullmatch(text) is not None and _YEAR.fullmatch(text) is None


def guess_head_rows(rows: Sequence[Sequence[str]], *, certain: bool = False) -> int:
    """Return 1 where the first row names the columns below it, else 0.

    Args:
        rows: Texts of the cells.
        certain: Whether the format leaves no other reading than "names first" (CSV, spreadsheets), so that rows of
            plain words have heads too.
    """
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        return 0
    first, body = filled[0], filled[1:]
    names = [cell.strip() for cell in first]
    named = [name for name in names if name]
    if len(named) < max(1, len(names) - 1) or len(set(named)) < len(named):
        return 0
    if any(is_value(name) or len(name) > MAX_HEAD_CHARS for name in named):
        return 0
    if certain:
        return 1
    # A column whose name has no figure while most cells below it have one.
    for column, name in enumerate(names):
        below = [row[column] for row in body if column < len(row) and row[column].strip()]
        with_figures = sum(_FIGURE.search(cell) is not None for cell in below)
        if below and not _FIGURE.search(name) and 2 * with_figures > len(below):
            return 1
    return 0


def guess_heads(rows: Sequence[Sequence[OutlineCell]], *, certain: bool = False) -> int:
    """Return how many rows of a table of merged cells are heads.

    A first row with cells that span columns is one, with the row of names below it; so are the rows that a cell of
    the first row spans.

    Args:
        rows: Its cells.
        certain: As in `guess_head_rows`.
    """
    spread = [[cell.shown for cell in row for _ in range(cell.column_span)] for row in rows]
    if len(rows) > 2 and len(rows[0]) > 1 and any(cell.column_span > 1 for cell in rows[0]):
        has_values = any(is_value(cell.shown) for row in rows[2:] for cell in row)
        if has_values and not any(is_value(cell.shown) for row in rows[:2] for cell in row):
            return 2
        if certain:
            return 1
    deep = max((cell.row_span for cell in rows[0]), default=1) if rows else 1
    if 1 < deep < len(rows) and min(cell.row_span for cell in rows[0]) < deep:
        has_values = any(is_value(cell.shown) for row in rows[deep:] for cell in row)
        if has_values and not any(is_value(cell.shown) for row in rows[:deep] for cell in row):
            return deep
    return guess_head_rows(spread, certain=certain)
