"""A reading becomes an answer whose citations stand on their pages, those after a page break included."""

from __future__ import annotations

import random
import re

from core.prompt import NOTICE, passage_source
from core.reading.passages import KEY_SHAPE, Passage
from core.reading.proposals.candidates import Quote
from core.reading.read import Reading
from core.types import Page
from rag.answer.pack import Span
from rag.answer.quoted import passages_of, quoted_answer

FIRST = Page(index=0, text="Minutes of May.\nThe council meets every month in the old hall of the\n3")
SECOND = Page(index=1, text="town near the quay. It opens at nine.")
PAGES = (FIRST, SECOND)


def page_of(sha256: str, page: int) -> Page:
    assert sha256 == "ab"
    return PAGES[page]


def span(page: int, start: int = 0, end: int | None = None) -> Span:
    text = PAGES[page].text
    stop = len(text) if end is None else end
    return Span(doc="guide.pdf", sha256="ab", page=page, start=start, end=stop, text=text[start:stop], title="Guide")


def passage(text: str) -> Passage:
    return Passage(key="b2b2b", source="guide.pdf, p. 1", text=text)


def test_a_sentence_is_read_over_the_page_break_without_the_page_number() -> None:
    spans, passages = passages_of([span(0)], page_of, random.Random(0))
    (given,), (kept,) = passages, spans
    assert kept.text == FIRST.text[: FIRST.text.index("\n3")]
    assert (kept.start, kept.end) == (0, len(kept.text))
    assert given.continuation is not None
    assert given.continuation.text == "town near the quay."
    assert SECOND.text[given.continuation.start :].startswith(given.continuation.text)
    assert given.whole.endswith("in the old hall of the town near the quay.")
    assert (given.page, given.offset) == (FIRST.text, 0)
    assert given.source == passage_source("guide.pdf", 0, "Guide")


def test_the_last_page_and_a_span_inside_a_page_go_on_nowhere() -> None:
    chosen = [span(1), span(0, 0, 15)]
    spans, passages = passages_of(chosen, page_of, random.Random(0))
    assert spans == chosen
    assert [given.continuation for given in passages] == [None, None]
    assert passages[1].page[: len(passages[1].text)] == "Minutes of May."


def test_every_passage_has_a_key_of_its_own() -> None:
    _, passages = passages_of([span(0), span(1), span(0, 0, 15)], page_of, random.Random(0))
    keys = [given.key for given in passages]
    assert len(set(keys)) == 3
    assert all(re.fullmatch(KEY_SHAPE, key) for key in keys)
    again = passages_of([span(0), span(1), span(0, 0, 15)], page_of, random.Random(0))[1]
    assert [given.key for given in again] == keys


def test_citations_stand_where_their_quotes_do() -> None:
    spans, passages = passages_of([span(0)], page_of, random.Random(0))
    own = Quote(0, 16, spans[0].end)
    rest = Quote(0, 0, 19, pages_on=1)
    reading = Reading(kind="span", short_answer="every month", quotes=(own, rest), confidence=0.9)
    answer = quoted_answer(reading, passages, spans)
    assert [(place.doc, place.page) for place in answer.citations] == [("guide.pdf", 0), ("guide.pdf", 1)]
    for place in answer.citations:
        assert PAGES[place.page].text[place.start : place.end] == place.quote
    assert answer.text.splitlines() == [
        "every month",
        "“The council meets every month in the old hall of the” (guide.pdf, p. 1)",
        "“town near the quay.” (guide.pdf, p. 2)",
        NOTICE,
    ]
    assert [statement.citations for statement in answer.statements] == [(0,), (0,), (1,)]


def test_a_quote_is_cited_once_and_cells_stand_apart() -> None:
    text = "Sales were 12 and 10."
    cells = (Quote(0, 11, 13), Quote(0, 18, 20))
    quote = Quote(0, 0, 21)
    reading = Reading(
        kind="table", short_answer="22", quotes=(quote, quote), computed_from=cells, note="12 + 10", confidence=0.9
    )
    where = Span(doc="a.pdf", sha256="cd", page=4, start=0, end=21, text=text)
    answer = quoted_answer(reading, [passage(text)], [where])
    assert len(answer.citations) == 1
    assert [(cell.quote, cell.page, cell.sha256) for cell in answer.computed_from] == [("12", 4, "cd"), ("10", 4, "cd")]
    assert answer.statements[0].text == "22 (computed: 12 + 10)"
    assert answer.statements[0].citations == (0,)


def test_a_document_cannot_write_to_the_terminal() -> None:
    text = "The fee \x1b[31mis five crowns."
    reading = Reading(kind="span", short_answer="five", quotes=(Quote(0, 0, len(text)),), confidence=0.9)
    where = Span(doc="a.pdf", sha256="cd", page=0, start=0, end=len(text), text=text)
    answer = quoted_answer(reading, [passage(text)], [where])
    assert "\x1b" not in answer.text
    assert answer.citations[0].quote == text


def test_page_numbers_are_blank_in_what_is_read_and_offsets_stay() -> None:
    text = "Page 1 of 3\nThe fee is due in May.\n- 1 -"
    page = Page(index=0, text=text)
    whole = Span(doc="a.pdf", sha256="ab", page=0, start=0, end=len(text), text=text)
    _, (given,) = passages_of([whole], lambda _sha256, _page: page, random.Random(0))
    assert len(given.text) == len(text)
    assert given.text.split() == "The fee is due in May.".split()
    assert given.page == text
    assert given.text.index("The fee") == text.index("The fee")


def test_the_rest_of_a_sentence_is_read_once() -> None:
    _, (first, second) = passages_of([span(0), span(1)], page_of, random.Random(0))
    assert first.whole.endswith("old hall of the town near the quay.")
    assert second.text.strip() == "It opens at nine."
    assert second.text.index("It") == SECOND.text.index("It")
