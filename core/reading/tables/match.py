"""Which cell of a table a question asks for: matched by row label, column head, period, kind and the title above.

Scores lie about between 0 and 1: how much of the question the cell's labels account for, and how much of the labels the
question asks for.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.language.english.people import IS_WHO
from core.language.english.periods import PERIOD
from core.language.english.questions.computations import RANKS
from core.reading.asked import read_asked
from core.reading.tables.kinds import fits
from core.reading.tables.line_items import item_of, statement_stems
from core.reading.tables.lookup import (
    CellMatch,
    TableQuestion,
    asked_stems,
    head_score,
    label_stems,
    meets,
    stems_of,
    without_unit,
    years_in,
)
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.words import listed_stems, words

_VERBATIM = 0.15  # for a row whose label stands in the question as it is
_WORDED = 0.15  # for words where a figure is asked for and the row has one
_OF_KIND = 0.15  # for a cell of the kind that is asked for
_OF_OTHER_KIND = 0.35  # for one of another kind, where its head is not asked for
_UNNAMED = 0.15  # for one of several columns where neither head nor kind tells which
_UNASKED_GROUP = 0.06  # for a row under a label that the question does not name
_NEAR_WHOLE = 0.3  # how far ahead of the row of the whole a row of a part may be, to stand behind it
_BEHIND_WHOLE = 0.02
_LEAST_COVERED = 0.6  # of the question, where a cell's kind speaks for it
_LEAST_NAMED = 0.7  # of the question, where the row's label alone chooses the cell
# Words that tell one thing from others of its name: a row that lacks them is about another one.
_ORDERING = listed_stems("ordering")


@dataclass(frozen=True, slots=True)
class _MatchContext:
    """A question with what its words weigh."""

    question: TableQuestion
    weights: Mapping[str, float]
    total: float
    figure: bool


def _weights(question: TableQuestion, tables: Sequence[Table], sources: Sequence[str]) -> dict[str, float]:
    """Weight of each term: rare among labels is telling; a name of the document tells nothing inside it."""
    labels = [stems_of(row.label) for table in tables for row in table.rows]
    counts = Counter(term for label in labels for term in question.terms if meets(term, label) >= 0.8)
    named = frozenset[str]().union(*map(stems_of, sources)) if sources else frozenset()
    # Where labels have another word of the question, the name of the document chooses no row ("attributable to Intel").
    others = any(counts[term] for term in question.terms if term not in named)
    return {
        term: (0.1 if term in named and (others or not counts[term]) else 1.0)
        * (0.4 + math.log(1 + (len(labels) + 1) / (counts[term] + 1)) / math.log(2 + len(labels)))
        for term in question.terms
    }


def _qualifiers(row: TableRow, but: TableCell) -> frozenset[str]:
    """Stems of the words in the other cells of a row: the condition under which its figure holds."""
    pieces = [cell.text for cell in row.cells if cell is not None and cell is not but and cell.amount is None]
    return frozenset[str]().union(*map(stems_of, pieces))


def match_cells(
    question: TableQuestion, tables: Sequence[Table], sources: Sequence[str] = (), *, limit: int = 24
) -> list[CellMatch]:
    """Return the cells that fit a question, best first.

    Args:
        question: What is asked.
        tables: Where to look; earlier ones weigh a little more.
        sources: Names and titles of the documents: their words name no figure.
        limit: Most cells.
    """
    weights = _weights(question, tables, sources)
    context = _MatchContext(question, weights, sum(weights.values()) or 1.0, read_asked(question.whole).figure)
    matches = [
        match
        for place, table in enumerate(tables)
        for head_fits in [[head_score(question, head, column, table.heads) for column, head in enumerate(table.heads)]]
        for index in _rows_of_number(question.whole, table)
        for match in _of_row(context, table, place, index, head_fits)
    ]
    matches = _parts_after_whole(context, tables, matches)
    matches.sort(key=lambda match: (-match.score, match.place, match.row, match.column))
    return matches[:limit]


def _rows_of_number(question: str, table: Table) -> list[int]:
    """The rows that a question may ask for: none with another number where it has a label as it stands ("Depot 10")."""
    numbered = {index: numbers for index, row in enumerate(table.rows) if (numbers := _numbers(row.label))}
    named = [index for index in numbered if _is_verbatim(table.rows[index].label, question)]
    own = _numbers(question)
    return [index for index in range(len(table.rows)) if not named or numbered.get(index, own) <= own]


def _numbers(text: str) -> frozenset[str]:
    """The numbers of a text and the words that hold one, but for years."""
    return frozenset(word for word in words(text) if any(map(str.isdigit, word)) and not years_in(word))


def _is_verbatim(label: str, text: str) -> bool:
    return bool(label) and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, re.IGNORECASE) is not None


def asks_empty_cell(question: str, table: Table, row: TableRow) -> bool:
    """Tell whether a question has a row's label as it stands and the head of a column in which the row has nothing."""
    return _is_verbatim(row.label, question) and any(
        column >= len(row.cells) or row.cells[column] is None
        for column, head in enumerate(table.heads)
        if not years_in(head) and (stems := stems_of(without_unit(head))) and stems <= asked_stems(question)
    )


def _parts_after_whole(
    context: _MatchContext, tables: Sequence[Table], matches: Sequence[CellMatch]
) -> list[CellMatch]:
    """Put a row of one part ("Americas", "Operating income") behind the row of that label which is of no part.

    A question that names no part asks for the whole.
    """

    def label_of(match: CellMatch) -> frozenset[str]:
        row = tables[match.place].rows[match.row]
        item = item_of(row.label)
        return stems_of(row.label) if item is None else frozenset((f"item {item}",))

    def is_part(match: CellMatch) -> bool:
        group = stems_of(tables[match.place].rows[match.row].group) - statement_stems()
        return bool(group) and not any(meets(word, asked_stems(context.question.whole)) for word in group)

    parts = [is_part(match) for match in matches]
    wholes: dict[frozenset[str], float] = {}
    for match, part in zip(matches, parts, strict=True):
        if not part:
            label = label_of(match)
            wholes[label] = max(wholes.get(label, 0.0), match.score)
    ordered = []
    for match, part in zip(matches, parts, strict=True):
        whole = wholes.get(label_of(match), 0.0) if part else 0.0
        behind = part and match.score - _NEAR_WHOLE < whole <= match.score
        ordered.append(replace(match, score=whole - _BEHIND_WHOLE) if behind else match)
    return ordered


def _of_row(
    context: _MatchContext, table: Table, place: int, index: int, head_fits: Sequence[float | None]
) -> list[CellMatch]:
    """The cells of one row, none where its label, its group and the title name nothing that is asked for."""
    question, row = context.question, table.rows[index]
    (label, share), group = label_stems(row, question), stems_of(row.group)
    title = stems_of(table.title) | stems_of(table.corner)
    ranked = RANKS.search(question.text) and any(meets(term, title) for term in question.terms)
    if (
        not share
        and not ranked
        and not any(meets(term, group) for term in question.terms)
        and not _person(context, row)
    ):
        return []
    if question.years and years_in(row.label) and not set(years_in(row.label)) & set(question.years):
        return []
    unasked = sum(not meets(word, asked_stems(question.text)) for word in group) / len(group) if group else 0.0
    verbatim = _is_verbatim(row.label, question.text)
    if asks_empty_cell(question.whole, table, row):
        return []
    matches = []
    for column, (head, head_fit) in enumerate(zip(table.heads, head_fits, strict=True)):
        cell = row.cells[column] if column < len(row.cells) else None
        if head_fit is None or cell is None:
            continue
        covered = _covered(context, table, row, cell, label | stems_of(head))
        undated = bool(question.years) and not (
            years_in(head) or years_in(row.label) or set(years_in(table.title)) & set(question.years)
        )
        score = 0.5 * covered + 0.35 * share + 0.15 * min(1.0, head_fit) - 0.02 * place - 0.15 * undated
        kind_score = _of_kind(context, table, row, cell, head, covered)
        if kind_score <= -_OF_OTHER_KIND and len(table.heads) > 1 and question.context == "":
            continue  # another column of the row holds what is asked for, or none does
        score += _VERBATIM * verbatim - _UNASKED_GROUP * unasked + kind_score
        matches.append(CellMatch(place, index, column, score, share, covered))
    return matches


def _person(context: _MatchContext, row: TableRow) -> bool:
    """Whether a row may say who does what: its words, not its label, name the duty."""
    if not re.match(IS_WHO, context.question.text, re.IGNORECASE):
        return False
    pieces = frozenset[str]().union(*(stems_of(cell.text) for cell in row.cells if cell is not None))
    return any(meets(term, pieces) == 1.0 for term in context.question.terms)


def _covered(context: _MatchContext, table: Table, row: TableRow, cell: TableCell, named: frozenset[str]) -> float:
    """Part of the question that the stems of label and head, group, title and the row's other words account for."""
    group = stems_of(row.group)
    title = stems_of(table.title) | stems_of(table.corner)
    qualifiers = _qualifiers(row, cell)
    own = stems_of(cell.text)
    own = own if own - asked_stems(context.question.text) else frozenset()
    weighed = (
        weight
        * max(
            meets(term, named),
            0.8 * meets(term, group),
            0.8 * meets(term, qualifiers),
            0.8 * (meets(term, own) == 1.0),
            0.5 * meets(term, title),
        )
        for term, weight in context.weights.items()
    )
    return sum(weighed) / context.total


def _labelled(context: _MatchContext, row: TableRow) -> bool:
    """Whether the row's label is among what is asked for."""
    return label_stems(row, context.question)[1] >= 0.5


def _of_kind(context: _MatchContext, table: Table, row: TableRow, cell: TableCell, head: str, covered: float) -> float:
    """What it counts that a cell is of the kind asked for, of another, or not told from its neighbours."""
    question = context.question
    stems = stems_of(f"{row.label} {row.group} {head} {cell.text}")
    if any(meets(word, stems) < 1.0 for word in stems_of(PERIOD.sub(" ", question.text)) & _ORDERING):
        return -_OF_OTHER_KIND
    if cell.amount is None and stems_of(cell.text) <= asked_stems(question.text):
        return -_OF_OTHER_KIND  # it only repeats the question
    mixed = any(other is not None and other.amount is not None for other in row.cells)
    worded = _WORDED * (cell.amount is None and context.figure and mixed)
    kind = fits(question.text, table, row, cell)
    if kind == 2 or (kind == 1 and (covered >= _LEAST_COVERED or not _labelled(context, row))):
        return _OF_KIND - worded
    if years_in(head) or not head or table.scale:
        return -worded
    stems = stems_of(head)
    named = any(meets(word, asked_stems(question.whole)) == 1.0 for word in stems)
    if kind < 0:
        return -_OF_OTHER_KIND - worded
    others = sum(other is not None for other in row.cells)
    within = any(meets(term, stems_of(cell.text)) == 1.0 for term in question.terms)
    unnamed = others > 1 and not named and not within and covered < _LEAST_NAMED
    return -worded - _UNNAMED * unnamed
