"""Lines to headings, paragraphs, list items, captions and notes, by size, weight and space."""

from __future__ import annotations

import pytest

from rag.load.pdf.layout.drafts import DraftCell, DraftTable, Style
from rag.load.pdf.layout.paragraphs import (
    BodyType,
    DraftText,
    make_texts,
    mark_of,
    name_captions,
    name_notes,
    page_body,
)
from rag.load.pdf.layout.rows import TextRow, Word
from tests.support.pdf_rows import plain, row, segment

BODY = BodyType(height=10, bold=False)


def bold(_: Word) -> Style:
    return Style(bold=True, italic=False)


def texts(rows: list[TextRow], right: float = 400) -> list[tuple[str, str]]:
    return [(draft.kind, draft.text) for draft in make_texts(rows, right, BODY, plain)]


def test_lines_that_run_on_are_one_paragraph() -> None:
    assert texts([row(100, (50, "The rent of the houses")), row(112, (50, "rose in the year."))]) == [
        ("paragraph", "The rent of the houses rose in the year.")
    ]


def test_a_wider_step_ends_a_paragraph() -> None:
    # The usual step is 12; one of more than 1.32 times as much parts.
    lines = ["the rent of the houses", "rose and then it fell", "for some years until", "it rose again"]
    joined = [row(base, (50, text)) for base, text in zip((100, 112, 124, 139), lines, strict=True)]
    assert len(texts(joined)) == 1
    parted = [row(base, (50, text)) for base, text in zip((100, 112, 124, 140), lines, strict=True)]
    assert [text for _, text in texts(parted)] == [" ".join(lines[:3]), lines[3]]


def test_a_line_with_room_left_ends_a_paragraph() -> None:
    rows = [row(100, (50, "The rent rose.")), row(112, (50, "It fell again."))]
    assert len(texts(rows)) == 2
    assert len(texts(rows, right=120)) == 1  # the line is full there


def test_items_of_a_list() -> None:
    rows = [
        row(100, (50, "1. the rent")),
        row(112, (50, "2. the costs")),
        row(124, (50, "• the garden")),
        row(136, (50, "(a) the water")),
    ]
    drafts = make_texts(rows, 400, BODY, plain)
    assert [(draft.kind, draft.number) for draft in drafts] == [
        ("list_item", "1."),
        ("list_item", "2."),
        ("list_item", "•"),
        ("list_item", "(a)"),
    ]


@pytest.mark.parametrize(
    ("text", "mark"), [("1. rent", "1."), ("1.", ""), ("Rent 1.", ""), ("2.1 Rents", "2.1"), ("iv) x", "iv)")]
)
def test_a_mark_needs_a_text_behind_it(text: str, mark: str) -> None:
    assert mark_of(segment(50, text)) == mark


@pytest.mark.parametrize(("height", "level"), [(16, 1), (15.9, 2), (13, 2), (12, 3), (11.3, 3), (11, 0), (10, 0)])
def test_a_heading_is_set_larger(height: float, level: int) -> None:
    (draft,) = make_texts([row(100, (50, "Rents of the year"), height=height)], 400, BODY, plain)
    assert (draft.kind, draft.level) == ("heading" if level else "paragraph", level)


def test_a_bold_line_is_a_heading_where_the_page_is_not_bold() -> None:
    rows = [row(100, (50, "Rents of the year"))]
    (draft,) = make_texts(rows, 400, BODY, bold)
    assert (draft.kind, draft.level) == ("heading", 4)
    (draft,) = make_texts(rows, 400, BodyType(10, bold=True), bold)
    assert draft.kind == "paragraph"


def test_a_section_number_says_the_level() -> None:
    for text, level in (("2. Rents", 1), ("2.1 Rents", 2), ("2.1.3 Rents", 3)):
        (draft,) = make_texts([row(100, (50, text), height=13)], 400, BODY, plain)
        assert (draft.kind, draft.level) == ("heading", level)


def test_figures_and_long_texts_are_no_headings() -> None:
    for text in ("12,450 - 7", "the rent " * 17 + "rose"):
        (draft,) = make_texts([row(100, (50, text.strip()), height=16)], 4000, BODY, plain)
        assert draft.kind == "paragraph"


def test_a_small_marked_line_is_a_note() -> None:
    (draft,) = make_texts([row(100, (50, "1 Unaudited figures"), height=8)], 400, BODY, plain)
    assert (draft.kind, draft.number) == ("footnote", "1")
    (draft,) = make_texts([row(100, (50, "1 Unaudited figures"))], 400, BODY, plain)
    assert draft.kind == "paragraph"


def test_the_body_is_what_most_characters_are_set_in() -> None:
    rows = [row(100, (50, "Title"), height=20), *(row(120 + 12 * at, (50, "the rent rose")) for at in range(5))]
    assert page_body(rows, plain) == BODY
    assert page_body(rows, bold) == BodyType(10, bold=True)
    assert page_body([], plain) == BodyType(10.0, bold=False)


def draft(text: str, top: float, kind: str = "paragraph", number: str = "") -> DraftText:
    return DraftText(kind, [segment(50, text)], 10, top, top + 10, 50, 200, number=number)  # type: ignore[arg-type]


def table(top: float, text: str = "900") -> DraftTable:
    return DraftTable([[DraftCell([segment(50, text)], 0)]], 1, 0, 10, top, top + 50, 50, 200)


def test_a_numbered_line_beside_a_table_is_its_caption() -> None:
    above, below = draft("Table 3. Rents", 100), draft("Table 4: Costs", 180)
    name_captions([above, table(115), below], ())
    assert (above.kind, below.kind) == ("caption", "caption")


@pytest.mark.parametrize(("text", "top"), [("Table 3. Rents", 60), ("Rents of the year", 100), ("Tables are 3", 100)])
def test_other_lines_are_none(text: str, top: float) -> None:
    line = draft(text, top)
    name_captions([line, table(115)], ())
    assert line.kind == "paragraph"


def test_a_caption_of_an_image() -> None:
    line = draft("Figure 2.1 The house", 300)
    name_captions([line], ((50, 100, 200, 295),))
    assert line.kind == "caption"
    beside = draft("Figure 2.1 The house", 300)
    name_captions([beside], ((300, 100, 500, 295),))
    assert beside.kind == "paragraph"


def test_marks_of_a_table_make_notes_of_the_lines_below() -> None:
    note, item = draft("* unaudited", 170, "list_item", "*"), draft("- a list", 185, "list_item", "-")
    name_notes([table(100, "900*"), note, item])
    assert (note.kind, item.kind) == ("footnote", "list_item")
    far = draft("* a list", 200, "list_item", "*")
    name_notes([table(100, "900*"), draft("The rent rose.", 170), far])
    assert far.kind == "list_item"
