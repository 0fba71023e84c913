"""Sentences over a page break: which halves are joined, and which are not."""

from __future__ import annotations

import pytest

from core.blocks import Block, BlockKind
from core.reading.passages import Continuation
from core.types import Page
from rag.answer.continued import continued
from rag.answer.pack import Span

Part = tuple[BlockKind, str]
TAKEN = "Votes are open to all members. The chair of the committee is taken by"
CHAIR = "Petra Lindqvist until the next election in autumn. Minutes are sent within\nfive days of each meeting."
LANGUAGE = "The arbitration shall take place in Geneva and the language of the"
FRENCH = "proceedings shall be French unless both parties agree otherwise."


def page(index: int, *parts: Part) -> Page:
    text, blocks = "", []
    for kind, part in parts:
        text += "\n\n" if text else ""
        blocks.append(Block(kind=kind, start=len(text), end=len(text) + len(part)))
        text += part
    return Page(index=index, text=text, blocks=tuple(blocks))


def lines(index: int, text: str) -> Page:
    return Page(index=index, text=text)


def joined(*pages: Page) -> tuple[Span, Continuation | None]:
    text = pages[0].text
    span = Span(doc="a.pdf", sha256="a", page=0, start=0, end=len(text), text=text)
    return continued(span, pages[0], pages[1:])


def rest(*pages: Page) -> str:
    _, continuation = joined(*pages)
    if continuation is None:
        return ""
    text = pages[continuation.pages_on].text
    assert text[continuation.start :].startswith(continuation.text)
    return continuation.text


@pytest.mark.parametrize(
    "note",
    [
        ("footnote", "* Chamber of Commerce of Tallinn."),
        ("paragraph", "¹ Chamber of Commerce of Tallinn."),
        ("paragraph", "1 A chamber is a body that names arbitrators\non the day of signing."),
        ("footnote", "1 A chamber is a body that names"),
        ("paragraph", "Lead times are in the order form."),
    ],
)
def test_notes_at_the_foot_of_the_page_stand_behind_the_sentence(note: Part) -> None:
    first = page(0, ("paragraph", "One arbitrator ¹ is named."), ("paragraph", LANGUAGE), note, ("footer", "- 1 -"))
    span, continuation = joined(first, page(1, ("header", "ACME"), ("paragraph", FRENCH)))
    assert continuation is not None
    assert continuation.text == FRENCH
    assert span.text == first.text
    assert first.text[: len(first.text) - continuation.n_behind].endswith(LANGUAGE)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (TAKEN, CHAIR, "Petra Lindqvist until the next election in autumn."),
        (
            TAKEN,
            "Dr. Nwosu until the next election\nin autumn. It is open.",
            "Dr. Nwosu until the next election\nin autumn.",
        ),
        ("The carrier must be told of any damage within", "21 days of delivery. He pays.", "21 days of delivery."),
        (
            "The school is open to boys, girls,",
            "Teachers and guests on all days. Bring a pen.",
            "Teachers and guests on all days.",
        ),
        ("Der Vorsitz wird von der Kammer in der", "Gemeinde Varde vergeben. Er endet.", "Gemeinde Varde vergeben."),
    ],
)
def test_a_capital_or_a_figure_goes_on_what_no_sentence_ends_with(before: str, after: str, text: str) -> None:
    assert rest(page(0, ("paragraph", before)), page(1, ("paragraph", after))) == text
    assert rest(lines(0, before + "\n1"), lines(1, after + "\n2")) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("paragraph", "The gate opens at nine."), ("paragraph", "and closes at ten.")),
        (("paragraph", "The gate is open to all members"), ("paragraph", "Petra Lindqvist is the chair.")),
        (("paragraph", TAKEN), ("heading", "Parking")),
        (("paragraph", TAKEN), ("paragraph", "Parking")),
        (("paragraph", TAKEN), ("paragraph", "Parking and the use of boats")),
        (("paragraph", TAKEN), ("list_item", "2. The fee is due in May.")),
        (("paragraph", TAKEN), ("paragraph", "3.1 Fees are due in May.")),
        (("paragraph", TAKEN), ("paragraph", "Place: Geneva")),
        (("list_item", "• a copy of the lease of the flat"), ("list_item", "a) a copy of the pass")),
        (("paragraph", "Name: Petra Lindqvist\nDate of birth: 3 May"), ("paragraph", "signature of the member")),
        (("heading", "Rules on the use of the"), ("paragraph", "boats and nets of the club.")),
        (("paragraph", "Signed by"), ("paragraph", "Petra Lindqvist in the hall. All agreed.")),
    ],
)
def test_what_begins_anew_is_not_joined(before: Part, after: Part) -> None:
    other: Part = ("paragraph", "The rest of the page. It is long.")
    assert rest(page(0, before), page(1, after, other)) == ""


def test_a_footnote_goes_on_where_the_text_above_it_has_ended() -> None:
    note: Part = ("footnote", "(2) The number of shares with respect to")
    after: Part = ("paragraph", "outstanding rights is shown. It is small.")
    assert rest(page(0, ("paragraph", "It ends here."), note), page(1, after)) == "outstanding rights is shown."
    assert rest(page(0, ("paragraph", "It ends here."), ("footnote", "(2) Box 7 of three")), page(1, after)) == ""


def test_nothing_is_joined_with_the_second_line_of_a_page() -> None:
    assert rest(lines(0, TAKEN), lines(1, CHAIR)).startswith("Petra Lindqvist until")
    assert rest(lines(0, "All members of the club are asked"), lines(1, CHAIR)) == ""


def test_a_table_and_its_caption_at_the_top_are_looked_past() -> None:
    top: list[Part] = [("paragraph", "Table 2. Costs by year"), ("table", "Year Cost\n2022 380")]
    open_half: Part = ("paragraph", "The partner shall keep all time sheets of the")
    assert rest(page(0, open_half), page(1, *top, ("paragraph", "project for ten years."))) == "project for ten years."
    assert rest(page(0, open_half), page(1, *top, ("paragraph", "Project costs are paid."))) == ""
    assert rest(page(0, open_half, *top), page(1, ("paragraph", "project for ten years."))) == "project for ten years."


def test_pages_of_figures_are_looked_past() -> None:
    first = page(0, ("paragraph", "If the driver is more than thirty"), ("footer", "1"))
    figure = page(1, ("paragraph", "Figure 1. Map of the zones."), ("footer", "2"))
    last = page(2, ("paragraph", "minutes late, the ride is free. Luggage is free."), ("footer", "3"))
    _, continuation = joined(first, figure, last)
    assert continuation is not None
    assert (continuation.text, continuation.pages_on) == ("minutes late, the ride is free.", 2)
    assert rest(first, page(1, ("paragraph", "The zones are drawn below.")), last) == ""
    assert rest(first, figure, figure, figure, last) == ""


@pytest.mark.parametrize(
    ("before", "after", "n_cut"),
    [("proof of resi-", "dence not older than a year.", 1), ("proof of self-", "employed work. It ends.", 0)],
)
def test_a_word_that_the_page_cuts_is_whole(before: str, after: str, n_cut: int) -> None:
    _, continuation = joined(page(0, ("paragraph", f"Hand in a {before}")), page(1, ("paragraph", after)))
    assert continuation is not None
    assert (continuation.n_cut, continuation.joint) == (n_cut, "")


def test_running_lines_that_count_pages_are_no_text() -> None:
    first = page(0, ("paragraph", LANGUAGE), ("paragraph", "City of Varde | Permit guide | 14"))
    second = page(1, ("paragraph", FRENCH), ("paragraph", "City of Varde | Permit guide | 15"))
    span, continuation = joined(first, second)
    assert continuation is not None
    assert continuation.text == FRENCH
    assert span.text == LANGUAGE


def test_an_unmarked_header_is_no_part_of_the_sentence() -> None:
    second = page(1, ("paragraph", "Works council"), ("paragraph", FRENCH))
    assert rest(page(0, ("paragraph", LANGUAGE)), second) == FRENCH
    assert rest(lines(0, LANGUAGE), lines(1, f"ACME contract\n{FRENCH}")) == FRENCH
