"""Which row, column or period is first, and which periods keep a limit."""

from __future__ import annotations

import re
from dataclasses import replace

from core.language.english.printed import table_words
from core.language.english.questions import computations
from core.reading.tables.columns import extreme_of_named
from core.reading.tables.finder import OperandFinder
from core.reading.tables.limits import keeping_limit
from core.reading.tables.lookup import stems_of, years_in
from core.reading.tables.operands import Derived, Operand, result_of
from core.reading.tables.parts import extreme_part
from core.reading.tables.show import label_name

_LEAST_COVERED = 0.55
_LEAST_LABEL = 0.8


def extreme_period(finder: OperandFinder) -> Derived | None:
    operands = finder.by_period(finder.question.years if len(finder.question.years) > 1 else ())
    if len(operands) < 2:
        return None
    chosen = (min if computations.MINIMUM.search(finder.question.text) else max)(operands, key=lambda o: o.amount)
    year = (years_in(chosen.head) or years_in(chosen.row.label) or (chosen.head,))[-1]
    return result_of(year, [chosen, *(o for o in operands if o is not chosen)], scaled=False, note="compared")


def extreme_row(finder: OperandFinder) -> Derived | None:
    """The row that is first by the figure that the question names, or the part under which that row stands."""
    by_part = extreme_part(finder)
    if by_part is not None:
        return by_part
    best = finder.best()
    if best is None:
        return extreme_of_named(finder)
    by_column = extreme_column(finder, best) or extreme_of_named(finder)
    if by_column is not None:
        return by_column
    question_text = finder.question.text.lower()
    corner = any(word in question_text for word in best.table.corner.lower().split())
    if not corner and best.match.covered < _LEAST_COVERED:
        return None
    operands = []
    for index, row in enumerate(best.table.rows):
        cell = row.cells[best.match.column] if best.match.column < len(row.cells) else None
        total = re.search(table_words.IS_TOTAL, row.label, re.IGNORECASE)
        if cell is not None and cell.amount is not None and row.label and not total and row.group == best.row.group:
            operands.append(Operand(replace(best.match, row=index), best.table, row, cell))
    if len(operands) < 2:
        return None
    chosen = (min if computations.MINIMUM.search(finder.question.text) else max)(operands, key=lambda o: o.amount)
    if stems_of(chosen.row.label) <= stems_of(question_text):
        return None  # it is the figure that was to be compared, not what has it
    others = [o for o in operands if o is not chosen]
    derived = result_of(label_name(chosen.row.label), [chosen, *others], scaled=False, note="compared")
    # Rows are compared, so none of their labels need be in the question.
    return replace(
        derived,
        cells=(chosen.row.label_span, *derived.cells),
        cell_places=(chosen.match.place, *derived.cell_places),
        label_share=1.0,
        score=min(1.0, derived.score + 0.35 * (1 - derived.label_share)),
        covered=min(1.0, 1.5 * derived.covered),
    )


def extreme_column(finder: OperandFinder, best: Operand) -> Derived | None:
    """Where the best row is the one asked for and the columns are things, not periods: the column that is first."""
    heads = [re.sub(r"^(?:19|20)\d\d\s+", "", head) for head in best.table.heads]
    things = [
        column
        for column, head in enumerate(heads)
        if head and not years_in(head) and not table_words.TOTAL_OR_CHANGE.search(head)
    ]
    operands = [
        operand
        for column in things
        if best.row.cells[column] is not None
        and (operand := finder.operand(replace(best.match, column=column))) is not None
    ]
    if best.match.label_share < _LEAST_LABEL or len(operands) < 3:
        return None
    chosen = (min if computations.MINIMUM.search(finder.question.text) else max)(operands, key=lambda o: o.amount)
    others = [operand for operand in operands if operand is not chosen]
    return result_of(heads[chosen.match.column], [chosen, *others], scaled=False, note="compared")


def periods(finder: OperandFinder) -> Derived | None:
    """The periods that the best row has figures for."""
    operands = finder.by_period()
    if len(operands) < 2:
        return None
    years = [(years_in(o.head) or years_in(o.row.label))[-1] for o in reversed(operands)]
    return result_of(", ".join(years), operands[::-1], scaled=False, note="listed")


def within(finder: OperandFinder) -> tuple[list[Operand], list[Operand]] | None:
    """The best row's cells, and those of them that keep the limit which the question names."""
    text = finder.question.text
    operands = finder.by_period()
    match, sign = computations.LIMIT.search(text), computations.NEGATIVE.search(text)
    if not operands or (match is None and sign is None):
        return None
    if match is None:
        negative = sign is not None and sign[0].lower() == computations.NEGATIVE_SIGN
        return operands, [o for o in operands if (o.amount < 0) == negative]
    kept = keeping_limit(match, operands)
    return None if kept is None else (operands, kept)


def count_periods(finder: OperandFinder) -> Derived | None:
    kept = within(finder)
    return result_of(str(len(kept[1])), kept[0], scaled=False, note="counted") if kept else None


def periods_within(finder: OperandFinder) -> Derived | None:
    kept = within(finder)
    if not kept or not kept[1]:
        return None
    years = [(years_in(o.head) or years_in(o.row.label) or (o.head,))[-1] for o in reversed(kept[1])]
    return result_of(", ".join(years), kept[1][::-1], scaled=False, note="compared")
