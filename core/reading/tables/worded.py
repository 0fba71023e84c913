"""The cell of a table of words that a question asks for: its row by what other cells say, its column by the head.

"What does error E2 mean?" names the row by a code and the column by what kind of thing is asked for, "Which port is
used for the camera?" the row by any of its cells and the column by its head. Tables of figures over years are left to
the matching of labels and periods.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.language.english.printed import table_words
from core.language.english.questions import asking, computations
from core.reading.asked import asked_thing
from core.reading.tables.kinds import fits
from core.reading.tables.lookup import meets, stems_of, years_in
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.sentences import Offsets
from core.reading.text.words import stem, words

_NAMED = 0.75  # of a cell's words, where the question names it
_CODE_WEIGHT = 3.0  # of a word with a figure in it: it identifies
_LEAST_SAME = 0.8
_LEAST_COVERED = 0.75
_LISTED = re.compile(r"[,;/]\s+|\n")
_FEWEST_LETTERS = 4
# What names a period and no thing.
_PERIOD = re.compile(r"q[1-4]|h[12]|fy\d*|(?:19|20)\d\d")


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
class _Row:
    """A row with all its cells, the label first; None where one is empty."""

    row: TableRow
    cells: tuple[TableCell | None, ...]


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
    known = frozenset(_weights(question))
    for index, cell in enumerate(row.cells):
        texts = [other.text for each in table.rows if (other := each.cells[index]) is not None and other.amount is None]
        if cell is None or cell.amount is not None or len(texts) < len(table.rows):
            continue
        if not _shared(cell.text, known) and any(_shared(text, known) and not _polarity(text) for text in texts):
            return True
    return False


def _of_table(question: str, table: Table, place: int) -> WordedAnswer | None:
    heads = (table.corner, *table.heads)
    rows = [_Row(row, (TableCell(row.label, *row.label_span) if row.label else None, *row.cells)) for row in table.rows]
    weights = _weights(question)
    if not weights or len(rows) < 2:
        return None
    listed = (
        _flagged(question, table, heads, rows, place, weights)
        or _extreme(question, heads, rows, place)
        or _by_value(question, heads, rows, place)
    )
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
    named_words = [part for index in columns for part in (_text(chosen, index), heads[index])]
    spoken = stems_of(" ".join([*named_words, heads[column], table.title]))
    covered = _covered(weights, spoken, table_words.asked_heads(question))
    thing = asked_thing(question)
    # A column that its head does not name answers only where nothing else is asked for.
    if not by_head and (covered < _LEAST_COVERED or (thing and not meets(thing[-1], spoken))):
        return None
    return WordedAnswer(
        place,
        " ".join(cell.text.split()),
        ((cell.start, cell.end),),
        ((chosen.row.start, chosen.row.end),),
        covered,
        by_head,
        _polarity(cell.text),
        column != priced,
    )


def _flagged(
    question: str, table: Table, heads: Sequence[str], rows: Sequence[_Row], place: int, weights: dict[str, float]
) -> WordedAnswer | None:
    """The rows of a column that another one marks: "Which ports have PoE?" where a column PoE says yes or no."""
    listed = asking.WHICH_THINGS.match(question)
    if listed is None:
        return None
    things = stems_of(listed["things"])
    column = next((index for index, head in enumerate(heads) if stems_of(head) and stems_of(head) <= things), None)
    flags = [
        index
        for index, head in enumerate(heads)
        if index != column
        and stems_of(head)
        and all(meets(each, frozenset(weights)) >= _LEAST_SAME for each in stems_of(head))
        and all(each.cells[index] is not None and _polarity(_text(each, index)) for each in rows)
    ]
    if column is None or len(flags) != 1:
        return None
    wanted_flag = "no" if asking.NEGATED.search(question) or asking.HAS_NO.search(question) else "yes"
    chosen = [
        each for each in rows if _polarity(_text(each, flags[0])) == wanted_flag and each.cells[column] is not None
    ]
    if not chosen:
        return None
    spans = [(cell.start, cell.end) for each in chosen if (cell := each.cells[column]) is not None]
    return WordedAnswer(
        place,
        ", ".join(_text(each, column) for each in chosen),
        tuple(spans),
        tuple((each.row.start, each.row.end) for each in chosen),
        _covered(weights, stems_of(f"{heads[column]} {heads[flags[0]]} {table.title}"), ()),
        True,
    )


def _extreme(question: str, heads: Sequence[str], rows: Sequence[_Row], place: int) -> WordedAnswer | None:
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
    shares = {index: _head_share(question, heads[index]) for index in measured}
    best = [index for index in measured if shares[index] == max(shares.values())]
    if len(best) != 1 or any(table_words.TOTAL_ROW.search(_text(each, 0)) for each in rows):
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


def _by_value(question: str, heads: Sequence[str], rows: Sequence[_Row], place: int) -> WordedAnswer | None:
    """The rows or the columns in which a value stands: "Who is off on Tuesday?", "When does Igor work late?"."""
    stems, spoken = stems_of(question), frozenset(words(question))
    named = [each for each in rows if (label := stems_of(_text(each, 0))) and label <= stems]
    columns = [index for index, head in enumerate(heads) if index and (own := stems_of(head)) and own <= stems]
    by_row = len(named) == 1 and not columns and asking.ASKS_WHEN.match(question)
    by_column = len(columns) == 1 and not named and asking.IS_WHO.match(question)
    searched = [
        (row, index)
        for row in (named if by_row else rows)
        for index in (columns if by_column else range(1, len(heads)))
    ]
    places = [(row, index) for row, index in searched if (own := frozenset(words(_text(row, index)))) and own <= spoken]
    if (
        not (by_row or by_column)
        or not places
        or any(each.amount is not None for row in rows for each in row.cells if each)
    ):
        return None
    shown = dict.fromkeys((row.row.start, row.row.end) for row, _ in places)
    cells = [cell for row, index in places if (cell := row.cells[0 if by_column else index]) is not None]
    texts = [heads[index] for _, index in places] if by_row else [_text(row, 0) for row, _ in places]
    return WordedAnswer(place, ", ".join(texts), tuple((c.start, c.end) for c in cells), tuple(shown), 1.0, True)


def _text(row: _Row, column: int) -> str:
    cell = row.cells[column]
    return "" if cell is None else cell.text


def _weights(question: str) -> dict[str, float]:
    """What each word of a question weighs: a code identifies, and what asks for a kind of column weighs nothing."""
    light = stems_of(" ".join(asking.ASKS_FOR_HEAD.findall(question))) | table_words.implying_words(question)
    return {
        each: _CODE_WEIGHT if any(sign.isdigit() for sign in each) and any(sign.isalpha() for sign in each) else 1.0
        for each in stems_of(question)
        if each not in light
    }


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
        if shared and not _polarity(text):
            named[index] = shared
    return named


def _shared(text: str, stems: frozenset[str]) -> float:
    """What the words of a cell weigh that a question has; 0 where it has too few of them."""
    own = stems_of(text)
    if all(map(_PERIOD.fullmatch, own)):
        return 0.0
    shared = sum(_weight(each) for each in own if _same(each, stems))
    return shared if own and shared >= _NAMED * sum(map(_weight, own)) else 0.0


def _weight(term: str) -> float:
    return _CODE_WEIGHT if not term.isalpha() else 1.0


def _same(term: str, stems: frozenset[str]) -> bool:
    return term in stems if not term.isalpha() else meets(term, stems) >= _LEAST_SAME


def _behind_head(question: str, head: str, text: str) -> bool:
    """Whether a cell that is no word stands in the question behind its column's head: "port A"."""
    last = words(head)[-1:] if head else []
    return bool(last) and bool(re.search(rf"(?i:\b{re.escape(stem(last[0]))}\w*)\s+{re.escape(text)}(?!\w)", question))


def _asked_column(
    question: str, table: Table, row: _Row, heads: Sequence[str], free: Sequence[int]
) -> tuple[int | None, bool]:
    """The column that a question asks for, and whether it names its head; None where that is open."""
    # Words by which the question names the row name no column ("Chief Engineer", "Chief duty").
    naming = stems_of(" ".join(_text(row, index) for index in range(len(row.cells)) if index not in free))
    by_head = sorted(((_head_share(question, heads[index], naming), -index) for index in free), reverse=True)
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


def _comes_to(question: str, row: _Row, column: int) -> int:
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


def _fits(question: str, table: Table, row: _Row, index: int) -> bool:
    cell = row.cells[index]
    return cell is not None and index > 0 and fits(question, table, row.row, cell) > 0


def _head_share(question: str, head: str, naming: frozenset[str] = frozenset()) -> float:
    """Part of a head's words that the question has, words that begin alike ("weekly" for "week") included."""
    own, stems = stems_of(head), stems_of(question) - naming
    if not own:
        return 0.0
    return sum(_same(each, stems) or _alike(each, stems) for each in own) / len(own)


def _alike(term: str, stems: frozenset[str]) -> bool:
    return len(term) >= _FEWEST_LETTERS and any(
        other.startswith(term) and len(other) <= len(term) + 2 for other in stems
    )


def _covered(weights: dict[str, float], spoken: frozenset[str], asked_heads: Sequence[re.Pattern[str]]) -> float:
    """Part of a question's words that is accounted for; a kind of column that is asked for counts as a word."""
    total = sum(weights.values()) + bool(asked_heads)
    known = sum(weight for each, weight in weights.items() if _same(each, spoken) or _alike(each, spoken))
    return (known + bool(asked_heads)) / total


def _polarity(text: str) -> str:
    match = table_words.FLAG.fullmatch(text.strip())
    return "" if match is None else "yes" if match["yes"] else "no"
