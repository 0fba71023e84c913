"""What tables say in answer to a question: a cell as it stands, or a figure computed from cells.

Every figure comes with the cells it was computed from. The table's scale and currency are applied to what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.language.english.periods import YEARS_THROUGH
from core.language.english.questions import computations
from core.reading.asked import asked_thing
from core.reading.tables import columns, compare, compute, formulas
from core.reading.tables.finder import OperandFinder
from core.reading.tables.kinds import fits
from core.reading.tables.lookup import CellMatch, cell_at, meets, stems_of, years_in
from core.reading.tables.operands import Derived
from core.reading.tables.show import shown
from core.reading.tables.table import Table

_DOUBT = 0.7
# What a cell's score loses where no label or head names what is asked for: "How tall is the mast on the hill?" is not
# answered by the height of the hill.
_UNNAMED_THING = 0.3
_OF_ASKED_UNIT = 2  # as `fits` returns it


class TableReader:
    """Answers one question from some tables of one or more pages.

    Args:
        question: As asked.
        tables: Where to look, best page first.
        sources: Names and titles of the documents.
        documents: Name of each table's document; empty where all are of one.
    """

    def __init__(
        self, question: str, tables: Sequence[Table], sources: Sequence[str] = (), documents: Sequence[str] = ()
    ) -> None:
        self._finder = OperandFinder(question, tables, sources, documents)

    def answers(self) -> list[Derived]:
        """Return what the tables say, best first; empty where no cell fits."""
        finder = self._finder
        text = finder.question.text
        if computations.CAUSE.search(text):
            return []
        by_definition = formulas.defined(finder)
        if by_definition is not None:
            return [by_definition]
        dated = columns.dated_row(finder)
        if dated is not None and (not finder.matches or finder.matches[0].covered < dated.covered):
            return [dated]
        if not finder.matches:
            unlabelled = columns.aggregate(finder) if computations.AGGREGATE.search(text) else None
            ranked = (
                columns.extreme_of_named(finder) if computations.WHICH.search(text) and finder.asks_extreme else None
            )
            within = columns.rows_within(finder) if computations.LIMIT.search(text) else None
            return [derived for derived in (within, unlabelled, ranked) if derived is not None]
        best = finder.operand(finder.matches[0])
        stated = best is not None and best.cell.percent and best.match.label_share > 0.7
        computed = (computations.DIFFERENCE, computations.AVERAGE, computations.EITHER, computations.THAN)
        if stated and not any(pattern.search(text) for pattern in computed):
            return _cells(finder)
        attempts = _operations(finder)
        for attempt in attempts:
            derived = attempt(finder)
            if derived is not None:
                return [derived]
        cells = _cells(finder)
        # A figure that should have been computed and could not be is seldom the cell itself.
        row, _ = cell_at(finder.tables, finder.matches[0])
        named = computations.DIFFERENCE.search(row.label) or computations.AVERAGE.search(row.label)
        return [replace(cell, score=_DOUBT * cell.score) for cell in cells] if attempts and not named else cells


def _operations(finder: OperandFinder) -> list[Callable[[OperandFinder], Derived | None]]:
    """The computations that the question's words ask for, in the order in which they are tried."""
    text = finder.question.text
    which_period = bool(computations.WHICH_PERIOD.search(text))
    periods = bool(computations.HOW_MANY_PERIODS.search(text))
    limited = bool(computations.LIMIT.search(text) or computations.NEGATIVE.search(text))
    together = re.search(computations.TOGETHER, text, re.IGNORECASE)
    summed = bool(computations.SUM.search(text)) and (len(finder.question.years) > 1 or together is not None)
    tried: list[tuple[bool, Callable[[OperandFinder], Derived | None]]] = [
        (bool(computations.EITHER.search(text)), columns.either),
        (bool(computations.THAN.search(text)), columns.more_than),
        (periods, compare.count_periods),
        (limited and not which_period and not periods, columns.rows_within),
        (which_period and bool(computations.PROVIDED.search(text)), compare.periods),
        (which_period and limited, compare.periods_within),
        (which_period and finder.asks_extreme, compare.extreme_period),
        (bool(computations.WHICH.search(text)) and finder.asks_extreme, compare.extreme_row),
        (bool(computations.YEARLY_GROWTH.search(text)), compute.yearly_growth),
        (bool(computations.PERCENT_CHANGE.search(text)), compute.percent_change),
        (bool(computations.SHARE.search(text)), compute.share),
        (bool(computations.RATIO.search(text)), compute.ratio),
        (bool(computations.AVERAGE.search(text)), compute.average),
        (bool(computations.DIFFERENCE.search(text)), compute.difference),
        (bool(re.search(computations.RANGE, text, re.IGNORECASE)), compute.bounds),
        (summed, compute.total),
        (bool(computations.AGGREGATE.search(text)), columns.aggregate),
        (bool(computations.TWO.search(text)), compute.both),
    ]
    return [operation for applies, operation in tried if applies]


def _names_thing(finder: OperandFinder, match: CellMatch) -> bool:
    """Whether a cell, its label, head or title name what is asked for, not only another cell of its row."""
    thing = asked_thing(finder.question.text)
    if not thing or thing[-1] not in finder.question.terms:
        return True
    table, (row, cell) = finder.tables[match.place], cell_at(finder.tables, match)
    around = stems_of(f"{row.label} {row.group} {table.heads[match.column]} {table.corner} {table.title} {cell.text}")
    return (
        any(meets(word, around) > 0 for word in thing) or fits(finder.question.text, table, row, cell) == _OF_ASKED_UNIT
    )


def _cells(finder: OperandFinder) -> list[Derived]:
    """Cells as they stand, one for each period or row that the question names."""
    best = finder.matches[0]
    table = finder.tables[best.place]
    row, _ = cell_at(finder.tables, best)
    shown_columns = [best.column]
    if len(finder.question.years) > 1:
        years = finder.question.years
        if len(years) == 2 and re.search(YEARS_THROUGH, finder.question.text):
            step = 1 if years[1] > years[0] else -1
            years = tuple(str(year) for year in range(int(years[0]), int(years[1]) + step, step))
        dated = finder.by_period(years)
        order = {year: index for index, year in enumerate(years)}
        dated.sort(key=lambda o: order.get((years_in(o.head) or ("",))[-1], 9))
        shown_columns = [o.match.column for o in dated if o.row is row] or shown_columns
    rival = next(
        (
            m.score
            for m in finder.matches[1:]
            if cell_at(finder.tables, m)[1].text != cell_at(finder.tables, best)[1].text
        ),
        0.0,
    )
    parts = [shown(table, row, cell) for column in shown_columns if (cell := row.cells[column]) is not None]
    cells = tuple((cell.start, cell.end) for column in shown_columns if (cell := row.cells[column]) is not None)
    scaled = any(applied for _, applied in parts)
    return [
        Derived(
            text=", ".join(text for text, _ in parts),
            place=best.place,
            cells=cells,
            rows=((row.start, row.end),),
            score=best.score if _names_thing(finder, best) else min(1.0, best.score) - _UNNAMED_THING,
            computed=scaled or len(parts) > 1,
            scale_span=table.scale_span if scaled else None,
            columns=tuple(table.heads[column] for column in shown_columns),
            margin=best.score - rival,
            label_share=best.label_share,
            covered=best.covered,
        )
    ]
