"""Figures computed from cells of a table: differences, changes in percent, sums, averages, ratios, counts, extremes.

Every figure comes with the cells it was computed from. The table's scale and currency are applied to what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from core.reading.tables import operations
from core.reading.tables.lookup import (
    CHANGE_HEAD,
    CellMatch,
    TableQuestion,
    cell_at,
    match_cells,
    table_question,
    years_in,
)
from core.reading.tables.operands import Derived, Operand, like_operand, result_of
from core.reading.tables.show import grouped, shown
from core.reading.tables.table import Table
from core.reading.values import values

_DOUBT = 0.7
_LEAST_COVERED = 0.55
_LEAST_LABEL = 0.8
_TOTAL = re.compile(r"\b(?:total|all|sum|average|change)\b", re.IGNORECASE)


class TableReader:
    """Answers one question from some tables of one or more pages.

    Args:
        question: As asked.
        tables: Where to look, best page first.
        sources: Names and titles of the documents.
    """

    def __init__(self, question: str, tables: Sequence[Table], sources: Sequence[str] = ()) -> None:
        self._tables = tables
        self._sources = sources
        self._question = table_question(question)
        self._matches = match_cells(self._question, tables, sources)

    def answers(self) -> list[Derived]:
        """Return what the tables say, best first; empty where no cell fits."""
        if not self._matches:
            return []
        best = self._operand(self._matches[0])
        if (
            best is not None
            and best.cell.percent
            and best.match.label_share > 0.7
            and not (
                operations.DIFFERENCE.search(self._question.text) or operations.AVERAGE.search(self._question.text)
            )
        ):
            return self._cells()
        attempts = self._operations()
        for attempt in attempts:
            derived = attempt()
            if derived is not None:
                return [derived]
        cells = self._cells()
        # A figure that should have been computed and could not be is seldom the cell itself.
        row, _ = cell_at(self._tables, self._matches[0])
        named = operations.DIFFERENCE.search(row.label) or operations.AVERAGE.search(row.label)
        return [replace(cell, score=_DOUBT * cell.score) for cell in cells] if attempts and not named else cells

    def _operations(self) -> list[Callable[[], Derived | None]]:
        text = self._question.text
        tried: list[tuple[bool, Callable[[], Derived | None]]] = [
            (bool(operations.HOW_MANY_PERIODS.search(text)), self._count_periods),
            (bool(operations.WHICH_PERIOD.search(text) and operations.PROVIDED.search(text)), self._periods),
            (
                bool(
                    operations.WHICH_PERIOD.search(text)
                    and (operations.LIMIT.search(text) or operations.NEGATIVE.search(text))
                ),
                self._periods_within,
            ),
            (bool(operations.WHICH_PERIOD.search(text)) and self._asks_extreme(), self._extreme_period),
            (bool(operations.WHICH.search(text)) and self._asks_extreme(), self._extreme_row),
            (bool(operations.PERCENT_CHANGE.search(text)), self._percent_change),
            (bool(operations.SHARE.search(text)), self._share),
            (bool(operations.RATIO.search(text)), self._ratio),
            (bool(operations.AVERAGE.search(text)), self._average),
            (bool(operations.DIFFERENCE.search(text)), self._difference),
            (bool(operations.SUM.search(text)) and (len(self._question.years) > 1 or "sum" in text.lower()), self._sum),
        ]
        return [operation for asked, operation in tried if asked]

    def _asks_extreme(self) -> bool:
        return bool(operations.MAXIMUM.search(self._question.text) or operations.MINIMUM.search(self._question.text))

    def _operand(self, match: CellMatch) -> Operand | None:
        row, cell = cell_at(self._tables, match)
        return Operand(match, self._tables[match.place], row, cell) if cell.amount is not None else None

    def _best(self, question: TableQuestion | None = None, place: int | None = None) -> Operand | None:
        matches = self._matches if question is None else match_cells(question, self._tables, self._sources)
        fitting = (self._operand(match) for match in matches if place is None or match.place == place)
        return next((operand for operand in fitting if operand is not None), None)

    def _by_period(self, years: Sequence[str] = ()) -> list[Operand]:
        """The best row's cells, one for each period, oldest first."""
        best = self._best()
        if best is None:
            return []
        dated: dict[str, Operand] = {}
        span = operations.MONTHS_SPAN.findall(best.head)
        for column, head in enumerate(best.table.heads):
            cell = best.row.cells[column] if column < len(best.row.cells) else None
            named = years_in(head)
            if cell is None or cell.amount is None or len(named) != 1 or operations.MONTHS_SPAN.findall(head) != span:
                continue
            if CHANGE_HEAD.search(head) or cell.percent != best.cell.percent:
                continue
            if named[-1] not in dated and (not years or named[-1] in years):
                dated[named[-1]] = Operand(replace(best.match, column=column), best.table, best.row, cell)
        if len(dated) < 2:
            dated |= self._by_row_period(best, years)
        return [dated[year] for year in sorted(dated)]

    def _by_row_period(self, best: Operand, years: Sequence[str]) -> dict[str, Operand]:
        """Where the years stand in the labels: the best column's cells."""
        dated: dict[str, Operand] = {}
        for index, row in enumerate(best.table.rows):
            named = years_in(row.label)
            cell = row.cells[best.match.column] if best.match.column < len(row.cells) else None
            if named and cell is not None and cell.amount is not None and (not years or named[-1] in years):
                dated.setdefault(named[-1], Operand(replace(best.match, row=index), best.table, row, cell))
        return dated

    def _two_periods(self) -> tuple[Operand, Operand] | None:
        years = self._question.years
        dated = self._by_period(years if len(years) > 1 else ())
        if len(years) == 1 and len(dated) > 2:
            at = next((index for index, o in enumerate(dated) if years[0] in years_in(o.head)), 0)
            dated = dated[max(0, at - 1) : at + 1]
        return (dated[0], dated[-1]) if len(dated) >= 2 else None

    def _pair(self, pattern: re.Pattern[str], names: Sequence[tuple[str, str]]) -> tuple[Operand, Operand] | None:
        """Two rows that the question names on both sides of a word."""
        match = pattern.search(self._question.text)
        if match is None:
            return None
        groups = match.groupdict()
        left, right = next(((groups[a], groups[b]) for a, b in names if groups.get(a) and groups.get(b)), ("", ""))
        if not left or re.fullmatch(r"\W*(?:FY)?\s?\d{2,4}\W*", left):
            return None
        years = self._question.years
        first = self._best(replace(table_question(left), years=years_in(left) or years))
        second = self._best(
            replace(table_question(right), years=years_in(right) or years), None if first is None else first.match.place
        )
        if first is None or second is None or first.cell == second.cell:
            return None
        return first, second

    def _percent_change(self) -> Derived | None:
        pair = self._two_periods()
        if pair is None or not pair[0].amount:
            return None
        old, new = pair
        if old.cell.percent:
            return result_of(
                f"{grouped(new.amount - old.amount)} percentage points",
                [new, old],
                scaled=False,
                note=f"{new.cell.text} − {old.cell.text}",
            )
        change = (new.amount - old.amount) / abs(old.amount) * 100
        note = f"({new.cell.text} − {old.cell.text}) / {old.cell.text}"
        return result_of(f"{grouped(change, 2)}%", [new, old], scaled=False, note=note)

    def _share(self) -> Derived | None:
        pair = self._pair(operations.SHARE, [("b", "a"), ("b2", "a2"), ("b3", "a3")])
        if pair is None or not pair[1].amount:
            return None
        part, whole = pair
        share = part.amount / whole.amount * 100
        return result_of(f"{grouped(share, 2)}%", pair, scaled=False, note=f"{part.cell.text} / {whole.cell.text}")

    def _ratio(self) -> Derived | None:
        pair = self._pair(operations.RATIO, [("a", "b"), ("a2", "b2"), ("a3", "b3")])
        if pair is None or not pair[1].amount:
            return None
        return result_of(
            grouped(pair[0].amount / pair[1].amount, 2),
            pair,
            scaled=False,
            note=f"{pair[0].cell.text} / {pair[1].cell.text}",
        )

    def _average(self) -> Derived | None:
        best = self._best()
        if best is None or operations.AVERAGE.search(f"{best.row.label} {best.row.group} {best.head}"):
            return None
        years = self._question.years
        if len(years) == 2 and re.search(r"\bto\b|[-–]|through", self._question.text):
            years = tuple(str(year) for year in range(int(min(years)), int(max(years)) + 1))
        operands = self._by_period(years if len(years) > 1 else ())
        if len(operands) < 2:
            return None
        mean = sum((o.amount for o in operands), Decimal(0)) / len(operands)
        text, scaled = like_operand(mean, operands[0], places=2)
        return result_of(
            text, operands, scaled=scaled, note=f"({' + '.join(o.cell.text for o in operands)}) / {len(operands)}"
        )

    def _difference(self) -> Derived | None:
        pair = self._two_periods() if len(self._question.years) != 1 else None
        if pair is not None:
            new, old = pair[1], pair[0]
        else:
            named = (
                self._pair(operations.BETWEEN, [("a", "b")]) or self._columns_compared() or self._two_periods_swapped()
            )
            if named is None:
                return None
            new, old = named
        text, scaled = like_operand(new.amount - old.amount, new)
        return result_of(text, [new, old], scaled=scaled, note=f"{new.cell.text} − {old.cell.text}")

    def _two_periods_swapped(self) -> tuple[Operand, Operand] | None:
        pair = self._two_periods()
        return (pair[1], pair[0]) if pair else None

    def _columns_compared(self) -> tuple[Operand, Operand] | None:
        """Two columns of the best row that the question names by their heads ("in winter than in summer")."""
        best = self._best()
        if best is None:
            return None
        asked = self._question.text.lower()
        named = [
            (column, asked.find(head.lower()))
            for column, head in enumerate(best.table.heads)
            if head and not years_in(head) and head.lower() in asked and best.row.cells[column] is not None
        ]
        operands = [
            self._operand(replace(best.match, column=column)) for column, _ in sorted(named, key=lambda n: n[1])
        ]
        kept = [operand for operand in operands if operand is not None]
        if len(kept) != 2:
            return None
        larger_first = sorted(kept, key=lambda operand: -operand.amount)
        return larger_first[0], larger_first[1]

    def _sum(self) -> Derived | None:
        pair = None if len(self._question.years) > 1 else self._pair(operations.BOTH, [("a", "b")])
        operands = list(pair) if pair else self._by_period(self._question.years)
        if len(operands) < 2:
            return None
        text, scaled = like_operand(sum((o.amount for o in operands), Decimal(0)), operands[0])
        return result_of(text, operands, scaled=scaled, note=" + ".join(o.cell.text for o in operands))

    def _extreme_period(self) -> Derived | None:
        operands = self._by_period(self._question.years if len(self._question.years) > 1 else ())
        if len(operands) < 2:
            return None
        chosen = (min if operations.MINIMUM.search(self._question.text) else max)(operands, key=lambda o: o.amount)
        year = (years_in(chosen.head) or years_in(chosen.row.label) or (chosen.head,))[-1]
        return result_of(year, [chosen, *(o for o in operands if o is not chosen)], scaled=False, note="compared")

    def _extreme_row(self) -> Derived | None:
        best = self._best()
        if best is None:
            return None
        by_column = self._extreme_column(best)
        if by_column is not None:
            return by_column
        asked = self._question.text.lower()
        corner = any(word in asked for word in best.table.corner.lower().split())
        if not corner and best.match.covered < _LEAST_COVERED:
            return None
        operands = []
        for index, row in enumerate(best.table.rows):
            cell = row.cells[best.match.column] if best.match.column < len(row.cells) else None
            total = re.search(r"\b(?:total|all|sum|average)\b", row.label, re.IGNORECASE)
            if cell is not None and cell.amount is not None and row.label and not total and row.group == best.row.group:
                operands.append(Operand(replace(best.match, row=index), best.table, row, cell))
        if len(operands) < 2:
            return None
        chosen = (min if operations.MINIMUM.search(self._question.text) else max)(operands, key=lambda o: o.amount)
        others = [o for o in operands if o is not chosen]
        derived = result_of(chosen.row.label, [chosen, *others], scaled=False, note="compared")
        # Rows are compared, so none of their labels need be in the question.
        return replace(
            derived,
            cells=(chosen.row.label_span, *derived.cells),
            label_share=1.0,
            score=min(1.0, derived.score + 0.35 * (1 - derived.label_share)),
            covered=min(1.0, 1.5 * derived.covered),
        )

    def _periods(self) -> Derived | None:
        """The periods that the best row has figures for."""
        operands = self._by_period()
        if len(operands) < 2:
            return None
        years = [(years_in(o.head) or years_in(o.row.label))[-1] for o in reversed(operands)]
        return result_of(", ".join(years), operands[::-1], scaled=False, note="listed")

    def _within(self) -> tuple[list[Operand], list[Operand]] | None:
        """The best row's cells, and those of them that keep the limit which the question names."""
        text = self._question.text
        operands = self._by_period()
        match, sign = operations.LIMIT.search(text), operations.NEGATIVE.search(text)
        if not operands or (match is None and sign is None):
            return None
        if match is None:
            negative = sign is not None and sign[0].lower() == "negative"
            return operands, [o for o in operands if (o.amount < 0) == negative]
        limits = [value.amount for value in values(match["limit"]) if value.amount is not None]
        if not limits:
            return None
        limit = limits[0]
        # A table kept in millions is asked with "$5,000 million" as with "$5 billion".
        for power in (3, 6, 9):
            if limit > 100 * max(abs(o.amount) for o in operands):
                limit = limits[0].scaleb(-power)
        less = operations.LESS.search(match["way"]) is not None
        return operands, [o for o in operands if (o.amount < limit if less else o.amount > limit)]

    def _extreme_column(self, best: Operand) -> Derived | None:
        """Where the best row is the one asked for and the columns are things, not periods: the column that is first."""
        heads = [re.sub(r"^(?:19|20)\d\d\s+", "", head) for head in best.table.heads]
        things = [at for at, head in enumerate(heads) if head and not years_in(head) and not _TOTAL.search(head)]
        operands = [
            operand
            for column in things
            if best.row.cells[column] is not None
            and (operand := self._operand(replace(best.match, column=column))) is not None
        ]
        if best.match.label_share < _LEAST_LABEL or len(operands) < 3:
            return None
        chosen = (min if operations.MINIMUM.search(self._question.text) else max)(operands, key=lambda o: o.amount)
        others = [operand for operand in operands if operand is not chosen]
        return result_of(heads[chosen.match.column], [chosen, *others], scaled=False, note="compared")

    def _count_periods(self) -> Derived | None:
        within = self._within()
        return result_of(str(len(within[1])), within[0], scaled=False, note="counted") if within else None

    def _periods_within(self) -> Derived | None:
        within = self._within()
        if not within or not within[1]:
            return None
        years = [(years_in(o.head) or years_in(o.row.label) or (o.head,))[-1] for o in reversed(within[1])]
        return result_of(", ".join(years), within[1][::-1], scaled=False, note="compared")

    def _cells(self) -> list[Derived]:
        """Cells as they stand, one for each period or row that the question names."""
        best = self._matches[0]
        found: list[Derived] = []
        table = self._tables[best.place]
        row, _ = cell_at(self._tables, best)
        columns = [best.column]
        if len(self._question.years) > 1:
            years = self._question.years
            if len(years) == 2 and re.search(r"\d\d\d\d\s?(?:to|through|[-–])\s?\d\d\d\d", self._question.text):
                step = 1 if years[1] > years[0] else -1
                years = tuple(str(year) for year in range(int(years[0]), int(years[1]) + step, step))
            dated = self._by_period(years)
            order = {year: index for index, year in enumerate(years)}
            dated.sort(key=lambda o: order.get((years_in(o.head) or ("",))[-1], 9))
            columns = [o.match.column for o in dated if o.row is row] or columns
        rival = next(
            (
                m.score
                for m in self._matches[1:]
                if cell_at(self._tables, m)[1].text != cell_at(self._tables, best)[1].text
            ),
            0.0,
        )
        parts = [shown(table, row, cell) for column in columns if (cell := row.cells[column]) is not None]
        cells = tuple((cell.start, cell.end) for column in columns if (cell := row.cells[column]) is not None)
        scaled = any(applied for _, applied in parts)
        found.append(
            Derived(
                text=", ".join(text for text, _ in parts),
                place=best.place,
                cells=cells,
                rows=((row.start, row.end),),
                score=best.score,
                computed=scaled or len(parts) > 1,
                scale_span=table.scale_span if scaled else None,
                columns=tuple(table.heads[column] for column in columns),
                margin=best.score - rival,
                label_share=best.label_share,
                covered=best.covered,
            )
        )
        return found
