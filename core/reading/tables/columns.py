"""Whole columns of a table: which row or which of two named rows is first by a figure, and sums over rows.

The table is the one whose title, corner and heads name what is asked for; no label need stand in the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.language.answer_kinds import expectation
from core.language.english.printed import table_words
from core.language.english.questions import computations
from core.reading.tables.finder import OperandFinder
from core.reading.tables.limits import keeping_limit
from core.reading.tables.lookup import CellMatch, meets, stems_of, table_question, years_in
from core.reading.tables.operands import Derived, Operand, like_operand, result_of
from core.reading.tables.parts import parts_within
from core.reading.tables.show import label_name
from core.reading.tables.table import Table, TableRow
from core.reading.text.values import values

_LEAST_NAMED = 0.6  # of the question's words, in title, corner, heads and groups
_LEAST_SUMMED = 0.7
_LEAST_LABEL = 0.5
_DATED_ROWS = 0.6  # of the rows of a table of dates have one as their label
_LEAST_DATED = 0.6


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table with its amounts, one per row that is asked for."""

    share: float
    operands: tuple[Operand, ...]


def _measures(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of the heads that an adjective of the question asks for, and the stem of the adjective."""
    heads: set[str] = set()
    adjectives: set[str] = set()
    for pattern, names in computations.MEASURES.items():
        match = pattern.search(text)
        if match is not None:
            heads |= stems_of(names)
            adjectives |= stems_of(match[0])
    return frozenset(heads), frozenset(adjectives)


def _named_column(finder: OperandFinder, text: str, least: float) -> _Column | None:
    """The column that a question without a row's label asks for, None where no table is named well enough."""
    measured, adjectives = _measures(text)
    terms = [term for term in table_question(text).terms if term not in adjectives]
    best: _Column | None = None
    for place, table in enumerate(finder.tables):
        column = _best_column(finder, place, table, terms, measured)
        if column is not None and column.share >= least and (best is None or column.share > best.share + 0.02):
            best = column
    return best


def _best_column(
    finder: OperandFinder, place: int, table: Table, terms: Sequence[str], measured: frozenset[str]
) -> _Column | None:
    """The amounts of the column of one table that the terms or the measure name, with the share of terms named."""
    title, corner = stems_of(table.title), stems_of(table.corner)
    groups = {row.group for row in table.rows if row.group}
    named_group = next((group for group in groups if any(meets(term, stems_of(group)) >= 0.8 for term in terms)), "")
    years, question_stems = finder.question.years, stems_of(finder.question.text)
    candidates: list[tuple[float, int]] = []
    for index, head in enumerate(table.heads):
        if table_words.CHANGE_HEAD.search(head) or (years and years_in(head) and not set(years) & set(years_in(head))):
            continue
        stems = stems_of(head)
        score = sum(meets(stem, question_stems) for stem in stems) / len(stems) if stems else 0.0
        score += 1.0 if stems & measured else 0.0
        score += 0.3 * bool(years and set(years) & set(years_in(head)))
        candidates.append((score - 0.01 * index, index))
    for score, index in sorted(candidates, reverse=True):
        rows = [
            (row_index, row)
            for row_index, row in enumerate(table.rows)
            if row.label
            and not table_words.TOTAL_ROW.search(row.label)
            and (not named_group or row.group == named_group)
        ]
        operands = [
            Operand(CellMatch(place, row_index, index, 0.0, 1.0, 0.0), table, row, cell)
            for row_index, row in rows
            if index < len(row.cells) and (cell := row.cells[index]) is not None and cell.amount is not None
        ]
        # Percentages and sums of money of one column belong to different tables.
        operands = [o for o in operands if _kind(o) == _kind(operands[0])]
        if len(operands) < 2 or len(operands) < 0.4 * len(rows):
            continue
        if measured and not stems_of(table.heads[index]) & measured and score < 0.5:
            return None
        head_stems, group = stems_of(table.heads[index]), stems_of(named_group)
        weights = [
            max(meets(t, corner), meets(t, head_stems), 0.9 * meets(t, title), 0.9 * meets(t, group)) for t in terms
        ] + ([1.0] if measured & head_stems else [])
        share = sum(weights) / len(weights) if weights else 0.0
        return _Column(
            share, tuple(replace(o, match=replace(o.match, score=0.5 + 0.4 * share, covered=share)) for o in operands)
        )
    return None


def _kind(operand: Operand) -> tuple[bool, bool]:
    return operand.cell.percent, re.search(r"[$€£¥]", operand.cell.text) is not None


def _ranked(operands: Sequence[Operand], *, smallest: bool) -> Derived:
    """The label of the first of some rows; the rows follow in order."""
    order = sorted(operands, key=lambda o: o.amount if smallest else -o.amount)
    chosen = order[0]
    tied = [label_name(o.row.label) for o in order if o.amount == chosen.amount]
    derived = result_of(", ".join(tied), order, scaled=False, note="compared")
    places = (chosen.match.place, *derived.cell_places)
    return replace(derived, cells=(chosen.row.label_span, *derived.cells), cell_places=places)


def extreme_of_named(finder: OperandFinder) -> Derived | None:
    """The row that is first in the column that the question names ("which region has the highest revenue")."""
    text = finder.question.text
    column = _named_column(finder, text, _LEAST_NAMED)
    best = finder.best()
    if column is None or (best is not None and best.match.label_share >= 0.8 and best.match.covered > column.share):
        return None
    subject = re.search(computations.SUBJECT, text, re.IGNORECASE)
    stems = stems_of(subject[1]) if subject else frozenset()
    table = column.operands[0].table
    named = stems_of(f"{table.corner} {table.title} {column.operands[0].row.group}")
    if stems and not any(meets(stem, named) >= 0.6 for stem in stems):
        return None
    return _ranked(column.operands, smallest=computations.MINIMUM.search(text) is not None)


def rows_within(finder: OperandFinder) -> Derived | None:
    """How many rows keep a limit in the column that the question names, or which ("how many regions sold over $1m")."""
    text = finder.question.text
    limit = computations.LIMIT.search(text)
    counted = computations.HOW_MANY.search(text)
    things = counted or computations.WHICH_THINGS.search(text)
    if limit is None or things is None:
        return None
    amount = next((value for value in values(limit["limit"]) if value.amount is not None), None)
    if amount is None:
        return None
    start = limit.start("limit")
    bare = f"{text[: limit.start()]} {text[start : start + amount.start]} {text[start + amount.end :]}"
    column = _named_column(finder, bare, _LEAST_NAMED)
    by_part = parts_within(finder, limit, counted=counted is not None)
    if by_part is not None and (column is None or column.share <= by_part.covered):
        return by_part
    if column is None or not _are_rows(column, things["things"]):
        return None
    kept = keeping_limit(limit, column.operands)
    if kept is None or (not kept and not counted):
        return None
    note = f"{len(kept)} of {len(column.operands)} rows"
    if counted:
        first = [*kept, *(o for o in column.operands if o not in kept)]
        return result_of(str(len(kept)), first, scaled=False, note=note)
    derived = result_of(", ".join(label_name(o.row.label) for o in kept), kept, scaled=False, note=note)
    labels = tuple(o.row.label_span for o in kept)
    places = (*(o.match.place for o in kept), *derived.cell_places)
    return replace(derived, cells=(*labels, *derived.cells), cell_places=places)


def dated_row(finder: OperandFinder) -> Derived | None:
    """The date or year that labels a row whose words say what is asked for ("1971 | First light")."""
    expected = expectation(finder.question.text)
    terms = finder.question.terms
    if not terms or ((expected is None or expected.kind != "date") and not _asks_when(finder.question.text)):
        return None
    candidates: list[tuple[float, int, TableRow]] = []
    for place, table in enumerate(finder.tables):
        dated = [row for row in table.rows if _is_date(row.label)]
        if len(dated) < _DATED_ROWS * len(table.rows):
            continue
        for row in dated:
            said_stems = frozenset[str]().union(
                *(stems_of(c.text) for c in row.cells if c is not None and c.amount is None)
            )
            share = sum(meets(term, said_stems) for term in terms) / len(terms)
            # Of what the row says most must be asked for, else it is about something else.
            asked_for = (
                sum(meets(word, frozenset(terms)) for word in said_stems) / len(said_stems) if said_stems else 0.0
            )
            candidates.append((0.7 * share + 0.3 * asked_for, place, row))
    candidates.sort(key=lambda item: -item[0])
    if not candidates or candidates[0][0] < _LEAST_DATED:
        return None
    (share, place, row), rest = candidates[0], candidates[1:]
    return Derived(
        text=label_name(row.label),
        place=place,
        cells=(row.label_span,),
        rows=((row.start, row.end),),
        score=0.4 + 0.4 * share,  # a sentence may give the day, too
        margin=share - (rest[0][0] if rest else 0.0),
        label_share=1.0,
        covered=share,
    )


def _asks_when(text: str) -> bool:
    return computations.WHICH_PERIOD.search(text) is not None


def _is_date(label: str) -> bool:
    return bool(re.fullmatch(r"(?:1[0-9]|20)\d\d", label)) or any(
        value.kind == "date" and value.end - value.start >= len(label) - 2 for value in values(label)
    )


def _are_rows(column: _Column, things: str) -> bool:
    """Whether the rows of a column's table are the things that a question names, by corner, title or group."""
    table = column.operands[0].table
    named = stems_of(f"{table.corner} {table.title} {column.operands[0].row.group}")
    return any(meets(stem, named) >= 0.6 for stem in stems_of(things))


def aggregate(finder: OperandFinder) -> Derived | None:
    """The sum or the average of a column that the question names by table and head."""
    text = finder.question.text
    best = finder.best()
    if len(finder.question.years) > 1 or (best is not None and best.match.label_share > _LEAST_LABEL):
        return None
    column = _named_column(finder, text, _LEAST_SUMMED)
    if column is None:
        return None
    operands = column.operands
    averaged = computations.AVERAGE.search(text) is not None
    if operands[0].cell.percent and not averaged:
        return None
    amount = sum((o.amount for o in operands), Decimal(0))
    parts = " + ".join(o.cell.text for o in operands)
    if averaged:
        shown_amount, scaled = like_operand(amount / len(operands), operands[0], places=2)
        return result_of(shown_amount, operands, scaled=scaled, note=f"({parts}) / {len(operands)}")
    shown_amount, scaled = like_operand(amount, operands[0])
    return result_of(shown_amount, operands, scaled=scaled, note=parts)


def either(finder: OperandFinder) -> Derived | None:
    """Which of two rows, or of two columns of one row, that the question names is the larger."""
    match = computations.EITHER.search(finder.question.text)
    pair = None if match is None else _two_named(finder, match["a"], match["b"])
    if match is None or pair is None:
        return None
    smallest = bool(computations.SMALLER.match(match["way"]))
    derived = _ranked(pair, smallest=smallest)
    if pair[0].row is pair[1].row:
        chosen = (min if smallest else max)(pair, key=lambda o: o.amount)
        derived = replace(derived, text=chosen.head)
    first, second = sorted(pair, key=lambda o: -o.amount)
    sign = "=" if first.amount == second.amount else ">"
    return replace(derived, note=f"{first.cell.text} {sign} {second.cell.text}")


def more_than(finder: OperandFinder) -> Derived | None:
    """Whether the first of two rows that the question names is the larger."""
    match = computations.THAN.search(finder.question.text)
    pair = None if match is None else _two_named(finder, match["a"], match["b"])
    if match is None or pair is None:
        return None
    first, second = pair
    larger = first.amount < second.amount if computations.SMALLER.match(match["way"]) else first.amount > second.amount
    names = [o.head if first.row is second.row else label_name(o.row.label) for o in pair]
    text = ", ".join(f"{name}: {o.cell.text}" for name, o in zip(names, pair, strict=True))
    sign = "=" if first.amount == second.amount else ">" if first.amount > second.amount else "<"
    note = f"{first.cell.text} {sign} {second.cell.text}"
    return replace(result_of(text, pair, scaled=False, note=note), polarity="yes" if larger else "no")


def _two_named(finder: OperandFinder, first_name: str, second_name: str) -> tuple[Operand, Operand] | None:
    """The amounts of two rows in one column, or of two columns in one row."""
    measured, _ = _measures(finder.question.text)
    first_question = finder.narrowed(first_name)
    context = f"{first_question.context} {' '.join(measured)}"
    first = finder.best(replace(first_question, context=context))
    second_question = replace(finder.narrowed(second_name), context=context)
    second = None if first is None else finder.best(second_question, first.match.place)
    if first is not None and second is not None and first.row is not second.row:
        column = first.match.column
        cell = second.row.cells[column] if column < len(second.row.cells) else None
        shares = min(first.match.label_share, second.match.label_share)
        if cell is not None and cell.amount is not None and shares >= _LEAST_LABEL:
            return first, Operand(replace(second.match, column=column), second.table, second.row, cell)
    columns = finder.named_columns()
    return (columns[0], columns[1]) if len(columns) == 2 else None
