"""Values of form fields and typed annotations stand in the text where a viewer shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import NameObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas

from bench.layout_printed import stamp
from core.settings import IngestSettings
from rag.load.pdf.draw import find_boxes
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdfs import drawn

LIMITS = IngestSettings()


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def page(canvas: Canvas) -> None:
        fields = canvas.acroForm
        canvas.drawString(60, 700, "Plate:")
        fields.textfield(name="plate", x=180, y=692, width=200, height=20, value="WX 55 TZA")
        canvas.drawString(60, 640, "Fuel:")
        fields.choice(name="fuel", x=180, y=632, width=120, height=20, options=["Petrol", "Electric"], value="Electric")
        canvas.drawString(60, 600, "Garage:")
        fields.checkbox(name="garage", x=180, y=592, checked=True)
        canvas.drawString(60, 560, "News:")
        fields.checkbox(name="news", x=180, y=552, checked=False)
        canvas.drawString(60, 520, "Size:")
        fields.radio(name="size", value="small", x=180, y=512, selected=False)
        canvas.drawString(210, 520, "small")
        fields.radio(name="size", value="large", x=260, y=512, selected=True)
        canvas.drawString(290, 520, "large")
        canvas.drawString(60, 480, "Secret:")
        fields.textfield(name="pin", x=180, y=472, width=100, height=20, value="4711", fieldFlags="password")

    path = drawn(tmp_path_factory.mktemp("form") / "form.pdf", page)
    writer = PdfWriter(clone_from=path)
    note = FreeText(text="Approved by the board\non 9 June.", rect=(60, 540, 400, 590))
    writer.add_annotation(0, note)
    hidden = FreeText(text="Never shown.", rect=(60, 100, 400, 140))
    hidden.flags = 2  # hidden
    writer.add_annotation(0, hidden)
    writer.set_page_label(0, 0, style="/r", prefix="A-")
    writer.write(path)
    return path


def test_values_stand_behind_their_labels(form: Path) -> None:
    reader = PdfReader(form, LIMITS)
    page = reader.page(0)
    reader.close()
    shown = [(block.kind, block.name, page.text[block.start : block.end]) for block in page.blocks]
    assert shown[:3] == [
        ("form_field", "plate", "Plate: WX 55 TZA"),
        ("form_field", "fuel", "Fuel: Electric"),
        ("form_field", "garage", "Garage: ☒"),
    ]
    assert ("form_field", "news", "News: ☐") in shown
    assert ("form_field", "size", "Size: ○ small ◉ large") in shown
    assert "4711" not in page.text


def test_typed_annotations_are_text_and_hidden_ones_are_not(form: Path) -> None:
    reader = PdfReader(form, LIMITS)
    page = reader.page(0)
    reader.close()
    [note] = [block for block in page.blocks if block.kind == "annotation"]
    assert " ".join(page.text[note.start : note.end].split()) == "Approved by the board on 9 June."
    assert page.text.index("Garage") < note.start < page.text.index("Size")
    assert "Never shown" not in page.text


def test_a_stamp_says_what_it_is_drawn_with_or_its_name(tmp_path: Path) -> None:
    path = drawn(tmp_path / "stamped.pdf", lambda canvas: canvas.drawString(60, 740, "The pumps came in May."))
    writer = PdfWriter(clone_from=path)
    stamp(writer, (340, 690, 560, 720), text="PAID 12 MAY 2024")
    stamp(writer, (340, 640, 560, 670), name="NotApproved")
    writer.write(path)
    reader = PdfReader(path, LIMITS)
    page = reader.page(0)
    reader.close()
    notes = [page.text[block.start : block.end] for block in page.blocks if block.kind == "annotation"]
    assert notes == ["PAID 12 MAY 2024", "Not Approved"]
    start = page.text.index("PAID")
    [(left, top, right, bottom)] = find_boxes(path, 0, start, start + 4, LIMITS, None)
    assert (left, bottom, right, top) == pytest.approx((340, 690, 560, 720), abs=3)


def test_a_value_is_marked_by_the_box_of_its_field(form: Path) -> None:
    reader = PdfReader(form, LIMITS)
    text = reader.page(0).text
    assert reader.page(0).label == "A-i"
    reader.close()
    start = text.index("WX 55")
    [(left, top, right, bottom)] = find_boxes(form, 0, start, start + 5, LIMITS, None)
    assert (left, bottom, right, top) == pytest.approx((180, 692, 380, 712), abs=3)
    start = text.index("Plate")
    [(left, top, right, bottom)] = find_boxes(form, 0, start, start + 6, LIMITS, None)
    assert 59 < left < right < 100


@pytest.mark.parametrize(("value", "shown"), [("mg", "Moss green"), ("Moss green", "Moss green"), ("red", "red")])
def test_a_choice_reads_as_the_page_shows_it(tmp_path: Path, value: str, shown: str) -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Colour:")
        options = [("Moss green", "mg"), ("Sand", "sd")]
        canvas.acroForm.choice(
            name="c", x=180, y=692, width=120, height=20, options=options, value="mg", fieldFlags="combo edit"
        )

    path = drawn(tmp_path / "choice.pdf", page)
    writer = PdfWriter(clone_from=path)
    writer.pages[0]["/Annots"][0].get_object()[NameObject("/V")] = TextStringObject(value)
    writer.write(path)
    reader = PdfReader(path, LIMITS)
    assert reader.page(0).text == f"Colour: {shown}"
    reader.close()
