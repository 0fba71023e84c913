"""Amounts are kept by a limit, in the scale and the kind in which the table has them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.language.english.questions import computations
from core.reading.tables.limits import keeping_limit
from core.reading.tables.lookup import CellMatch
from core.reading.tables.operands import Operand
from core.reading.tables.table import Table, TableCell, TableRow


def operands(*amounts: int, percent: bool = False) -> list[Operand]:
    table = Table("", "", ("",), (), 6, None, "$", 0, 0)
    row = TableRow("", "", (), 0, 0, (0, 0))
    match = CellMatch(0, 0, 0, 0.0, 0.0, 0.0)
    return [Operand(match, table, row, TableCell(str(n), 0, 1, Decimal(n), percent)) for n in amounts]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("above 20", [30]),
        ("more than $20 million", [30]),
        ("at least 20", [20, 30]),
        ("at most 20", [10, 20]),
        ("below 20", [10]),
        ("above 5%", None),
    ],
)
def test_amounts_keep_a_limit(words: str, kept: list[int] | None) -> None:
    match = computations.LIMIT.search(words)
    assert match is not None
    chosen = keeping_limit(match, operands(10, 20, 30))
    assert (None if chosen is None else [o.amount for o in chosen]) == kept
