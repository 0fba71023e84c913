"""The cell of a table of words that a question asks for: its row by what other cells say, its column by the head.

"What does error E2 mean?" names the row by a code and the column by what kind of thing is asked for, "Which port is
used for the camera?" the row by any of its cells and the column by its head. Tables of figures over years are left to
the matching of labels and periods.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.language.english.printed import table_words
from core.reading.asked import asked_thing
from core.reading.tables.kinds import fits
from core.reading.tables.listed_rows import (
    LEAST_COVERED,
    LabelledRow,
    WordedAnswer,
    cell_polarity,
    cell_text,
    covered_part,
    head_share,
    is_same,
    listed_rows,
    question_weights,
    term_weight,
)
from core.reading.tables.lookup import meets, stems_of, years_in
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.words import stem, words

_NAMED = 0.75  # of a cell's words, where the question names it
_LISTED = re.compile(r"[,;/]\s+|\n")
# What names a period and no thing.
_PERIOD = re.compile(r"q[1-4]|h[12]|fy\d*|(?:19|20)\d\d")


def worded_answers(question: str, tables: Sequence[Table]) -> list[WordedAnswer]:
    """Return what tables of words say in answer to a question, at most one answer a table, best first.

    Args:
        question: As a person asks it.
        tables: Where to look, best page first.
    """
    answers = (
        _of_table(question, table, place)
        for place, table in enumerate(tables)
        if any(table.heads)
        and not table.scale
        and not any(map(years_in, (*table.heads, *(row.label for row in table.rows))))
    )
    return sorted((each for each in answers if each is not None), key=lambda each: -each.covered)


def names_another_row(question: str, table: Table, row: TableRow) -> bool:
    """Tell whether a question names a cell of a column of words, behind the labels, that another row has and not this.

    "A large tea" is none of the rows "Tea, pot" and "Cappuccino, large".
    """
    known = frozenset(question_weights(question))
    for index, cell in enumerate(row.cells):
        texts = [other.text for each in table.rows if (other := each.cells[index]) is not None and other.amount is None]
        if cell is None or cell.amount is not None or len(texts) < len(table.rows):
            continue
        if not _shared(cell.text, known) and any(_shared(text, known) and not cell_polarity(text) for text in texts):
            return True
    return False


def _of_table(question: str, table: Table, place: int) -> WordedAnswer | None:
    heads = (table.corner, *table.heads)
    rows = [
        LabelledRow(row, (TableCell(row.label, *row.label_span) if row.label else None, *row.cells))
        for row in table.rows
    ]
    weights = question_weights(question)
    if not weights or len(rows) < 2:
        return None
    listed = listed_rows(question, table, heads, rows, place)
    if listed is not None:
        return listed
    known = frozenset(weights) | frozenset(map(stem, table_words.implied_names(question)))
    named = [(_named_columns(question, known, heads, each.cells), each) for each in rows]
    scores = [sum(columns.values()) for columns, _ in named]
    best = max(scores)
    if best <= 0 or scores.count(best) > 1:
        return None
    columns, chosen = named[scores.index(best)]
    free = [index for index, cell in enumerate(chosen.cells) if cell is not None and index not in columns]
    column, by_head = _asked_column(question, table, chosen, heads, free)
    priced, column = column, None if column is None else _comes_to(question, chosen, column)
    cell = None if column is None else chosen.cells[column]
    if column is None or cell is None:
        return None
    named_words = [part for index in columns for part in (cell_text(chosen, index), heads[index])]
    spoken = stems_of(" ".join([*named_words, heads[column], table.title]))
    covered = covered_part(weights, spoken, table_words.asked_heads(question))
    thing = asked_thing(question)
    # A column that its head does not name answers only where nothing else is asked for.
    if not by_head and (covered < LEAST_COVERED or (thing and not meets(thing[-1], spoken))):
        return None
    return WordedAnswer(
        place,
        " ".join(cell.text.split()),
        ((cell.start, cell.end),),
        ((chosen.row.start, chosen.row.end),),
        covered,
        by_head,
        cell_polarity(cell.text),
        column != priced,
    )


def _named_columns(
    question: str, question_stems: frozenset[str], heads: Sequence[str], cells: Sequence[TableCell | None]
) -> dict[int, float]:
    """Columns whose cells the question names, with how many words it takes for it."""
    named: dict[int, float] = {}
    for index, cell in enumerate(cells):
        text = "" if cell is None else cell.text
        own = stems_of(text)
        # A letter or a figure alone names a row only behind the head of its column.
        if all(map(str.isdigit, own)):
            if text.strip() and _behind_head(question, heads[index], text.strip()):
                named[index] = 1.0
            continue
        # Of a cell that lists several things it is enough to name one.
        shared = max((_shared(part, question_stems) for part in _LISTED.split(text)), default=0.0)
        if shared and not cell_polarity(text):
            named[index] = shared
    return named


def _shared(text: str, stems: frozenset[str]) -> float:
    """What the words of a cell weigh that a question has; 0 where it has too few of them."""
    own = stems_of(text)
    if all(map(_PERIOD.fullmatch, own)):
        return 0.0
    shared = sum(term_weight(each) for each in own if is_same(each, stems))
    return shared if own and shared >= _NAMED * sum(map(term_weight, own)) else 0.0


def _behind_head(question: str, head: str, text: str) -> bool:
    """Whether a cell that is no word stands in the question behind its column's head: "port A"."""
    last = words(head)[-1:] if head else []
    return bool(last) and bool(re.search(rf"(?i:\b{re.escape(stem(last[0]))}\w*)\s+{re.escape(text)}(?!\w)", question))


def _asked_column(
    question: str, table: Table, row: LabelledRow, heads: Sequence[str], free: Sequence[int]
) -> tuple[int | None, bool]:
    """The column that a question asks for, and whether it names its head; None where that is open."""
    # Words by which the question names the row name no column ("Chief Engineer", "Chief duty").
    naming = stems_of(" ".join(cell_text(row, index) for index in range(len(row.cells)) if index not in free))
    by_head = sorted(((head_share(question, heads[index], naming), -index) for index in free), reverse=True)
    if by_head and by_head[0][0] > 0 and (len(by_head) == 1 or by_head[0][0] > by_head[1][0]):
        return -by_head[0][1], True
    asked_heads = table_words.asked_heads(question)
    of_name = [index for index in free if any(pattern.search(heads[index]) for pattern in asked_heads)]
    if len(of_name) == 1:
        return of_name[0], True
    of_kind = [index for index in free if _fits(question, table, row, index)]
    if len(of_kind) == 1:
        return of_kind[0], False
    return (free[0], False) if len(free) == 1 else (None, False)


def _comes_to(question: str, row: LabelledRow, column: int) -> int:
    """The column of what a price comes to, times the number in another column; the price itself where one is asked."""
    amounts = [None if cell is None else cell.amount for cell in row.cells]
    price = amounts[column]
    if price is None or not table_words.ASKS_COST.search(question) or table_words.EACH.search(question):
        return column
    counts = [amount for index, amount in enumerate(amounts) if index != column and amount is not None]
    products = [
        index
        for index, amount in enumerate(amounts)
        if amount is not None
        and amount != price
        and any(count * price == amount for count in counts if count != amount)
    ]
    return products[0] if len(products) == 1 else column


def _fits(question: str, table: Table, row: LabelledRow, index: int) -> bool:
    cell = row.cells[index]
    return cell is not None and index > 0 and fits(question, table, row.row, cell) > 0
