"""Values of form fields among the words of a page: on the line of their label."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from reportlab.pdfgen.canvas import Canvas

from core.settings import IngestSettings
from core.types import Page
from rag.load.pdf.fields import ANNOTATION_ANGLE, FIRST_FIELD, Field
from rag.load.pdf.form.values import with_values
from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdf_rows import page_words
from tests.support.pdfs import drawn

# The page's y runs up and that of words down: a box from 90 to 110 holds the baseline -100.
BOX = (200.0, 90.0, 300.0, 110.0)


def texts(words: Words) -> list[str]:
    return [words.signs[start:end] for start, end in zip(words.start, words.end, strict=True)]


def test_a_value_stands_on_the_line_of_its_label() -> None:
    words = with_values(page_words(("Plate:", 50, -98, 10)), [Field("form_field", "plate", "WX 55", BOX)])
    assert texts(words) == ["Plate:", "WX", "55"]
    assert words.base.tolist() == [-98, -98, -98]
    assert words.boxes[1].tolist() == [201, -106, 211, -96]  # letters half as wide as the label is high
    assert words.boxes[2].tolist() == [216, -106, 226, -96]


def test_signs_of_fields_are_no_characters_of_the_page() -> None:
    fields = [Field("form_field", "a", "x", BOX), Field("form_field", "b", "yz", BOX)]
    words = with_values(page_words(("P", 50, -98, 10)), fields)
    assert words.chars.tolist() == [0, FIRST_FIELD, FIRST_FIELD - 1, FIRST_FIELD - 1]


def test_a_long_value_keeps_inside_its_box() -> None:
    words = with_values(page_words(("P", 50, -98, 10)), [Field("form_field", "a", "word " * 40, BOX)])
    assert words.boxes[1:, 0].min() == 201
    assert words.boxes[1:, 2].max() <= 299.001


def test_an_annotation_belongs_to_no_line_of_the_page() -> None:
    words = with_values(page_words(("P", 50, -98, 10)), [Field("annotation", "", "one\ntwo", BOX)])
    assert texts(words) == ["P", "one", "two"]
    assert words.angle.tolist() == [0, ANNOTATION_ANGLE, ANNOTATION_ANGLE]
    assert words.base[1] < words.base[2]


def test_a_page_without_fields_keeps_its_words() -> None:
    words = page_words(("P", 50, -98, 10))
    assert with_values(words, []) is words
    assert with_values(words, [Field("form_field", "a", "  ", BOX)]) is words


def test_a_value_below_its_label_moves_behind_it() -> None:
    words = with_values(page_words(("Town", 200, -120, 10)), [Field("form_field", "town", "Riga", BOX)])
    assert texts(words) == ["Town", ":", "Riga"]
    assert words.base.tolist() == [-120, -120, -120]
    assert words.chars.tolist()[4:] == [FIRST_FIELD] * 5
    assert words.boxes[1:, 0].tolist() == [220, 230]


def test_the_line_that_a_value_is_written_on_is_not_read() -> None:
    fields = [Field("annotation", "", "Riga", BOX)]
    dotted = page_words(("Town", 170, -98, 10), ("........", 200, -98, 10), (".....", 400, -98, 10))
    assert texts(with_values(dotted, fields)) == ["Town", ".....", "Riga"]
    glued = page_words(("Town:__________", 170, -98, 10))
    assert texts(with_values(glued, fields)) == ["Town:", "Riga"]


def read(path: Path) -> Page:
    reader = PdfReader(path, IngestSettings())
    page = reader.page(0)
    reader.close()
    return page


def test_labels_above_their_fields_stand_on_a_line_with_their_values(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        rows = (
            ("Date of birth", 60, 700, "04.07.1981"),
            ("FieldPlace of birth", 320, 700, "Bergen"),
            ("Trade", 60, 650, ""),
        )
        for label, x, y, value in rows:
            canvas.drawString(x, y, label)
            canvas.acroForm.textfield(name=label, x=x, y=y - 26, width=200, height=20, value=value)

    shown = read(drawn(tmp_path / "form.pdf", page))
    assert shown.text.split() == "Date of birth: 04.07.1981 FieldPlace of birth: Bergen Trade".split()
    lines = [line for line in shown.text.splitlines() if line]
    assert lines == ["Date of birth: 04.07.1981", "FieldPlace of birth: Bergen", "Trade"]
    assert [block.name for block in shown.blocks] == ["Date of birth", "FieldPlace of birth", ""]


def test_pairs_in_a_row_are_lines_of_the_page(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        for label, x, y, value in (
            ("Guest:", 60, 700, "Maria Lopez"),
            ("Phone:", 300, 700, "600 123"),
            ("Room:", 60, 670, "7"),
        ):
            canvas.drawString(x, y, label)
            canvas.acroForm.textfield(name=label, x=x + 60, y=y - 6, width=130, height=18, value=value)

    assert read(drawn(tmp_path / "form.pdf", page)).text.split("\n\n") == [
        "Guest: Maria Lopez\nPhone: 600 123",
        "Room: 7",
    ]


def test_an_empty_cell_keeps_a_grid_of_fields_whole(tmp_path: Path) -> None:
    rows = (("Bolts", "40", "stainless"), ("Nuts", "80", ""), ("Pins", "", ""), ("Washers", "120", "zinc"))

    def page(canvas: Canvas) -> None:
        for column, head in enumerate(("Item", "Quantity", "Remark")):
            canvas.drawString(60 + 150 * column, 720, head)
            for row, values in enumerate(rows):
                x, y, name = 60 + 150 * column, 690 - 24 * row, f"{row}{column}"
                canvas.acroForm.textfield(name=name, x=x, y=y, width=140, height=20, value=values[column])

    shown = read(drawn(tmp_path / "form.pdf", page))
    [table] = [block for block in shown.blocks if block.kind == "table"]
    cells = [tuple(shown.text[cell.start : cell.end] for cell in row) for row in table.rows]
    assert cells == [("Item", "Quantity", "Remark"), *rows]


@pytest.mark.parametrize("blank", ["", " ............", "______________"])
def test_what_is_typed_beside_a_label_stands_on_its_line(tmp_path: Path, blank: str) -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Tenant:" + blank)
        canvas.drawString(60, 670, "Entry:" + blank)
        canvas.drawString(60, 640, "The tenant agrees to the rules of the house, and of")
        canvas.drawString(60, 626, "the yard behind it.")

    path = drawn(tmp_path / "typed.pdf", page)
    writer = PdfWriter(clone_from=path)
    for text, left, bottom in (("Aino Virtanen", 104, 694), ("1 May 2024", 104, 664), ("A note", 400, 634)):
        writer.add_annotation(0, FreeText(text=text, rect=(left, bottom, left + 140, bottom + 18)))
    writer.write(path)
    shown = read(path)
    pieces = [(block.kind, shown.text[block.start : block.end]) for block in shown.blocks]
    assert pieces[:2] == [("form_field", "Tenant: Aino Virtanen"), ("form_field", "Entry: 1 May 2024")]
    assert ("annotation", "A note") in pieces


def test_values_inside_a_sentence_leave_it_whole(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        for text, x in (("I,", 60), ("born in", 176), ("and living in", 280), ("receive the keys.", 412)):
            canvas.drawString(x, 700, text)
        for value, x, width in (("Ann Ode", 72, 100), ("Oslo", 216, 60), ("Riga", 348, 60)):
            canvas.acroForm.textfield(name=value, x=x, y=695, width=width, height=18, value=value)

    assert (
        read(drawn(tmp_path / "form.pdf", page)).text == "I, Ann Ode born in Oslo and living in Riga receive the keys."
    )
