"""Which amounts of a row or column keep the limit that a question sets ("above $10 billion", "at least 5%")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.language.english.questions import computations
from core.reading.tables.operands import Operand
from core.reading.text.values import values


def keeping_limit(match: re.Match[str], operands: Sequence[Operand]) -> list[Operand] | None:
    """Return the amounts that keep a limit, None where it has no number or is of another kind.

    Args:
        match: Of `computations.LIMIT`.
        operands: Amounts of one row or column.
    """
    limits = [value for value in values(match["limit"]) if value.amount is not None]
    if not limits or limits[0].amount is None or (limits[0].kind == "percent") != operands[0].cell.percent:
        return None
    limit, largest = limits[0].amount, max(abs(o.amount) for o in operands)
    # A table kept in millions is asked with "$5,000 million" as with "$5 billion".
    for power in (3, 6, 9):
        if limit > 100 * largest:
            limit = limits[0].amount.scaleb(-power)
    less, equal = computations.LESS.search(match["way"]), computations.OR_EQUAL.search(match["way"])
    return [o for o in operands if (equal and o.amount == limit) or (o.amount < limit if less else o.amount > limit)]
