"""Rows of a table of words that a question asks for together, by what one of their cells says.

"Which ports have PoE?", "Which hotel is the cheapest?", "Who is off on Tuesday?", "Which codes are a sensor fault?".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.language.english.printed import table_words
from core.language.english.questions import asking, computations
from core.reading.tables.lookup import meets, stems_of, without_unit
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.sentences import Offsets
from core.reading.text.values import values
from core.reading.text.words import words

_CODE_WEIGHT = 3.0  # of a word with a figure in it: it identifies
_LEAST_SAME = 0.8
LEAST_COVERED = 0.75
_FEWEST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class WordedAnswer:
    """A cell, or several of one column, that a question asks for.

    Attributes:
        place: Index of the table in the list that was read.
        text: What the cells say, listed.
        cells: Where they stand on the page.
        rows: Their rows.
        covered: Part of the question's words that the row, the head and the table's title account for.
        by_head: Whether the question names the head of the column.
        polarity: `yes` or `no` where the cell says so, else `""`.
        is_product: Whether it is what the price beside it comes to.
    """

    place: int
    text: str
    cells: tuple[Offsets, ...]
    rows: tuple[Offsets, ...]
    covered: float
    by_head: bool
    polarity: str = ""
    is_product: bool = False


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A row with all its cells, the label first; None where one is empty."""

    row: TableRow
    cells: tuple[TableCell | None, ...]


def listed_rows(
    question: str, table: Table, heads: Sequence[str], rows: Sequence[LabelledRow], place: int
) -> WordedAnswer | None:
    """Return the rows, or the row, that a question asks for by a mark, an extreme or a value; None where it does not.

    Args:
        question: As a person asks it.
        table: Where to look.
        heads: Of all columns, the labels' first.
        rows: The rows of the table.
        place: Index of the table in the list that is read.
    """
    return (
        _flagged(question, table, heads, rows, place)
        or _extreme(question, heads, rows, place)
        or _by_value(question, heads, rows, place)
        or _with_cell(question, table, heads, rows, place)
    )


def _flagged(
    question: str, table: Table, heads: Sequence[str], rows: Sequence[LabelledRow], place: int
) -> WordedAnswer | None:
    """The rows of a column that another one marks: "Which ports have PoE?" where a column PoE says yes or no."""
    listed = asking.WHICH_THINGS.match(question)
    if listed is None:
        return None
    things, weights = stems_of(listed["things"]), question_weights(question)
    column = next((index for index, head in enumerate(heads) if stems_of(head) and stems_of(head) <= things), None)
    flags = [
        index
        for index, head in enumerate(heads)
        if index != column
        and stems_of(head)
        and all(meets(each, frozenset(weights)) >= _LEAST_SAME for each in stems_of(head))
        and all(each.cells[index] is not None and cell_polarity(cell_text(each, index)) for each in rows)
    ]
    if column is None or len(flags) != 1:
        return None
    wanted_flag = "no" if asking.NEGATED.search(question) or asking.HAS_NO.search(question) else "yes"
    chosen = [
        each
        for each in rows
        if cell_polarity(cell_text(each, flags[0])) == wanted_flag and each.cells[column] is not None
    ]
    if not chosen:
        return None
    spans = [(cell.start, cell.end) for each in chosen if (cell := each.cells[column]) is not None]
    return WordedAnswer(
        place,
        ", ".join(cell_text(each, column) for each in chosen),
        tuple(spans),
        tuple((each.row.start, each.row.end) for each in chosen),
        covered_part(weights, stems_of(f"{heads[column]} {heads[flags[0]]} {table.title}"), ()),
        True,
    )


def _extreme(question: str, heads: Sequence[str], rows: Sequence[LabelledRow], place: int) -> WordedAnswer | None:
    """The row that has the least or the most of one column: "Which hotel is the cheapest?"."""
    things = asking.WHICH_THINGS.match(question)
    least, most = computations.MINIMUM.search(question), computations.MAXIMUM.search(question)
    if things is None or bool(least) == bool(most) or len(rows) < 2:
        return None
    stems = stems_of(things["things"])
    column = next((index for index, head in enumerate(heads) if stems_of(head) & stems), None)
    if column is None:
        return None
    by_word = [pattern for asks, pattern in table_words.MEASURED_HEADS if asks.search(question)]
    measured = [
        index
        for index, head in enumerate(heads)
        if index != column
        and all((cell := each.cells[index]) is not None and cell.amount is not None for each in rows)
        and (not by_word or any(pattern.search(head) for pattern in by_word))
    ]
    shares = {index: head_share(question, heads[index]) for index in measured}
    best = [index for index in measured if shares[index] == max(shares.values())]
    if len(best) != 1 or any(table_words.TOTAL_ROW.search(cell_text(each, 0)) for each in rows):
        return None
    amounts = [cell.amount for each in rows if (cell := each.cells[best[0]]) is not None and cell.amount is not None]
    extreme = min(amounts) if least else max(amounts)
    chosen = rows[amounts.index(extreme)]
    cell = chosen.cells[column]
    if amounts.count(extreme) > 1 or cell is None:
        return None
    spans = (
        (cell.start, cell.end),
        *((each.start, each.end) for row in rows if (each := row.cells[best[0]]) is not None),
    )
    ordered = (chosen, *(row for row in rows if row is not chosen))
    shown = tuple((row.row.start, row.row.end) for row in ordered)
    return WordedAnswer(place, " ".join(cell.text.split()), spans, shown, 1.0, bool(by_word) or len(measured) == 1)


def _by_value(question: str, heads: Sequence[str], rows: Sequence[LabelledRow], place: int) -> WordedAnswer | None:
    """The rows or the columns in which a value stands: "Who is off on Tuesday?", "When does Igor work late?"."""
    stems, spoken = stems_of(question), frozenset(words(question))
    named = [each for each in rows if (label := stems_of(cell_text(each, 0))) and label <= stems]
    columns = [index for index, head in enumerate(heads) if index and (own := stems_of(head)) and own <= stems]
    by_row = len(named) == 1 and not columns and asking.ASKS_WHEN.match(question)
    by_column = len(columns) == 1 and not named and asking.IS_WHO.match(question)
    searched = [
        (row, index)
        for row in (named if by_row else rows)
        for index in (columns if by_column else range(1, len(heads)))
    ]
    places = [
        (row, index) for row, index in searched if (own := frozenset(words(cell_text(row, index)))) and own <= spoken
    ]
    if (
        not (by_row or by_column)
        or not places
        or any(each.amount is not None for row in rows for each in row.cells if each)
    ):
        return None
    shown = dict.fromkeys((row.row.start, row.row.end) for row, _ in places)
    cells = [cell for row, index in places if (cell := row.cells[0 if by_column else index]) is not None]
    texts = [heads[index] for _, index in places] if by_row else [cell_text(row, 0) for row, _ in places]
    return WordedAnswer(place, ", ".join(texts), tuple((c.start, c.end) for c in cells), tuple(shown), 1.0, True)


def _with_cell(
    question: str, table: Table, heads: Sequence[str], rows: Sequence[LabelledRow], place: int
) -> WordedAnswer | None:
    """All rows that have a cell which the question names, or all others: "Which codes are (not) a sensor fault?"."""
    listed = asking.WHICH_THINGS.match(question)
    things = frozenset[str]() if listed is None else stems_of(listed["things"])
    column = next((index for index, head in enumerate(heads) if stems_of(head) & things), None)
    if column is None:
        return None
    known = stems_of(question) - things
    amounts = frozenset(value.amount for value in values(question) if value.amount is not None)

    def is_named(row: LabelledRow, index: int) -> bool:
        cell, head = row.cells[index], stems_of(without_unit(heads[index]))
        if cell is not None and cell.amount is not None:
            return cell.amount in amounts and bool(head) and head <= known
        own = stems_of(cell_text(row, index))
        return bool(own) and own <= known

    named = {
        index: chosen
        for index in range(len(heads))
        if index != column and (chosen := [row for row in rows if is_named(row, index)])
    }
    if len(named) != 1:
        return None
    index, chosen = next(iter(named.items()))
    if len({cell_text(row, index).casefold() for row in chosen}) > 1:
        return None
    spoken = stems_of(f"{heads[column]} {heads[index]} {cell_text(chosen[0], index)} {table.title}")
    negated = bool(asking.NEGATED.search(question))
    shown = [row for row in rows if (row in chosen) != negated and row.cells[index] is not None]
    cells = [cell for row in shown if (cell := row.cells[column]) is not None]
    covered = covered_part(question_weights(question), spoken, ())
    # A single row that is named by words is found with the column that the question asks for.
    alone = len(shown) == 1 and not negated and not amounts
    if len(cells) < len(shown) or covered < LEAST_COVERED or alone or not shown:
        return None
    text = ", ".join(cell_text(row, column) for row in shown)
    spans = tuple((row.row.start, row.row.end) for row in shown)
    return WordedAnswer(place, text, tuple((cell.start, cell.end) for cell in cells), spans, covered, True)


def cell_text(row: LabelledRow, column: int) -> str:
    """Return what a cell of a row says, empty where there is none."""
    cell = row.cells[column]
    return "" if cell is None else cell.text


def question_weights(question: str) -> dict[str, float]:
    """What each word of a question weighs: a code identifies, and what asks for a kind of column weighs nothing."""
    light = stems_of(" ".join(asking.ASKS_FOR_HEAD.findall(question))) | table_words.implying_words(question)
    return {
        each: _CODE_WEIGHT if any(sign.isdigit() for sign in each) and any(sign.isalpha() for sign in each) else 1.0
        for each in stems_of(question)
        if each not in light
    }


def term_weight(term: str) -> float:
    """Return what a word weighs: one with a figure in it identifies."""
    return _CODE_WEIGHT if not term.isalpha() else 1.0


def is_same(term: str, stems: frozenset[str]) -> bool:
    """Tell whether a term is among some stems, a word also by another word for it."""
    return term in stems if not term.isalpha() else meets(term, stems) >= _LEAST_SAME


def head_share(question: str, head: str, naming: frozenset[str] = frozenset()) -> float:
    """Part of a head's words that the question has, words that begin alike ("weekly" for "week") included."""
    own, stems = stems_of(head), stems_of(question) - naming
    if not own:
        return 0.0
    return sum(is_same(each, stems) or begins_alike(each, stems) for each in own) / len(own)


def begins_alike(term: str, stems: frozenset[str]) -> bool:
    """Tell whether a term is the beginning of one of some stems."""
    return len(term) >= _FEWEST_LETTERS and any(
        other.startswith(term) and len(other) <= len(term) + 2 for other in stems
    )


def covered_part(weights: dict[str, float], spoken: frozenset[str], asked_heads: Sequence[re.Pattern[str]]) -> float:
    """Part of a question's words that is accounted for; a kind of column that is asked for counts as a word."""
    total = sum(weights.values()) + bool(asked_heads)
    known = sum(weight for each, weight in weights.items() if is_same(each, spoken) or begins_alike(each, spoken))
    return (known + bool(asked_heads)) / total


def cell_polarity(text: str) -> str:
    """Return `yes` or `no` where a cell says so, else `""`."""
    match = table_words.FLAG.fullmatch(text.strip())
    return "" if match is None else "yes" if match["yes"] else "no"
