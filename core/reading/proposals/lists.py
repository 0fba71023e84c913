"""Lists and sections of passages: all items under a lead-in or in a table, and what stands under a numbered heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.language.english.printed.table_words import BEGINS_WITH_TOTAL
from core.reading.proposals.sections import number_of_line, section_body
from core.reading.tables.table import Table, TableRow
from core.reading.text.sentences import Offsets, Sentence, sentences_of
from core.reading.text.words import is_empty, listed_stems, stem, words

_MOST_ITEM_CHARS = 400  # a longer one is a clause of its own
_MOST_HEADING_BODY_CHARS = 450
_ASKING = listed_stems("list_request")
_BULLET = re.compile(r"\W{0,2}(?:[-•●▪◦‣·*–—]\s|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s|\d+(?:\.\d+)+\.?\s)")


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """The items of a list.

    Attributes:
        place: Index of the passage or the table that holds it.
        items: Their spans.
        texts: What they say.
        start: First code point of the list.
        end: One past the last.
        complete: Whether the list ends where its page goes on.
    """

    place: int
    items: tuple[Offsets, ...]
    texts: tuple[str, ...]
    start: int
    end: int
    complete: bool


def topic(question: str) -> frozenset[str]:
    """Return the stems of what a question asks to be listed or counted."""
    return frozenset(stem(word) for word in words(question) if not is_empty(word)) - _ASKING


def covered(topic_stems: frozenset[str], text: str) -> float:
    """Return the share of some stems that a text holds, 0 where there are none."""
    text_stems = frozenset(stem(word) for word in words(text))
    return len(topic_stems & text_stems) / len(topic_stems) if topic_stems else 0.0


def table_list(
    topic_stems: frozenset[str], tables: Sequence[Table], *, least: float, counts: bool = False
) -> ListAnswer | None:
    """Return the labels of the table whose title and heads name what is asked for.

    Args:
        topic_stems: Stems of what is asked for.
        tables: Where to look.
        least: Share of those stems that title and heads must hold.
        counts: Whether they are to be counted: a column of amounts gives their number, and its head names no rows.
    """
    best: tuple[float, int, list[TableRow]] | None = None
    for place, table in enumerate(tables):
        # The last lines of the title name the table; what stands further up is about something else.
        title = "\n".join(table.title.split("\n")[-4:])
        heads = " ".join((table.corner, *(_heads_of_words(table) if counts else table.heads)))
        parts = {"": f"{title} {heads}"}
        parts |= {row.group: f"{row.group} {heads}" for row in table.rows if row.group}
        for group, words_above in parts.items():
            share = covered(topic_stems, words_above)
            # Rows under a label of their own are a list of their own.
            rows = [row for row in table.rows if row.group == group] or ([*table.rows] if not group else [])
            if share >= least and (best is None or share > best[0]) and all(row.label for row in rows):
                best = (share, place, rows)
    if best is None:
        return None
    _, place, rows = best
    table = tables[place]
    rows = [row for row in rows if not re.match(BEGINS_WITH_TOTAL, row.label, re.IGNORECASE)]
    if not rows:
        return None
    whole = len(rows) >= len(table.rows) - 1
    return ListAnswer(
        place,
        tuple(row.label_span for row in rows),
        tuple(row.label for row in rows),
        table.start if whole else rows[0].start,
        table.end if whole else rows[-1].end,
        not table.open_end or rows[-1].end < table.rows[-1].end,
    )


def _heads_of_words(table: Table) -> list[str]:
    """The heads of the columns, behind the labels, in which no amount stands."""
    columns = ([row.cells[index] for row in table.rows if index < len(row.cells)] for index in range(len(table.heads)))
    return [
        head
        for head, cells in zip(table.heads, columns, strict=True)
        if not any(cell is not None and cell.amount is not None for cell in cells)
    ]


def item_list(topic_stems: frozenset[str], text: str, place: int, *, least: float) -> ListAnswer | None:
    """Return the items of a text whose lead-in or heading names what is asked for."""
    units = sentences_of(text)
    groups: dict[Offsets | None, list[Sentence]] = {}
    for unit in units:
        if unit.kind == "item":
            groups.setdefault(unit.header or unit.label, []).append(unit)
    for governing, items in groups.items():
        if governing is None or len(items) < 2 or covered(topic_stems, text[slice(*governing)]) < least:
            continue
        spans = tuple((item.start, item.end) for item in items)
        texts = tuple(bare_item(text[start:end]) for start, end in spans)
        return ListAnswer(place, spans, texts, governing[0], spans[-1][1], bool(text[spans[-1][1] :].strip()))
    return None


def items_of_section(number: str, text: str, place: int) -> ListAnswer | None:
    """Return the items of the list under the heading or the clause with a number, None where there are not two."""
    body = section_body(number, text)
    if body is None:
        return None
    low, high = body
    spans: list[Offsets] = []
    for unit in sentences_of(text):
        if unit.kind != "item" or not low <= unit.start < high:
            continue
        piece = text[unit.start : unit.end]
        if _BULLET.match(piece):
            # The clause itself may be an item of the document.
            if unit.start > low or number_of_line(piece) != number.casefold():
                spans.append((unit.start, unit.end))
        elif spans:
            spans[-1] = (spans[-1][0], unit.end)  # an item may have several sentences
    if len(spans) < 2 or any(end - start > _MOST_ITEM_CHARS for start, end in spans):
        return None
    texts = tuple(bare_item(text[start:end]) for start, end in spans)
    return ListAnswer(place, tuple(spans), texts, spans[0][0], spans[-1][1], bool(text[spans[-1][1] :].strip()))


def bare_item(item: str) -> str:
    """Return an item without its bullet and full stop, on one line."""
    return " ".join(re.sub(r"^\W*(?:\(?(?:\d{1,2}|[a-zA-Z])[.)]\s)?", "", item).split()).rstrip(".;,")


def body_under(heading: Sentence, units: Sequence[Sentence]) -> Offsets | None:
    """Return the span of the sentences that stand under a heading, None where there are none."""
    under = [unit for unit in units if unit.label == (heading.start, heading.end) and unit.kind != "heading"]
    if not under:
        # What follows a heading directly stands under it although another line names it.
        under = [unit for unit in units if unit.start >= heading.end][:1]
        under = [unit for unit in under if unit.kind != "heading" or stands_under_heading(unit, units)]
    kept = [unit for unit in under if unit.end - under[0].start <= _MOST_HEADING_BODY_CHARS] or under[:1]
    return (kept[0].start, kept[-1].end) if kept else None


def stands_under_heading(unit: Sentence, units: Sequence[Sentence]) -> bool:
    """Whether a line that reads like a heading is all that stands under the one before it, at the end of a text.

    The last line of a page heads nothing: it is a command, or a few words without a stop. Lines without a blank one
    between them are rather those of a table.
    """
    last = len(units) > 1 and units[-1] == unit and unit.kind == units[-2].kind == "heading"
    return last and unit.start - units[-2].end > 1
