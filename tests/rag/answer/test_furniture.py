"""Page numbers, running lines, notes and captions are told from a page's own text."""

from __future__ import annotations

import pytest

from core.blocks import Block, BlockKind
from core.types import Page
from rag.answer.furniture import PagePiece, folios, foot, is_caption, is_note, is_running, pieces_of, top


def piece(text: str, kind: BlockKind = "paragraph", start: int = 0) -> PagePiece:
    return PagePiece(start, start + len(text), kind, text)


def numbers(text: str, index: int = 0, kind: BlockKind | None = None) -> list[str]:
    end = text.rfind("\n") + 1
    blocks = [] if kind is None else [Block(kind="paragraph", start=0, end=max(0, end - 1))]
    blocks += [] if kind is None else [Block(kind=kind, start=end, end=len(text))]
    page = Page(index=index, text=text, blocks=tuple(blocks))
    return [text[slice(*span)] for span in folios(page)]


@pytest.mark.parametrize("folio", ["- 1 -", "- i -", "Page 1 of 3", "Page 17", "· xii ·", "Seite 3 von 9", "- ii -"])
def test_what_says_that_it_is_a_page_number_answers_nothing(folio: str) -> None:
    assert numbers(f"The fee is due.\n{folio}", index=7) == [folio]
    assert numbers(f"{folio}\nThe fee is due.", index=7) == [folio]
    assert numbers(f"The fee is due.\n{folio}\nIt is paid.", index=7) == []


def test_a_bare_number_is_one_where_the_page_has_it_or_a_footer_is_known() -> None:
    assert numbers("The fee is due.\n3/12", index=2) == ["3/12"]
    assert numbers("The fee is due.\n3/12", index=7) == []
    assert numbers("The fee is due.\n3/12", index=7, kind="footer") == ["3/12"]
    assert numbers("Number of members\n12", index=0, kind="paragraph") == []
    assert numbers("Number of members\n1", index=0, kind="form_field") == []


def test_running_lines_repeat_but_for_their_numbers() -> None:
    assert is_running(piece("Guide | 14"), [piece("Guide | 15")])
    assert is_running(piece("xii"), [])
    assert not is_running(piece("The fee is 14 euro."), [piece("The rent is 14 euro.")])
    assert is_running(piece("ACME", "header"), [])
    assert not is_running(piece("1998"), [piece("14")])  # the year that a sentence ends with


def test_notes_have_a_sign_or_a_number_that_is_raised_above() -> None:
    text = "The chamber.¹ The hall has 30 m². See below."
    page = Page(index=0, text=text)
    assert is_note(piece("1 Of commerce.", start=len(text)), page)
    assert not is_note(piece("2 The hall is open.", start=len(text)), page)
    assert not is_note(piece("1. The hall is open.", start=len(text)), page)
    assert is_note(piece("† Of commerce."), page)
    assert is_note(piece("Of commerce.", "footnote"), page)


def test_captions_are_short_lines_with_a_number() -> None:
    assert is_caption(piece("Figure 1. Map of the zones."))
    assert is_caption(piece("Abbildung 3: Karte"))
    assert not is_caption(piece("The zones are drawn below."))


def test_pieces_are_blocks_or_lines() -> None:
    page = Page(index=0, text="One\n\n  two \nthree")
    pieces = pieces_of(page)
    assert [each.text for each in pieces] == ["One", "two", "three"]
    assert all(page.text[each.start : each.end] == each.text for each in pieces)
    assert [each.text for each in foot(pieces)] == ["three", "two", "One"]
    assert list(top(pieces)) == pieces
