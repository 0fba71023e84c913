"""Finds the cells that a question's computation takes: the best cell, one per period, or two that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.language.english.printed.table_words import CHANGE_HEAD
from core.language.english.questions import computations
from core.language.language import language
from core.reading.tables.lookup import (
    CellMatch,
    TableQuestion,
    cell_at,
    meets,
    stems_of,
    table_question,
    years_in,
)
from core.reading.tables.match import match_cells
from core.reading.tables.operands import Operand
from core.reading.tables.table import Table

_LEAST_LABEL = 0.8  # of a row in another table than the first
_CAPITALISED = re.compile(r"(?<!^)(?<![.?!:] )\b[A-Z][\w’'-]+")
_BOUNDS = frozenset(language("en").word_lists["bound_head"])


class OperandFinder:
    """The cells of some tables that one question asks for.

    Args:
        question: As asked.
        tables: Where to look, best page first.
        sources: Names and titles of the documents.
        documents: Name of each table's document; empty where all are of one.

    Attributes:
        question: The question as tables are asked.
        tables: Where to look.
        matches: The cells that fit, best first.
    """

    def __init__(
        self, question: str, tables: Sequence[Table], sources: Sequence[str] = (), documents: Sequence[str] = ()
    ) -> None:
        self.tables = tables
        self._sources = sources
        self._documents = documents
        self.question = table_question(question)
        self.matches = match_cells(self.question, tables, sources)

    @property
    def asks_extreme(self) -> bool:
        """Whether the question asks for the largest or the smallest, and no column of the best table gives it."""
        text = self._without_names()
        if not (computations.MAXIMUM.search(text) or computations.MINIMUM.search(text)):
            return False
        heads = self.tables[self.matches[0].place].heads if self.matches else ()
        question_stems = stems_of(text)
        return not any(meets(stem, question_stems) for head in heads for stem in stems_of(head) & _BOUNDS)

    def _without_names(self) -> str:
        """The question without capitalised words and names of groups: "Greater China" asks for nothing great."""
        text = _CAPITALISED.sub(" ", self.question.text)
        groups = {row.group.strip(" :") for table in self.tables for row in table.rows if " " in row.group.strip(" :")}
        for group in groups:
            text = re.sub(rf"\b{re.escape(group)}\b", " ", text, flags=re.IGNORECASE)
        return text

    def document(self, place: int) -> str:
        """Return the name of a table's document, `""` where all tables are of one."""
        return self._documents[place] if self._documents else ""

    def operand(self, match: CellMatch) -> Operand | None:
        """Return a match with its cell, None where the cell holds no amount."""
        row, cell = cell_at(self.tables, match)
        return Operand(match, self.tables[match.place], row, cell) if cell.amount is not None else None

    def best(self, question: TableQuestion | None = None, place: int | None = None) -> Operand | None:
        """Return the best amount for this or another question, of all tables or of one."""
        matches = self.matches if question is None else match_cells(question, self.tables, self._sources)
        fitting = (self.operand(match) for match in matches if place is None or match.place == place)
        return next((operand for operand in fitting if operand is not None), None)

    def by_period(self, years: Sequence[str] = ()) -> list[Operand]:
        """Return the best row's cells, one for each period, oldest first."""
        best = self.best()
        if best is None:
            return []
        dated: dict[str, Operand] = {}
        span = computations.MONTHS_SPAN.findall(best.head)
        for column, head in enumerate(best.table.heads):
            cell = best.row.cells[column] if column < len(best.row.cells) else None
            named = years_in(head)
            if cell is None or cell.amount is None or len(named) != 1 or computations.MONTHS_SPAN.findall(head) != span:
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

    def two_periods(self) -> tuple[Operand, Operand] | None:
        """Return the best row's cells of the two periods that the question compares, the older first."""
        years = self.question.years
        dated = self.by_period(years if len(years) > 1 else ())
        if len(years) == 1 and len(dated) > 2:
            asked_index = next((index for index, o in enumerate(dated) if years[0] in years_in(o.head)), 0)
            dated = dated[max(0, asked_index - 1) : asked_index + 1]
        return (dated[0], dated[-1]) if len(dated) >= 2 else None

    def pair(self, pattern: re.Pattern[str], names: Sequence[tuple[str, str]]) -> tuple[Operand, Operand] | None:
        """Return two amounts that the question names on both sides of a word, of one table or of two of a document.

        Args:
            pattern: Finds the names in the question.
            names: Pairs of its groups, of which one pair matched.
        """
        match = pattern.search(self.question.text)
        if match is None:
            return None
        groups = match.groupdict()
        former, latter = next(((groups[a], groups[b]) for a, b in names if groups.get(a) and groups.get(b)), ("", ""))
        if not former or re.fullmatch(r"\W*(?:FY)?\s?\d{2,4}\W*", former):
            return None
        first = self.best(self.narrowed(former))
        if first is None:
            return None
        second = self.best(self.narrowed(latter), first.match.place)
        if second is None or second.match.label_share < _LEAST_LABEL:
            # Two statements of one document may hold them, for one period.
            other = self.best(self.narrowed(latter))
            if other is not None and self._beside(first, other):
                second = other
        return None if second is None or first.cell == second.cell else (first, second)

    def _beside(self, first: Operand, second: Operand) -> bool:
        """Whether two cells of different tables may be computed with: of one document, scale and period, well named."""
        same = self.document(first.match.place) == self.document(second.match.place)
        periods = set(years_in(first.head)), set(years_in(second.head))
        dated = not periods[0] or not periods[1] or bool(periods[0] & periods[1])
        named = min(first.match.label_share, second.match.label_share) >= _LEAST_LABEL
        return same and dated and named and first.table.scale == second.table.scale

    def narrowed(self, name: str) -> TableQuestion:
        """Return the question asked of one row alone: its column is still the one that the whole question names."""
        row_question = table_question(name)
        return replace(row_question, years=years_in(name) or self.question.years, context=self.question.text)

    def named_columns(self) -> list[Operand]:
        """Return the best row's cells in the columns that the question names by words, in the question's order."""
        best = self.best()
        if best is None:
            return []
        question_stems = stems_of(self.question.text)
        order = [*self.question.text.lower().split()]
        every = [stems_of(head) for head in best.table.heads]
        named: list[tuple[int, Operand]] = []
        for column, (head, stems) in enumerate(zip(best.table.heads, every, strict=True)):
            others = frozenset[str]().union(*(other for index, other in enumerate(every) if index != column))
            telling = stems - others
            if not telling or years_in(head) or not any(meets(stem, question_stems) == 1.0 for stem in telling):
                continue
            if column < len(best.row.cells) and best.row.cells[column] is not None:
                operand = self.operand(replace(best.match, column=column))
                place = next((position for position, word in enumerate(order) if stems_of(word) & telling), len(order))
                named += [(place, operand)] if operand is not None else []
        return [operand for _, operand in sorted(named, key=lambda item: item[0])]
