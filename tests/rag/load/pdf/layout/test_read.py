"""Words of a page become blocks in reading order: directions, fields, captions, how words are set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.load.pdf.fields import ANNOTATION_ANGLE, Field
from rag.load.pdf.form.values import with_values
from rag.load.pdf.layout.drafts import DraftTable
from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.layout.paragraphs import Draft, DraftText
from rag.load.pdf.layout.read import lay_out
from tests.support.pdf_rows import page_words

SIZE = (600.0, 800.0)
NO_PATHS = np.zeros((0, 4))
Placed = tuple[str, float, float, float]


def sentence(text: str, x: float, base: float, height: float = 10.0) -> list[Placed]:
    """Words of a line with blanks as wide as a letter."""
    placed = []
    for word in text.split(" "):
        placed.append((word, x, base, height))
        x += (len(word) + 1) * height / 2
    return placed


def read(*lines: list[Placed], font: str = "Helvetica", **over: object) -> list[Draft]:
    words = page_words(*(word for line in lines for word in line))
    return lay_out(words, NO_PATHS, SIZE, lambda _: font, **over)  # type: ignore[arg-type]


def texts(drafts: list[Draft]) -> list[str]:
    return [draft.text for draft in drafts if isinstance(draft, DraftText)]


def test_a_page_without_words_has_no_blocks() -> None:
    assert read() == []


def test_lines_of_a_paragraph_are_one_block() -> None:
    first, second = sentence("the rent of the flat is due", 50, 100), sentence("on the first day of May.", 50, 112)
    assert texts(read(first, second)) == ["the rent of the flat is due on the first day of May."]
    assert len(texts(read(first, sentence("Pets are not allowed here.", 50, 160)))) == 2


def test_a_grid_of_words_is_a_table() -> None:
    rows = [("Station", "Rain", "Wind"), ("Almen", "1204", "31"), ("Berg", "877", "28"), ("Cima", "930", "44")]
    lines = [
        [(cell, 60.0 + 150 * column, 100.0 + 16 * line, 10.0) for column, cell in enumerate(row)]
        for line, row in enumerate(rows)
    ]
    (table,) = read(*lines)
    assert isinstance(table, DraftTable)
    assert [[cell.text for cell in row] for row in table.rows] == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("font", "bold", "italic"),
    [
        ("Helvetica", False, False),
        ("Helvetica-Bold", True, False),
        ("ABCDEF+Arial-BoldItalicMT", True, True),
        ("Times-Oblique", False, True),
        ("CMBX10", True, False),
        ("ABCDEF+CMTI10", False, True),
        ("NimbusRomNo9L-Medi", True, False),
        ("NimbusRomNo9L-MediItal", True, True),
        ("Medium", False, False),
        ("CMR10", False, False),
        ("", False, False),
    ],
)
def test_how_words_are_set_is_told_by_the_name_of_the_font(font: str, bold: bool, italic: bool) -> None:
    (draft,) = read(sentence("these words stand alone.", 50, 100), font=font)
    assert isinstance(draft, DraftText)
    assert (draft.bold, draft.italic) == (bold, italic)


def test_a_font_is_asked_for_once_a_word() -> None:
    asked: list[int] = []
    words = page_words(*sentence("the rent is due.", 50, 100))

    def font(place: int) -> str:
        asked.append(place)
        return "Helvetica"

    lay_out(words, NO_PATHS, SIZE, font)
    assert len(asked) == len(set(asked))
    assert set(asked) <= set(words.start.tolist())


def turned(words: Words, *angles: float) -> Words:
    return replace(words, angle=np.array(angles))


def test_the_direction_of_most_characters_comes_first() -> None:
    along, across = sentence("rent", 50, 100), sentence("Horizontal", 50, 300)
    words = turned(page_words(*along, *across), 90.0, 0.0)
    assert texts(lay_out(words, NO_PATHS, SIZE, lambda _: "")) == ["Horizontal", "rent"]
    words = turned(page_words(*along, *across), 0.0, 90.0)
    assert texts(lay_out(words, NO_PATHS, SIZE, lambda _: "")) == ["Horizontal", "rent"]


def test_an_annotation_stands_where_it_is_written_and_not_at_the_end() -> None:
    placed = (
        *sentence("The rent is due in May.", 50, 100),
        *sentence("Pets are not allowed here.", 50, 300),
        *sentence("A note", 300, 200),
    )
    words = page_words(*placed)
    angles = [0.0] * (len(placed) - 2) + [ANNOTATION_ANGLE] * 2
    drafts = lay_out(turned(words, *angles), NO_PATHS, SIZE, lambda _: "")
    assert texts(drafts) == ["The rent is due in May.", "A note", "Pets are not allowed here."]
    alone = lay_out(turned(page_words(*sentence("A note", 300, 200)), *angles[-2:]), NO_PATHS, SIZE, lambda _: "")
    assert texts(alone) == ["A note"]


@pytest.mark.parametrize(
    ("text", "picture", "kind"),
    [
        ("Figure 3. The quay in winter", (50.0, 500.0, 350.0, 690.0), "caption"),
        ("The quay in winter", (50.0, 500.0, 350.0, 690.0), "paragraph"),  # not numbered
        ("Figure 3. The quay in winter", (50.0, 550.0, 350.0, 740.0), "paragraph"),  # too far above
        ("Figure 3. The quay in winter", (50.0, 500.0, 60.0, 510.0), "paragraph"),  # an icon
        ("Figure 3. The quay in winter", (0.0, 0.0, 600.0, 800.0), "paragraph"),  # the background of the page
    ],
)
def test_a_numbered_line_right_below_a_figure_is_its_caption(
    text: str, picture: tuple[float, float, float, float], kind: str
) -> None:
    # Pictures are given in page space, where y goes up; words in the space of the reader, where it goes down.
    (draft,) = read(sentence(text, 50, -485), pictures=[picture])
    assert isinstance(draft, DraftText) and draft.kind == kind


def test_a_line_with_the_value_of_a_field_is_a_form_field() -> None:
    fields = [
        Field(kind="form_field", name="tenant", text="Ada Lint", box=(200, 95, 300, 110)),
        Field(kind="form_field", name="", text="yes", box=(200, 195, 300, 210)),
        Field(kind="annotation", name="", text="To be checked", box=(400, 295, 500, 310)),
    ]
    plain = (*sentence("Name of the tenant:", 50, -100), *sentence("Pets:", 50, -200), *sentence("Rent:", 50, -400))
    drafts = lay_out(with_values(page_words(*plain), fields), NO_PATHS, SIZE, lambda _: "", fields)
    shown = sorted((draft.text, draft.kind, draft.name) for draft in drafts if isinstance(draft, DraftText))
    assert shown == [
        ("Name of the tenant: Ada Lint", "form_field", "tenant"),
        ("Pets: yes", "form_field", ""),
        ("Rent:", "paragraph", ""),
        ("To be checked", "annotation", ""),
    ]


@given(st.lists(st.tuples(st.sampled_from(["rent", "a", "1,204", "II."]), st.integers(0, 50), st.integers(1, 60))))
def test_every_word_stands_in_some_block(placed: list[tuple[str, int, int]]) -> None:
    drafts = read([(text, 10.0 * x, 12.0 * y, 10.0) for text, x, y in placed])
    words: list[str] = []
    for draft in drafts:
        if isinstance(draft, DraftText):
            words += [word.text for line in draft.lines for word in line.words]
        else:
            words += [word.text for row in draft.rows for cell in row for line in cell.lines for word in line.words]
    assert sorted("".join(words)) == sorted("".join(text for text, _, _ in placed))
