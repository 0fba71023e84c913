"""Figures that are asked by name and defined by rows of statements: gross margin, current ratio, working capital.

The definitions stand in `core/language/data/en/formulas.toml`. A figure is computed only where every row of its
definition stands in the tables of one document, for one period; what a row states by that name is left to the lookup of
cells.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial

from core.language.english.printed import table_words
from core.language.english.questions import computations
from core.language.language import alternation, data_table, language
from core.reading.tables.finder import OperandFinder
from core.reading.tables.line_items import item_of
from core.reading.tables.lookup import CellMatch, TableQuestion, head_score, stems_of, years_in
from core.reading.tables.operands import Derived, Operand, like_operand, result_of
from core.reading.tables.show import grouped
from core.reading.tables.table import TableRow

_LIGHT = frozenset(language("en").word_lists["formula_filler"])
_QUALIFIERS = frozenset(language("en").word_lists["label_qualifier"])


@dataclass(frozen=True, slots=True)
class Term:
    """A row of a definition.

    Attributes:
        labels: Labels that name it, the most usual first.
        sign: 1, or -1 where it is taken away.
    """

    labels: tuple[str, ...]
    sign: int


@dataclass(frozen=True, slots=True)
class Formula:
    """A figure by its definition: the sum of `top` over the sum of `bottom`, or the former alone.

    Attributes:
        names: What it is called.
        top: Rows above the line.
        bottom: Rows below it; empty where nothing is divided.
        unit: `percent`, `ratio` or `amount`.
    """

    names: tuple[str, ...]
    top: tuple[Term, ...]
    bottom: tuple[Term, ...]
    unit: str


@cache
def formulas() -> tuple[Formula, ...]:
    """Return all definitions."""
    table = data_table("en/formulas")
    return tuple(
        Formula(tuple(row["names"].split("|")), _terms(row["top"]), _terms(row["bottom"]), row["unit"])
        for row in table["formulas"]
    )


def _terms(rows: Sequence[str]) -> tuple[Term, ...]:
    return tuple(Term(tuple(row.removeprefix("-").split("|")), -1 if row.startswith("-") else 1) for row in rows)


@cache
def _pattern(formula: Formula) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{alternation(formula.names)})(?!\w)", re.IGNORECASE)


def named_formulas(question: str) -> list[Formula]:
    """Return the definitions of the figure that a question names, the longest name first; empty where it names none."""
    matches = [(formula, match) for formula in formulas() if (match := _pattern(formula).search(question))]
    longest = max((len(match[0]) for _, match in matches), default=0)
    return [formula for formula, match in matches if len(match[0]) == longest]


def search_words(question: str) -> str:
    """Return the labels of the rows that the named figure is computed from, so that a search finds their tables."""
    labels = (term.labels[0] for formula in named_formulas(question) for term in (*formula.top, *formula.bottom))
    return " ".join(dict.fromkeys(labels))


def defined(finder: OperandFinder) -> Derived | None:
    """Compute the figure that the question names, None where it names none or a row is missing."""
    text = finder.question.text
    averaged = computations.AVERAGED.search(text) is not None
    if computations.CHANGED.search(text) or (averaged and not finder.question.years):
        return None
    for formula in named_formulas(text):
        if _stated(finder, formula) or (averaged and not formula.bottom):
            return None
        for places in _by_document(finder):
            derived = _computed(finder, formula, places, averaged=averaged)
            if derived is not None:
                return derived
    return None


def _stated(finder: OperandFinder, formula: Formula) -> bool:
    """Whether a row states the figure by its name: as a percentage where it is one."""
    names = [stems_of(name) for name in formula.names]
    return any(
        stems_of(row.label) >= name
        and any(cell is not None and (cell.percent or formula.unit != "percent") for cell in row.cells)
        for table in finder.tables
        for row in table.rows
        for name in names
        if name
    )


def _by_document(finder: OperandFinder) -> list[list[int]]:
    """Indices of the tables of each document, the document of the best page first."""
    places: dict[str, list[int]] = defaultdict(list)
    for place in range(len(finder.tables)):
        places[finder.document(place)].append(place)
    return list(places.values())


def _computed(finder: OperandFinder, formula: Formula, places: Sequence[int], *, averaged: bool) -> Derived | None:
    """The figure of one document; `averaged` takes the mean of two years for each row below the line."""
    question = finder.question
    if averaged:
        question = replace(question, years=(max(question.years),))
    upper = _rows_of(finder, question, formula.top, places)
    lower = _rows_of(finder, question, formula.bottom, places, upper[0] if upper else None)
    earlier: list[Operand] | None = []
    if averaged:
        before = replace(question, years=(str(int(question.years[0]) - 1),))
        earlier = _rows_of(finder, before, formula.bottom, places)
    if upper is None or lower is None or earlier is None:
        return None
    operands = [*upper, *lower, *earlier]
    # A mean of two years is taken of columns that name them.
    undated = averaged and not all(years_in(operand.head) for operand in operands)
    if undated or len({operand.table.scale for operand in operands}) > 1:
        return None
    top, bottom = _summed(upper, formula.top), _summed(lower, formula.bottom)
    written = _written(lower, formula.bottom)
    if earlier:
        bottom = (bottom + _summed(earlier, formula.bottom)) / 2
        written = f"(({written} + {_written(earlier, formula.bottom)}) / 2)"
    if lower and not bottom:
        return None
    note = _written(upper, formula.top)
    note = f"{note} / {written}" if lower else note.removeprefix("(").removesuffix(")")
    unique = list({(o.match.place, o.cell.start): o for o in operands}.values())
    if formula.unit == "amount":
        amount_text, scaled = like_operand(top, operands[0])
        derived = result_of(amount_text, unique, scaled=scaled, note=note)
        sign = computations.NEGATIVE.search(question.text)
        if sign is not None:
            derived = replace(derived, polarity="yes" if (top < 0) == (sign[0].lower() == "negative") else "no")
    else:
        value = top / bottom
        shown = f"{grouped(value * 100, 2)}%" if formula.unit == "percent" else grouped(value, 2)
        derived = result_of(shown, unique, scaled=False, note=note)
    return replace(derived, score=1.0, label_share=1.0, covered=1.0)


def _rows_of(
    finder: OperandFinder,
    question: TableQuestion,
    terms: Sequence[Term],
    places: Sequence[int],
    like: Operand | None = None,
) -> list[Operand] | None:
    """The amounts of the rows that some terms name, all of one period; None where a row is missing."""
    operands: list[Operand] = []
    for term in terms:
        operand = _row_of(finder, question, term, places, operands[0] if operands else like)
        if operand is None:
            return None
        operands.append(operand)
    return operands


def _summed(operands: Sequence[Operand], terms: Sequence[Term]) -> Decimal:
    """Add amounts by their size: whether a statement writes costs in brackets is a matter of style."""
    signed = (
        term.sign * (abs(o.amount) if term.sign < 0 or (len(terms) == 1 and _is_cost(term)) else o.amount)
        for o, term in zip(operands, terms, strict=True)
    )
    return sum(signed, Decimal(0))


def _is_cost(term: Term) -> bool:
    return re.search(table_words.COST, term.labels[0]) is not None


def _written(operands: Sequence[Operand], terms: Sequence[Term]) -> str:
    parts = [f"{'− ' if term.sign < 0 else '+ '}{o.cell.text}" for o, term in zip(operands, terms, strict=True)]
    joined = " ".join(parts).removeprefix("+ ")
    return f"({joined})" if len(parts) > 1 else joined


def _row_of(
    finder: OperandFinder, question: TableQuestion, term: Term, places: Sequence[int], like: Operand | None
) -> Operand | None:
    """The amount of the row that a term names, in the period asked for or in that of another operand."""

    def in_tables(same: Callable[[TableRow], bool], total: bool) -> Operand | None:
        operands = (_in_table(finder, question, place, same, like, total=total) for place in places)
        return next((operand for operand in operands if operand is not None), None)

    for label in term.labels:
        stems = stems_of(label) - _LIGHT
        for light in (_LIGHT, frozenset[str]()):
            operand = in_tables(partial(_labelled, label, stems, light), table_words.TOTAL in label)
            if operand is not None:
                return operand
    items = {item_of(label) for label in term.labels[:1]} - {None}
    return in_tables(lambda row: item_of(row.label) in items, table_words.TOTAL in term.labels[0])


def _labelled(label: str, stems: frozenset[str], light: frozenset[str], row: TableRow) -> bool:
    """Whether a row's label has these stems and no others, those that count little left out, and as many "before"."""
    own = table_words.NOTE_MARK.sub("", row.label)
    return stems_of(own) - light == stems and _qualifiers(own) == _qualifiers(label)


def _qualifiers(label: str) -> frozenset[str]:
    return _QUALIFIERS & set(label.casefold().split())


def _in_table(
    finder: OperandFinder,
    question: TableQuestion,
    place: int,
    same: Callable[[TableRow], bool],
    like: Operand | None,
    *,
    total: bool,
) -> Operand | None:
    table = finder.tables[place]
    best: tuple[float, Operand] | None = None
    for index, row in enumerate(table.rows):
        if not same(row):
            continue
        for column, head in enumerate(table.heads):
            cell = row.cells[column] if column < len(row.cells) else None
            fit = head_score(question, head, column, table.heads)
            if cell is None or cell.amount is None or cell.percent or fit is None:
                continue
            if like is not None and _of_other_period(like.head, head):
                continue
            score = fit + 0.3 * ((table_words.TOTAL in stems_of(row.label)) == total) - 0.1 * bool(row.group)
            if best is None or score > best[0]:
                best = score, Operand(CellMatch(place, index, column, 1.0, 1.0, 1.0), table, row, cell)
    return best[1] if best else None


def _of_other_period(first_head: str, second_head: str) -> bool:
    first, second = set(years_in(first_head)), set(years_in(second_head))
    return bool(first and second) and not first & second
