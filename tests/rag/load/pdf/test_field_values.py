"""Values of form fields among the words of a page: on the line of their label, inside their box."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from pypdf import PdfWriter

from rag.load.pdf.fields import ANNOTATION_ANGLE, FIRST_FIELD, Field, page_label, with_values
from rag.load.pdf.layout.glyphs import Words
from tests.support.pdf_rows import page_words
from tests.support.pdfs import drawn, line

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


def test_the_printed_number_of_a_page(tmp_path: Path) -> None:
    path = drawn(tmp_path / "labels.pdf", line("one"), line("two"), line("three"))
    writer = PdfWriter(clone_from=path)
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 2, style="/D", prefix="A-", start=7)
    writer.write(path)
    document = pypdfium2.PdfDocument(path)
    assert [page_label(document, index) for index in range(3)] == ["i", "ii", "A-7"]
    document.close()


def test_a_number_that_is_the_place_is_no_label(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(drawn(tmp_path / "plain.pdf", line("one")))
    assert page_label(document, 0) == ""
    document.close()
