"""Parts of a whole that a table lists one under another, each with the same rows: segments, regions, sites.

"Which segment had the largest operating income?" compares the rows "Operating income" and answers with the part's name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from core.language.english.questions import computations
from core.reading.tables.finder import OperandFinder
from core.reading.tables.limits import keeping_limit
from core.reading.tables.lookup import (
    CellMatch,
    head_score,
    meets,
    share_of_label,
    stems_of,
    table_question,
)
from core.reading.tables.operands import Derived, Operand, result_of
from core.reading.tables.table import Table, TableRow
from core.reading.text.words import stem, words

_LEAST_LABEL = 0.8
_MOST_QUOTED = 400  # code points from the name of a part to the end of its row


def parts(finder: OperandFinder) -> list[Operand]:
    """Return the amounts of the row that a question names, one for each part it stands under; empty where none is."""
    part = computations.PART.search(finder.question.text)
    if part is None:
        return []
    subject = frozenset(map(stem, words(part["things"])))
    terms = [term for term in finder.question.terms if term not in subject and not term[0].isdigit()]
    best: list[Operand] = []
    best_share = 0.0
    for place, table in enumerate(finder.tables):
        for rows in _same_rows(table):
            label = stems_of(rows[0][1].label)
            if share_of_label(label, table_question(" ".join(terms))) < _LEAST_LABEL:
                continue
            title = stems_of(f"{table.title} {table.corner}")
            if not computations.ANY_PART.match(part["things"]) and not any(meets(s, title) >= 0.8 for s in subject):
                continue
            share = sum(max(meets(term, label), 0.8 * meets(term, title)) for term in terms) / max(1, len(terms))
            operands = _in_best_column(finder, place, table, rows, share)
            if len(operands) >= 2 and share > best_share + 0.02:
                best, best_share = operands, share
    return best if best_share >= _LEAST_LABEL else []


def _same_rows(table: Table) -> list[list[tuple[int, TableRow]]]:
    """Rows of one label under several names, with their indices."""
    by_label: dict[str, dict[str, tuple[int, TableRow]]] = defaultdict(dict)
    for index, row in enumerate(table.rows):
        if row.group and row.label and not computations.WHOLE.search(row.group):
            by_label[row.label.lower()].setdefault(row.group, (index, row))
    return [list(rows.values()) for rows in by_label.values() if len(rows) >= 2]


def _in_best_column(
    finder: OperandFinder, place: int, table: Table, rows: Sequence[tuple[int, TableRow]], share: float
) -> list[Operand]:
    scores = [
        (score, -column)
        for column, head in enumerate(table.heads)
        if (score := head_score(finder.question, head, column, table.heads)) is not None
    ]
    for _, negative in sorted(scores, reverse=True):
        column = -negative
        operands = [
            Operand(CellMatch(place, index, column, 0.5 + 0.4 * share, 1.0, share), table, row, cell)
            for index, row in rows
            if column < len(row.cells) and (cell := row.cells[column]) is not None and cell.amount is not None
        ]
        if len(operands) == len(rows):
            return operands
    return []


def part_name(row: TableRow) -> str:
    """Return the name of the part that a row belongs to."""
    return row.group.strip().rstrip(":").rstrip()


def named_parts(chosen: Sequence[Operand], others: Sequence[Operand], note: str) -> Derived:
    """Return the names of some parts as an answer, with the cells that were compared and where the names stand."""
    derived = result_of(", ".join(part_name(o.row) for o in chosen), [*chosen, *others], scaled=False, note=note)
    spans = [o.row.group_span for o in chosen if o.row.group_span is not None]
    rows = tuple(_with_name(o.row) for o in [*chosen, *others])
    return replace(
        derived,
        cells=(*spans, *derived.cells),
        cell_places=(*(chosen[0].match.place for _ in spans), *derived.cell_places),
        rows=rows,
        row_places=(chosen[0].match.place,) * len(rows),
    )


def _with_name(row: TableRow) -> tuple[int, int]:
    """The span of a row, from the name of its part on where that is near."""
    if row.group_span is None or not 0 <= row.end - row.group_span[0] <= _MOST_QUOTED:
        return row.start, row.end
    return row.group_span[0], row.end


def extreme_part(finder: OperandFinder) -> Derived | None:
    """The part whose row is first by the figure that the question names."""
    operands = parts(finder)
    if not operands:
        return None
    smallest = computations.MINIMUM.search(finder.question.text) is not None
    order = sorted(operands, key=lambda o: o.amount if smallest else -o.amount)
    if order[0].amount == order[1].amount:
        return None
    return named_parts(order[:1], order[1:], "compared")


def parts_within(finder: OperandFinder, limit: re.Match[str], *, counted: bool) -> Derived | None:
    """How many parts keep a limit, or which."""
    operands = parts(finder)
    kept = keeping_limit(limit, operands) if operands else None
    if kept is None or (not kept and not counted):
        return None
    others = [o for o in operands if o not in kept]
    note = f"{len(kept)} of {len(operands)} rows"
    if not counted:
        return named_parts(kept, [], note)
    return replace(named_parts([*kept, *others], [], note), text=str(len(kept)))
