"""Answers that the structure of pages gives: numbered sections, lists, cells of tables, names beside a post."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from core.reading.asked import Asked
from core.reading.confidence import POSSIBLE, SURE, probability
from core.reading.passages import Passage
from core.reading.proposals.candidates import PlacedTable, Proposal, Quote
from core.reading.proposals.lists import ListAnswer, item_list, items_of_section, table_list, topic
from core.reading.proposals.named import named_answers
from core.reading.proposals.sections import MOST_BODY_CHARS, list_bodies, section_body
from core.reading.reader import Question
from core.reading.tables.derive import TableReader
from core.reading.tables.fiscal import asked_of_own_years
from core.reading.tables.lookup import stems_of
from core.reading.tables.match import asks_empty_cell
from core.reading.tables.table import Table
from core.reading.tables.worded import names_another_row, worded_answers
from core.reading.text.quarters import Quarter, quarters_in, without_number
from core.reading.text.sentences import Offsets, sentences_of
from core.reading.text.words import stem, words

_PAGE = re.compile(r",\s*pp?\.\s*\d+")
_MOST_LISTS = 3  # whose items of one number are given
_PAGE_ON = re.compile(rf"{_PAGE.pattern}.*")


def from_section(question: str, form: Asked, passages: Sequence[Passage]) -> Proposal | None:
    """The body of the section that the question names by number, in the document that it names if it names one.

    Where several lists have an item of that number, and the question tells no list, all those items.
    """
    named = _named(question, passages)
    order = sorted(range(len(passages)), key=lambda index: -named[index])
    if form.whole_section and not form.heading:
        items = _items_of_lists(form, [index for index in order if named[index] == max(named)], passages)
        if len(items) > 1:
            texts = [" ".join(passages[quote.passage].page[quote.start : quote.end].split()) for quote in items]
            confidence = probability("section", {})
            return Proposal("section", "; ".join(texts), items, computed_from=items, confidence=confidence)
    headings = ([form.heading] if form.heading else []) + ([""] if form.whole_section else [])
    for heading, index in product(headings, order):
        passage = passages[index]
        body = section_body(form.section, passage.page, heading)
        if body is not None:
            text = " ".join(passage.page[slice(*body)].split())
            cut = body[1] - body[0] >= MOST_BODY_CHARS
            # A short item of a list needs no full stop.
            open_end = not passage.page[body[1] :].strip() and not text.endswith(".") and len(text.split()) > 8
            note = "the section goes on" if cut or open_end else ""
            return Proposal("section", text, (Quote(index, *body),), confidence=probability("section", {}), note=note)
    return None


def of_section(question: str, form: Asked, passages: Sequence[Passage]) -> list[Proposal] | None:
    """What the section that a question names answers alone: nothing where no page has its mark; None to read on."""
    section = from_section(question, form, passages)
    return [section] if section is not None else [] if _lacks_section(form, passages) else None


def _items_of_lists(form: Asked, order: Sequence[int], passages: Sequence[Passage]) -> tuple[Quote, ...]:
    """Items with the number asked for, the best few; only of pages that have the question's word for them if some do.

    Args:
        form: What is asked for.
        order: Indices of passages, best first.
        passages: Several may stand on one page.
    """
    if not form.kind:
        return ()
    pages = {passages[index].page: index for index in reversed(order)}
    by_page = {index: bodies for page, index in reversed(pages.items()) if (bodies := list_bodies(form.section, page))}
    worded = [index for index in by_page if stem(form.kind) in map(stem, words(passages[index].page))]
    quotes = [Quote(index, *span) for index in worded or by_page for span in by_page[index]]
    return tuple(quotes[:_MOST_LISTS])


def _lacks_section(form: Asked, passages: Sequence[Passage]) -> bool:
    """Whether a question asks for the whole of a part with a mark or a letter that no page of the passages names."""
    if not form.whole_section or re.fullmatch(r"[\d.]+", form.section):
        return False
    parts = (r"\s?".join(map(re.escape, re.findall(r"\([^()]+\)|[^()]+", form.section)))).replace(r"\ ", r"\s+")
    named = re.compile(rf"(?<![\w.]){parts}(?![\w(]|\.\d)", re.IGNORECASE)
    return not any(named.search(passage.page) for passage in passages)


def _named(question: str, passages: Sequence[Passage]) -> list[int]:
    """How many words of a question each passage's source has; the number of its page is no section's."""
    question_stems = frozenset(map(stem, words(question)))
    sources = (_PAGE.sub(" ", passage.source) for passage in passages)
    return [len(question_stems.intersection(map(stem, words(source)))) for source in sources]


def from_lists(
    question: str, form: Asked, passages: Sequence[Passage], tables: Sequence[PlacedTable]
) -> Proposal | None:
    """All items of the list that the question asks for, or their number."""
    if form.section and form.lists:
        named = _named(question, passages)
        for index, passage in enumerate(passages):
            answer = items_of_section(form.section, passage.page, index)
            if answer is not None and named[index] == max(named):
                return _of_list(answer, index, counts=False)
    topic_stems = topic(form.counts or question)
    if not topic_stems:
        return None
    least = 0.99 if form.counts else 0.7
    answer = table_list(topic_stems, [placed.table for placed in tables], least=least, counts=bool(form.counts))
    place = tables[answer.place].passage if answer is not None else 0
    for index, passage in enumerate(passages if answer is None else ()):
        answer = item_list(topic_stems, passage.page, index, least=least)
        if answer is not None:
            place = index
            break
    return None if answer is None else _of_list(answer, place, counts=bool(form.counts))


def _of_list(answer: ListAnswer, passage: int, *, counts: bool) -> Proposal:
    features = {"covered": 1.0, "complete": float(answer.complete)}
    short = str(len(answer.items)) if counts else ", ".join(answer.texts)
    return Proposal(
        "list",
        short,
        (Quote(passage, answer.start, answer.end),),
        computed_from=tuple(Quote(passage, *span) for span in answer.items),
        confidence=probability("list", features),
        features=features,
        note="" if answer.complete else "the list may go on on the next page",
    )


def from_tables(
    question: str, tables: Sequence[PlacedTable], passages: Sequence[Passage], known: float
) -> list[Proposal]:
    """What the tables say in answer to a question, best first."""
    sources = [passage.source for passage in passages]
    names = [_PAGE_ON.sub("", passages[placed.passage].source) for placed in tables]
    question, places = asked_of_own_years(question, [placed.table for placed in tables], names)
    tables, documents = [tables[place] for place in places], [names[place] for place in places]
    if quarters_in(question) & frozenset[Quarter]().union(*map(quarters_in, sources)):
        question = without_number(question)
    proposals = []
    for derived in TableReader(question, [placed.table for placed in tables], sources, documents).answers():
        placed = tables[derived.place]
        features = {
            "score": min(1.0, derived.score),
            "label_share": derived.label_share,
            "covered": derived.covered,
            "margin": min(0.5, derived.margin),
            "computed": float(bool(derived.note)),
            "known": known,
        }
        scale = (Quote(placed.passage, *derived.scale_span),) if derived.scale_span else ()
        cells = _quotes_of(derived.cells, derived.cell_places or (derived.place,) * len(derived.cells), tables)
        rows = _quotes_of(derived.rows, derived.row_places or (derived.place,) * len(derived.rows), tables, heads=True)
        proposals.append(
            Proposal(
                "table",
                derived.text,
                rows[:3],
                computed_from=(*cells, *scale) if derived.computed else (),
                confidence=probability("table", features),
                features=features,
                note=derived.note,
                polarity=derived.polarity,
            )
        )
    return proposals


def of_asked_rows(
    question: str, tables: Sequence[PlacedTable], figures: Sequence[Proposal], cells: Sequence[Proposal]
) -> list[Proposal]:
    """Return the figures of tables without prices of rows whose whole line is asked for, and without other rows'."""
    lines = [cell for cell in cells if "product" in cell.features]
    rows = {(placed.passage, row.start): (placed.table, row) for placed in tables for row in placed.table.rows}
    kept = []
    for figure in figures:
        own = [rows[quote.passage, quote.start] for quote in figure.quotes if (quote.passage, quote.start) in rows]
        is_price = any(_same_row(figure, line.quotes) and figure.short != line.short for line in lines)
        if not is_price and not (len(own) == 1 and names_another_row(question, *own[0])):
            kept.append(figure)
    return kept


def from_worded_tables(question: str, tables: Sequence[PlacedTable], others: Sequence[Proposal]) -> list[Proposal]:
    """Cells of tables of words that the question asks for by other cells of the row and by the head, best first."""
    proposals = []
    for answer in worded_answers(question, [placed.table for placed in tables]):
        placed = tables[answer.place]
        features = {"close": 1.0, "covered": answer.covered, "early": max(0.0, 1 - placed.passage / 4)}
        features |= {"product": 1.0} if answer.is_product else {}
        rows = tuple(Quote(placed.passage, *span, heads=placed.table.heads_span) for span in answer.rows)
        cells = tuple(Quote(placed.passage, *span) for span in answer.cells)
        sure = probability("named", features)
        # The head that the question names is surer than the first figure of the row.
        rival = max(
            (other.confidence for other in others if _same_row(other, rows) and other.short != answer.text), default=0.0
        )
        proposals.append(
            Proposal(
                "named",
                answer.text,
                rows[:3],
                computed_from=cells if len(cells) > 1 else (),
                confidence=max(sure, rival + 0.01) if answer.by_head and rival else sure,
                features=features,
                polarity=answer.polarity,
            )
        )
    return proposals


def _same_row(proposal: Proposal, rows: Sequence[Quote]) -> bool:
    return any(
        quote.passage == row.passage and not quote.pages_on and quote.start < row.end and row.start < quote.end
        for quote in proposal.quotes
        for row in rows
    )


def without_empty_cells(question: str, proposals: Sequence[Proposal], tables: Sequence[PlacedTable]) -> list[Proposal]:
    """Leave out the lines of rows that have nothing in the column that the question asks for: a dash, or no figure.

    Beside such a row what is not sure is a guess.
    """
    empty = [
        Quote(placed.passage, row.start, row.end)
        for placed in tables
        for row in placed.table.rows
        if asks_empty_cell(question, placed.table, row)
    ]
    least = POSSIBLE if empty else 0.0
    return [proposal for proposal in proposals if proposal.confidence >= least and not _same_row(proposal, empty)]


def without_notes(
    question: str, sentences: Sequence[Proposal], others: Sequence[Proposal], tables: Sequence[PlacedTable]
) -> list[Proposal]:
    """Leave out notes across a table, where the question names a row and a column of it and a cell is proposed."""
    if not any(other.kind == "table" and other.confidence >= SURE for other in others):
        return list(sentences)
    named_tables = [placed for placed in tables if _names_cell(question, placed.table)]

    def is_note(quote: Quote) -> bool:
        return not quote.pages_on and any(
            quote.passage == placed.passage
            and placed.table.rows[0].start <= quote.start
            and quote.end <= placed.table.end
            and not any(row.start < quote.end and quote.start < row.end for row in placed.table.rows)
            for placed in named_tables
        )

    return [sentence for sentence in sentences if not (sentence.quotes and is_note(sentence.quotes[0]))]


def _names_cell(question: str, table: Table) -> bool:
    """Whether a question has the label of a row as it stands, and the head of a column that the row fills."""
    question_stems = stems_of(question)
    return any(
        cell is not None and head and stems_of(head) and stems_of(head) <= question_stems
        for row in table.rows
        if row.label and re.search(rf"(?<!\w){re.escape(row.label)}(?!\w)", question, re.IGNORECASE)
        for head, cell in zip(table.heads, row.cells, strict=False)
    )


def _quotes_of(
    spans: Sequence[Offsets], places: Sequence[int], tables: Sequence[PlacedTable], *, heads: bool = False
) -> tuple[Quote, ...]:
    """Spans of some tables as quotes, with the heads of their columns where asked."""
    return tuple(
        Quote(tables[place].passage, *span, heads=tables[place].table.heads_span if heads else None)
        for span, place in zip(spans, places, strict=True)
    )


def from_names(question_text: str, question: Question, passages: Sequence[Passage], denial: str = "") -> list[Proposal]:
    """Names and values that stand beside what is asked for, each with the sentence around it, best first."""
    proposals = []
    for answer in named_answers(question_text, question, passages, denial):
        page = passages[answer.passage].page
        unit = next((u for u in sentences_of(page) if u.start <= answer.start < u.end), None)
        spans = [answer.sentence, (answer.start, answer.end), *([(unit.start, unit.end)] if unit else [])]
        low, high = min(start for start, _ in spans), max(end for _, end in spans)
        low += len(page[low:high]) - len(page[low:high].lstrip())
        proposals.append(
            Proposal(
                "named",
                " ".join(page[answer.start : answer.end].split()),
                (Quote(answer.passage, low, high),),
                confidence=answer.confidence,
                features=answer.features,
            )
        )
    return proposals
