"""A reading is shown as its short answer and its quotes, each once, with doubt and computation in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.reading.compose import compose, in_marks
from core.reading.passages import Continuation, Passage
from core.reading.proposals.candidates import Quote
from core.reading.read import Reading

TEXT = "The warranty lasts 24 months. It covers the frame."
SENTENCE = Quote(0, 0, 29)
SECOND = Quote(0, 30, 50)
PASSAGES = [Passage(key="b2b2b", source="guide.pdf, p. 1", text=TEXT)]


def cite(quote: Quote) -> str:
    return f"[{quote.start}]"


def lines(reading: Reading, passages: list[Passage] = PASSAGES) -> list[str]:
    return [line.text for line in compose(reading, passages, cite)]


def test_a_short_answer_stands_over_its_quotes() -> None:
    reading = Reading(kind="span", short_answer="24 months", quotes=(SENTENCE, SECOND), confidence=0.9)
    composed = compose(reading, PASSAGES, cite)
    assert [line.text for line in composed] == [
        "24 months",
        "“The warranty lasts 24 months.” [0]",
        "“It covers the frame.” [30]",
    ]
    assert [line.quotes for line in composed] == [(SENTENCE,), (SENTENCE,), (SECOND,)]


def test_a_sentence_that_is_its_own_answer_is_shown_once() -> None:
    reading = Reading(
        kind="sentence",
        short_answer="The warranty lasts 24 months",
        quotes=(SENTENCE, SECOND),
        confidence=0.2,
        polarity="yes",
    )
    assert lines(reading) == ["Possibly yes: “The warranty lasts 24 months.” [0]", "“It covers the frame.” [30]"]


def test_doubt_and_polarity_lead() -> None:
    def first(confidence: float, polarity: str) -> str:
        reading = Reading(kind="span", short_answer="x", quotes=(SENTENCE,), confidence=confidence, polarity=polarity)
        return lines(reading)[0]

    assert first(0.29, "") == "Possibly: x"
    assert first(0.29, "no") == "Possibly no: x"
    assert first(0.3, "no") == "No: x"
    assert first(0.3, "") == "x"


def test_a_computed_answer_rests_on_its_cells() -> None:
    cells = (Quote(0, 19, 21), Quote(0, 30, 32))
    reading = Reading(
        kind="table", short_answer="26", quotes=(SENTENCE,), computed_from=cells, note="24 + 2", confidence=0.9
    )
    composed = compose(reading, PASSAGES, cite)
    assert composed[0].text == "26 (computed: 24 + 2)"
    assert composed[0].quotes == cells
    plain = Reading(kind="table", short_answer="26", quotes=(SENTENCE,), note="24 + 2", confidence=0.9)
    assert lines(plain)[0] == "26"


def test_a_list_says_that_it_may_go_on() -> None:
    reading = Reading(kind="list", short_answer="frame", quotes=(SECOND,), note="the list may go on", confidence=0.9)
    assert lines(reading) == ["frame (the list may go on)", "“It covers the frame.” [30]"]


def test_a_row_is_shown_with_the_heads_of_its_columns() -> None:
    page = "Year 2021 2020\nSales 12 10\n"
    passage = Passage(key="b2b2b", source="a.pdf", text=page[15:26], page_text=page, offset=15)
    quote = Quote(0, 15, 26, heads=(5, 14))
    reading = Reading(kind="table", short_answer="12", quotes=(quote,), confidence=0.9)
    assert lines(reading, [passage]) == ["12", "“Sales 12 10” (columns: “2021 2020”) [15]"]


def test_a_quote_on_the_next_page_is_read_there() -> None:
    passage = Passage(
        key="b2b2b", source="a.pdf", text="The fee is due in", continuation=Continuation(text="early May.", start=7)
    )
    reading = Reading(
        kind="span", short_answer="May", quotes=(Quote(0, 0, 17), Quote(0, 13, 17, pages_on=1)), confidence=0.9
    )
    assert lines(reading, [passage])[1:] == ["“The fee is due in” [0]", "“May.” [13]"]


def test_marks_inside_a_quote_become_plain() -> None:
    assert in_marks("He said\n “go”  now") == '“He said "go" now”'


@given(st.text(max_size=40))
def test_a_quote_is_one_line_between_one_pair_of_marks(text: str) -> None:
    marked = in_marks(text)
    assert (marked[0], marked[-1]) == ("“", "”")
    assert not set(marked[1:-1]) & {"“", "”", "\n"}
    assert len(marked.splitlines()) == 1
