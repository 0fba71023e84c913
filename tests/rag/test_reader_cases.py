"""Questions as people ask them of small documents: what the built-in reader answers, by kind of question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from core.blocks import Block, Cell
from core.reading.extractive import ExtractiveChat
from core.settings import Settings
from core.types import Answer, Page
from rag.answer.answer import Answerer
from rag.answer.continued import continued
from rag.answer.pack import Span
from tests.support.shelf import Shelf


def ask(question: str, pages: Mapping[str, Sequence[str]], history: Sequence[tuple[str, str]] = ()) -> Answer:
    """Ask without a neural span reader, and check what holds of every answer."""
    shelf = Shelf(pages)
    answer = Answerer(shelf, ExtractiveChat(), Settings(), shelf.page_text).ask(question, history=history)
    for citation in (*answer.citations, *answer.computed_from):
        assert shelf.page_text(citation.sha256, citation.page)[citation.start : citation.end] == citation.quote
    if answer.ground == "cited" and not answer.computed_from:
        assert answer.short_answer in " ".join(" ".join(citation.quote.split()) for citation in answer.citations)
    return answer


MONEY = "The grant is 1,250,000 dollars.\n\nThe fine is EUR 2.400,00.\n\nThe rent of the flat is $1,450 a month."


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Which flat has a rent of 1450 dollars a month?", "$1,450"),
        ("What is 1.25 million dollars?", "1,250,000"),
        ("Which fine is 2400 euros?", "2.400,00"),
    ],
)
def test_numbers_compare_by_value(question: str, quote: str) -> None:
    assert quote in ask(question, {"money.txt": [MONEY]}).citations[0].quote


def test_times_and_dates_compare_by_value() -> None:
    pages = {"plan.txt": ["The gate opens at 9 am.\n\nThe gate closes at 3 pm.\n\nThe audit is on 14 June 2026."]}
    assert "closes" in ask("What happens to the gate at 15:00?", pages).citations[0].quote
    assert "audit" in ask("What is on June 14, 2026?", pages).citations[0].quote


RESETS = (
    "4.2 Reset\n\nThere are two kinds of reset.\n\n4.2.1 Soft reset\n\nHold the green button for 5 seconds.\n\n"
    "4.2.10 Factory reset\n\nHold both buttons for 12 seconds."
)


@pytest.mark.parametrize(
    ("number", "body"),
    [("4.2.1", "Hold the green button for 5 seconds."), ("4.2.10", "Hold both buttons for 12 seconds.")],
)
def test_a_section_is_found_by_its_number(number: str, body: str) -> None:
    answer = ask(f"What does section {number} say?", {"manual.md": [RESETS]})
    assert [citation.quote for citation in answer.citations] == [body]
    assert answer.short_answer == body


STARTS = (
    "Reset\n\nCold start\n\nPull the red lever and wait two minutes.\n\nWarm start\n\nPress the white button twice."
)


def test_a_heading_gives_way_to_what_stands_below_it() -> None:
    answer = ask("How do I do a cold start?", {"manual.md": [STARTS]})
    assert answer.citations[0].quote == "Pull the red lever and wait two minutes."


CODES = [("E-1", "Overload"), ("E-2", "Tank empty"), ("E-5", "Tray full"), ("E-12", "Heater fault"), ("W-9", "Filter")]


def code_table() -> Page:
    """A page with a table of five error codes under its heading."""
    text = "Error codes of the AX-200 controller\n\n"
    rows = []
    for row in [("Code", "Meaning"), *CODES]:
        cells = []
        for piece in row:
            cells.append(Cell(start=len(text), end=len(text) + len(piece)))
            text += f"{piece} | "
        text = text.removesuffix(" | ") + "\n"
        rows.append(tuple(cells))
    block = Block(kind="table", start=rows[0][0].start, end=len(text) - 1, rows=tuple(rows), head_rows=1)
    return Page(index=0, text=f"{text}\nCall the service for all other faults.", blocks=(block,))


def ask_table(question: str) -> Answer:
    page = code_table()
    shelf = Shelf({"manual.md": [page.text]})
    answerer = Answerer(shelf, ExtractiveChat(), Settings(), shelf.page_text, page=lambda _sha, index: [page][index])
    return answerer.ask(question)


def test_a_list_gives_all_its_items() -> None:
    answer = ask_table("List all error codes")
    assert answer.short_answer == ", ".join(code for code, _ in CODES)
    assert [cell.quote for cell in answer.computed_from] == [code for code, _ in CODES]


def test_items_are_counted() -> None:
    answer = ask_table("How many error codes are there?")
    assert answer.short_answer == "5"
    assert len(answer.computed_from) == 5


def test_a_denial_finds_the_opposite_word() -> None:
    pages = {"minutes.txt": ["Present: Ines Roth, Karl Blum.\n\nAbsent: Leo Marsh.\n\nThe meeting began at ten."]}
    assert ask("Who was not present?", pages).short_answer == "Leo Marsh"


ALDER = "Alder lease\n\nThe monthly rent is $1,450.\n\nThe deposit is $2,900.\n\nThe lease ends on February 28, 2027."
CEDAR = "Cedar lease\n\nThe monthly rent is $2,100.\n\nThe deposit is $4,200.\n\nThe lease ends on 14 June 2026."
LEASES = {"alder.md": [ALDER], "cedar.md": [CEDAR]}


def test_follow_ups_keep_the_subject() -> None:
    history: list[tuple[str, str]] = []
    found = []
    for question in (
        "What is the monthly rent in the Cedar lease?",
        "And in Alder?",
        "What about the deposit?",
        "When does it end?",
    ):
        answer = ask(question, LEASES, history)
        history.append((question, answer.answer))
        found.append((answer.citations[0].doc, answer.short_answer))
    assert [doc for doc, _ in found] == ["cedar.md", "alder.md", "alder.md", "alder.md"]
    assert ["$2,100" in found[0][1], "$1,450" in found[1][1], "$2,900" in found[2][1]] == [True] * 3
    assert "February 28, 2027" in found[3][1]


def test_only_the_document_that_is_named_is_quoted() -> None:
    answer = ask("What is the rent in the Cedar lease?", LEASES)
    assert {citation.doc for citation in answer.citations} == {"cedar.md"}
    assert len(answer.citations) == 1


@pytest.mark.parametrize(
    ("text", "question", "quote"),
    [
        ("契約期間は二年間です。賃料は月額十二万円です。", "賃料はいくらですか", "賃料は月額十二万円です。"),
        ("合同期限为两年。租金为每月五千元。", "租金是多少？", "租金为每月五千元。"),
        ("مدة العقد سنتان. الإيجار ألف دينار.", "ما هو الإيجار؟", "الإيجار ألف دينار."),
        ("תקופת השכירות שנתיים. דמי השכירות אלף שקל.", "מה הם דמי השכירות?", "דמי השכירות אלף שקל."),
    ],
)
def test_scripts_without_blanks_or_capitals(text: str, question: str, quote: str) -> None:
    assert ask(question, {"vertrag.txt": [text]}).citations[0].quote == quote


BREAK = [
    "The arbitration shall take place in Geneva and the language of the\n- 1 -",
    "ACME contract\nproceedings shall be French unless both parties agree otherwise.\n- 2 -",
]


def test_a_sentence_over_a_page_break_is_whole() -> None:
    answer = ask("What language shall the arbitration proceedings be in?", {"contract.pdf": BREAK})
    assert [(citation.page, citation.quote) for citation in answer.citations[:2]] == [
        (0, "The arbitration shall take place in Geneva and the language of the"),
        (1, "proceedings shall be French unless both parties agree otherwise."),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The gate opens at nine and closes at\n- 1 -", "Parking\nCars stand behind the house."),
        ("The gate closes at ten.\n- 1 -", "and opens again at six."),
        ("Parking\n- 1 -", "cars stand behind the house"),
        ("The gate opens at nine and closes at", ""),
    ],
)
def test_what_does_not_go_on_is_not_joined(before: str, after: str) -> None:
    span = Span(doc="a.pdf", sha256="a", page=0, start=0, end=len(before), text=before)
    assert continued(span, Page(index=0, text=before), [Page(index=1, text=after)]) == (span, None)
