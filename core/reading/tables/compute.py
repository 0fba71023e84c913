"""Figures computed from the cells that a question names: changes, shares, ratios, averages, differences, sums."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from core.language.english.periods import RANGE_MARK
from core.language.english.questions import computations
from core.language.language import language
from core.reading.tables.finder import OperandFinder
from core.reading.tables.lookup import years_in
from core.reading.tables.operands import Derived, Operand, like_operand, result_of
from core.reading.tables.show import grouped, label_name, shown

_HEADS = language("en").word_lists

_ONE_ROW = 0.9  # of a label, and of the question, in one row
_TWO_ROWS = 0.65  # of each label, where the question names two


def percent_change(finder: OperandFinder) -> Derived | None:
    pair = finder.two_periods()
    if pair is None or not pair[0].amount:
        return None
    old, new = pair
    if old.cell.percent:
        return result_of(
            _points(new.amount - old.amount),
            [new, old],
            scaled=False,
            note=f"{new.cell.text} − {old.cell.text}",
        )
    change = (new.amount - old.amount) / abs(old.amount) * 100
    note = f"({new.cell.text} − {old.cell.text}) / {old.cell.text}"
    return result_of(f"{grouped(change, 2)}%", [new, old], scaled=False, note=note)


def _points(change: Decimal) -> str:
    return f"{grouped(change)} percentage point{'' if abs(change) == 1 else 's'}"


def yearly_growth(finder: OperandFinder) -> Derived | None:
    """The compound growth per year between the first and the last year that the question names, or the table has."""
    pair = finder.two_periods()
    if pair is None:
        return None
    old, new = pair
    years = [int((years_in(o.head) or years_in(o.row.label) or ("0",))[-1]) for o in pair]
    span = years[1] - years[0]
    if span < 1 or old.amount <= 0 or new.amount <= 0:
        return None
    rate = ((new.amount / old.amount) ** (Decimal(1) / span) - 1) * 100
    note = f"({new.cell.text} / {old.cell.text})^(1/{span}) − 1"
    return result_of(f"{grouped(rate, 2)}%", [new, old], scaled=False, note=note)


def both(finder: OperandFinder) -> Derived | None:
    """Two rows of one period that the question names beside "and", each as it stands."""
    best = finder.best()
    pair = finder.pair(computations.TWO, [("a", "b")])
    if best is None or pair is None or pair[0].row is pair[1].row:
        return None
    # "Cash and cash equivalents" is one row.
    whole = best.match.label_share >= _ONE_ROW and best.match.covered >= _ONE_ROW
    unnamed = len(best.table.heads) > 1 and not pair[0].head
    if whole or unnamed or min(o.match.label_share for o in pair) < _TWO_ROWS or pair[0].head != pair[1].head:
        return None
    parts = [shown(o.table, o.row, o.cell) for o in pair]
    text = "; ".join(f"{label_name(o.row.label)}: {text}" for o, (text, _) in zip(pair, parts, strict=True))
    return result_of(text, pair, scaled=any(scaled for _, scaled in parts), note="")


def share(finder: OperandFinder) -> Derived | None:
    pair = finder.pair(computations.SHARE, [("b", "a"), ("b2", "a2"), ("b3", "a3")])
    if pair is None or not pair[1].amount:
        return None
    part, whole = pair
    share = part.amount / whole.amount * 100
    return result_of(f"{grouped(share, 2)}%", pair, scaled=False, note=f"{part.cell.text} / {whole.cell.text}")


def ratio(finder: OperandFinder) -> Derived | None:
    pair = finder.pair(computations.RATIO, [("a", "b"), ("a2", "b2"), ("a3", "b3")])
    if pair is None or not pair[1].amount:
        return None
    return result_of(
        grouped(pair[0].amount / pair[1].amount, 2),
        pair,
        scaled=False,
        note=f"{pair[0].cell.text} / {pair[1].cell.text}",
    )


def average(finder: OperandFinder) -> Derived | None:
    best = finder.best()
    if best is None or computations.AVERAGE.search(f"{best.row.label} {best.row.group} {best.head}"):
        return None
    years = finder.question.years
    if len(years) == 2 and re.search(RANGE_MARK, finder.question.text):
        years = tuple(str(year) for year in range(int(min(years)), int(max(years)) + 1))
    operands = finder.by_period(years if len(years) > 1 else ())
    if len(operands) < 2:
        return None
    mean = sum((o.amount for o in operands), Decimal(0)) / len(operands)
    text, scaled = like_operand(mean, operands[0], places=2)
    return result_of(
        text, operands, scaled=scaled, note=f"({' + '.join(o.cell.text for o in operands)}) / {len(operands)}"
    )


def difference(finder: OperandFinder) -> Derived | None:
    pair = finder.two_periods() if len(finder.question.years) != 1 else None
    if pair is not None:
        new, old = pair[1], pair[0]
    else:
        named = (
            finder.pair(computations.BETWEEN, [("a", "b")]) or columns_compared(finder) or two_periods_swapped(finder)
        )
        if named is None:
            return None
        new, old = named
    change = new.amount - old.amount
    text, scaled = like_operand(change, new)
    if new.cell.percent and old.cell.percent:
        text = _points(change)
    grew = computations.GROWTH.search(finder.question.text)
    # What grew is asked in amount and in percent alike.
    if (pair is not None or new.row is old.row) and grew and old.amount and not new.cell.percent:
        text = f"{text} ({grouped(change / abs(old.amount) * 100, 2)}%)"
    derived = result_of(text, [new, old], scaled=scaled, note=f"{new.cell.text} − {old.cell.text}")
    if not grew or not change:
        return derived
    fell = computations.FALLING.search(finder.question.text) is not None
    return replace(derived, polarity="yes" if (change < 0) == fell else "no")


def two_periods_swapped(finder: OperandFinder) -> tuple[Operand, Operand] | None:
    pair = finder.two_periods()
    return (pair[1], pair[0]) if pair else None


def columns_compared(finder: OperandFinder) -> tuple[Operand, Operand] | None:
    """Two columns of the best row that the question names by their heads ("in winter than in summer")."""
    named = finder.named_columns()
    if len(named) != 2:
        return None
    larger_first = sorted(named, key=lambda operand: -operand.amount)
    return larger_first[0], larger_first[1]


def total(finder: OperandFinder) -> Derived | None:
    columns = [] if len(finder.question.years) > 1 else finder.named_columns()
    pair = None if len(finder.question.years) > 1 else finder.pair(computations.BOTH, [("a", "b")])
    operands = columns if len(columns) > 1 else list(pair) if pair else finder.by_period(finder.question.years)
    if len(operands) < 2:
        return None
    text, scaled = like_operand(sum((o.amount for o in operands), Decimal(0)), operands[0])
    return result_of(text, operands, scaled=scaled, note=" + ".join(o.cell.text for o in operands))


def bounds(finder: OperandFinder) -> Derived | None:
    """Both ends of a range that stand in columns of their own."""
    best = finder.best()
    if best is None:
        return None
    ends = []
    for names in (_HEADS["lower_head"], _HEADS["upper_head"]):
        columns = (index for index, head in enumerate(best.table.heads) if head.strip(" .").casefold() in names)
        column = next(
            (index for index in columns if index < len(best.row.cells) and best.row.cells[index] is not None), None
        )
        ends += [] if column is None else [finder.operand(replace(best.match, column=column))]
    low, high = (ends[0], ends[1]) if len(ends) == 2 else (None, None)
    if low is None or high is None:
        return None
    upper, _ = shown(high.table, high.row, high.cell)
    return result_of(f"{low.cell.text} to {upper}", [low, high], scaled=False, note="from the lowest to the highest")
