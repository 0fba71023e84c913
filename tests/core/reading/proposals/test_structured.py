"""What the structure of pages proposes: sections, lists, cells of tables, names; each with spans that show it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.asked import read_asked
from core.reading.passages import Passage
from core.reading.proposals.candidates import PlacedTable, Proposal, Quote
from core.reading.proposals.structured import (
    from_lists,
    from_names,
    from_section,
    from_tables,
    of_section,
    without_notes,
)
from core.reading.reader import read_question
from tests.support.laid_out import laid_out

RULES = (
    "4.1 Scope\nThese rules bind all members of the club.\n4.2 Fees\nFees are due in May.\n4.3 Guests\nGuests pay.\n"
)
KIT = "Every member needs the following equipment:\n• a rope\n• a lamp;\n• two gloves.\n\nAsk at the office.\n"
SALES = [["", "2022", "2021"], ["Net sales", "120", "100"], ["Cost of sales", "90", "70"]]


def passage(text: str, source: str = "rules.pdf, p. 1", **over: object) -> Passage:
    return replace(Passage(key="b2c3d", source=source, text=text), **over)  # type: ignore[arg-type]


def section(question: str, *passages: Passage) -> Proposal | None:
    return from_section(question, read_asked(question), passages)


def listed(question: str, *passages: Passage, tables: tuple[PlacedTable, ...] = ()) -> Proposal | None:
    return from_lists(question, read_asked(question), passages, tables)


def words_of(proposal: Proposal, *passages: Passage) -> list[str]:
    return [passages[quote.passage].page[quote.start : quote.end] for quote in proposal.quotes]


def test_a_section_is_read_out_by_its_number() -> None:
    rules = passage(RULES)
    proposal = section("What does section 4.2 say?", rules)
    assert proposal is not None
    assert (proposal.kind, proposal.short, proposal.note) == ("section", "Fees are due in May.", "")
    assert words_of(proposal, rules) == ["Fees are due in May."]
    assert 0 < proposal.confidence < 1


@pytest.mark.parametrize("question", ["What does section 4.9 say?", "What does section 4.2 say?"])
def test_a_number_that_no_page_has_is_no_section(question: str) -> None:
    assert section(question, passage("Nothing is numbered here.")) is None
    assert section(question) is None


def test_the_section_of_the_document_that_is_named_is_read() -> None:
    rules, lease = passage(RULES), passage(RULES.replace("May", "June"), "lease.pdf, p. 4")
    for order in ((rules, lease), (lease, rules)):
        proposal = section("What does section 4.2 of the lease say?", *order)
        assert proposal is not None and proposal.short == "Fees are due in June."
    # The number of a page names no section: "p. 4" is no reason to prefer the lease.
    first = section("What does section 4.2 say?", rules, lease)
    assert first is not None and first.short == "Fees are due in May."


@pytest.mark.parametrize(
    ("body", "goes_on"),
    [
        ("The fee for a boat of any length is due in", True),  # the page ends inside a sentence
        ("a rope and a lamp", False),  # a short item needs no full stop
        ("\n" + "x " * 2000 + "end.", True),  # longer than what is read out
    ],
)
def test_a_section_that_the_page_cuts_off_says_so(body: str, goes_on: bool) -> None:
    proposal = section("What does section 4.2 say?", passage(f"4.2 Fees\n{body}"))
    assert proposal is not None
    assert proposal.note == ("the section goes on" if goes_on else "")


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("List the equipment that a member needs.", "a rope, a lamp, two gloves"),
        ("How many equipment following are there?", "3"),
        ("List the members of the board.", None),
        ("List all.", None),
    ],
)
def test_a_list_is_named_or_counted(question: str, short: str | None) -> None:
    page = passage(KIT)
    proposal = listed(question, passage("Prose alone."), page)
    assert (proposal and proposal.short) == short
    if proposal is not None:
        assert proposal.quotes[0].passage == 1
        items = [page.page[quote.start : quote.end] for quote in proposal.computed_from]
        assert items == ["• a rope", "• a lamp;", "• two gloves."]
        assert proposal.note == ""


def test_a_list_at_the_end_of_its_page_may_go_on() -> None:
    cut = listed("List the equipment that a member needs.", passage(KIT.split("\n\n")[0]))
    whole = listed("List the equipment that a member needs.", passage(KIT))
    assert cut is not None and whole is not None
    assert cut.note == "the list may go on on the next page"
    assert cut.confidence < whole.confidence


def test_a_table_lists_its_labels_before_any_text() -> None:
    text, table = laid_out([["Ticket", "Price"], ["Adult", "9"], ["Child", "4"], ["Total", "13"]], "Ticket prices")
    pages = (passage(KIT), passage(text))
    proposal = listed("List the ticket prices.", *pages, tables=(PlacedTable(1, table),))
    assert proposal is not None
    assert (proposal.short, proposal.quotes[0].passage) == ("Adult, Child", 1)


@pytest.mark.parametrize(
    ("question", "shorts"),
    [
        ("What is step 2?", "2. Send; 2. Print"),
        ("What is step 2 of the return?", "2. Print"),
        ("What is step 9?", None),
    ],
)
def test_two_lists_with_a_step_of_one_number_both_answer(question: str, shorts: str | None) -> None:
    pages = (
        passage("Refund\n\n1. Ask\n2. Send\n\nA step is quick."),
        passage("Return\n\n1. Pack\n2. Print\n3. Step out"),
    )
    proposal = section(question, *pages, passage("Fees\n\n1. Ten\n2. Nine"))
    assert (proposal and proposal.short) == shorts
    if proposal is not None and ";" in proposal.short:
        assert words_of(proposal, *pages) == ["2. Send", "2. Print"]
        assert proposal.computed_from == proposal.quotes


@pytest.mark.parametrize(
    ("question", "silent"),
    [
        ("What does clause 2(d) say?", True),
        ("What does annex C say?", True),
        ("What does clause 2(e) say?", False),  # it is spoken of
        ("What does section 9 say?", False),
        ("Who pays under clause 2(d)?", False),
    ],
)
def test_a_clause_that_no_page_names_is_not_answered_by_another(question: str, silent: bool) -> None:
    page = passage("Clause 2(b): Rent.\nClause 2(c): Interest, as 2 (e) says.\n")
    assert (of_section(question, read_asked(question), [page]) == []) is silent


def test_the_items_of_a_numbered_section_are_listed() -> None:
    text = "4.2 Fees\n• 5 crowns a boat\n• 2 crowns a guest\n4.3 Kit\n• a rope\n• a lamp\n"
    proposal = listed("List the items in section 4.3.", passage(text))
    assert proposal is not None and proposal.short == "a rope, a lamp"


def tables(question: str, *rows: list[list[str]], known: float = 1.0) -> tuple[list[Proposal], list[Passage]]:
    placed, passages = [], []
    for index, each in enumerate(rows):
        text, table = laid_out(each, "Results (in millions)")
        placed.append(PlacedTable(index, table))
        passages.append(passage(text, f"report.pdf, p. {index + 1}"))
    return from_tables(question, placed, passages, known), passages


def test_a_cell_comes_with_its_row_heads_and_scale() -> None:
    proposals, (page,) = tables("What were net sales in 2022?", SALES)
    first = proposals[0]
    assert (first.kind, first.short) == ("table", "120 million")
    (row,) = first.quotes
    assert page.page[row.start : row.end] == "Net sales 120 100"
    assert row.heads is not None and page.page[slice(*row.heads)] == "2022 2021"
    assert [page.page[quote.start : quote.end] for quote in first.computed_from] == ["120", "in millions"]


def test_a_computed_figure_names_its_cells_and_how() -> None:
    proposals, (page,) = tables("What was the difference in net sales between 2021 and 2022?", SALES)
    first = proposals[0]
    assert (first.short, first.note) == ("20 million", "120 − 100")
    assert [page.page[quote.start : quote.end] for quote in first.computed_from] == ["120", "100", "in millions"]
    assert first.features["computed"] == 1.0


def test_cells_of_two_tables_are_quoted_where_they_stand() -> None:
    assets = [["", "2022", "2021"], ["Total assets", "500", "450"], ["Total equity", "210", "190"]]
    proposals, pages = tables("What was the ratio of net sales to total assets in 2021?", SALES, assets)
    first = proposals[0]
    assert first.short == "0.22"
    assert [(q.passage, pages[q.passage].page[q.start : q.end]) for q in first.computed_from] == [
        (0, "100"),
        (1, "450"),
    ]


def test_tables_without_what_is_asked_for_propose_nothing() -> None:
    assert tables("How tall is the mast?", SALES)[0] == []
    assert tables("What were net sales in 2022?")[0] == []


def note_page() -> tuple[Passage, PlacedTable, Proposal]:
    """A table with a note across it, and the note proposed as a sentence."""
    text, table = laid_out([["Ticket", "Price"], ["Adult", "9"], ["Prices are held"], ["Child", "4"]], "Prices")
    start = text.index("Prices are held")
    note = Proposal("sentence", "Prices are held", (Quote(0, start, start + 15),))
    return passage(text), PlacedTable(0, table), note


@pytest.mark.parametrize(
    ("question", "confidence", "kept"),
    [
        ("What is the price of an adult ticket?", 0.9, False),
        ("What is the price of an adult ticket?", 0.1, True),  # the cell is not sure
        ("What is said of tickets?", 0.9, True),  # no cell is named
    ],
)
def test_a_note_across_a_table_gives_way_to_the_cell_asked_for(question: str, confidence: float, kept: bool) -> None:
    _, placed, note = note_page()
    cell = Proposal("table", "9", (Quote(0, 0, 1),), confidence=confidence)
    assert (note in without_notes(question, [note], [cell], [placed])) is kept


def test_sentences_outside_the_table_on_another_page_or_in_a_row_are_kept() -> None:
    page, placed, note = note_page()
    cell = Proposal("table", "9", (Quote(0, 0, 1),), confidence=0.9)
    row = placed.table.rows[0]
    elsewhere = [
        replace(note, quotes=(Quote(0, 0, 6),)),
        replace(note, quotes=(replace(note.quotes[0], passage=1),)),
        replace(note, quotes=(replace(note.quotes[0], pages_on=1),)),
        replace(note, quotes=(Quote(0, row.start, row.end),)),
        replace(note, quotes=()),
    ]
    assert without_notes("What is the price of an adult ticket?", elsewhere, [cell], [placed]) == elsewhere
    assert page.page


def test_a_name_comes_with_the_sentence_around_it() -> None:
    text = "Minutes. The Harbour Master, Captain Elin Roe, reported on the moorings. All agreed."
    page = passage(text)
    question = "Who is the Harbour Master?"
    first = from_names(question, read_question(question), [page])[0]
    assert (first.kind, first.short) == ("named", "Captain Elin Roe")
    assert words_of(first, page) == ["The Harbour Master, Captain Elin Roe, reported on the moorings."]


def test_no_name_no_proposal() -> None:
    question = "Who is the Harbour Master?"
    assert from_names(question, read_question(question), [passage("The quay is 62 m long.")]) == []
    assert from_names(question, read_question(question), []) == []


@given(
    st.sampled_from(["List the equipment.", "What does section 4.2 say?", "Who is the chair?", "How many ropes?"]),
    st.text("4.2 Ab:•\n1)x", max_size=60),
)
def test_quotes_lie_on_their_page(question: str, text: str) -> None:
    page = passage(text)
    proposals = [section(question, page), listed(question, page)]
    proposals += from_names(question, read_question(question), [page])
    for proposal in proposals:
        for quote in () if proposal is None else (*proposal.quotes, *proposal.computed_from):
            assert 0 <= quote.start < quote.end <= len(text)
            assert text[quote.start : quote.end].strip()
