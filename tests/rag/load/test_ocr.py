"""Pictures of text: named without kb[ocr], read with it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from core.errors import MissingExtra
from core.settings import IngestSettings
from rag.load.pdf.ocr import READ_BY_OCR, OcrReader
from rag.load.pdf.open_reader import open_reader
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdfs import drawn

LIMITS = IngestSettings()
needs_ocr = pytest.mark.skipif(importlib.util.find_spec("rapidocr") is None, reason="needs kb[ocr]")


def pictured(path: Path, draw: object) -> ImageReader:
    """Return a page as a picture."""
    document = pypdfium2.PdfDocument(drawn(path, draw))  # type: ignore[arg-type]
    picture = document[0].render(scale=200 / 72).to_pil()
    document.close()
    return ImageReader(picture)


def table(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 14)
    for row, texts in enumerate(
        (("Station", "Rainfall", "Wind"), ("Almen", "1204", "31"), ("Berg", "877", "28"), ("Cima", "930", "44"))
    ):
        for column, text in enumerate(texts):
            canvas.drawString(60 + 160 * column, 700 - 24 * row, text)


def noon(canvas: Canvas) -> None:
    """A sheet of a few words, quick to recognise."""
    canvas.setPageSize((200, 200))
    canvas.setFont("Helvetica", 14)
    canvas.drawString(20, 150, "The boat leaves")
    canvas.drawString(20, 130, "at noon.")


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    picture, note = pictured(folder / "p.pdf", table), pictured(folder / "n.pdf", noon)

    def whole(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, 600, 800)

    def part(canvas: Canvas) -> None:
        canvas.drawString(72, 760, "The figures are in the picture below.")
        canvas.drawImage(picture, 60, 100, 420, 560)

    def sheet(canvas: Canvas) -> None:
        canvas.setPageSize((200, 200))
        canvas.drawImage(note, 0, 0, 200, 200)

    def plain(canvas: Canvas) -> None:
        canvas.setPageSize((600, 800))
        canvas.drawString(72, 700, "Plain text.")

    return drawn(folder / "scan.pdf", whole, part, sheet, plain, lambda _: None)


def test_a_page_that_is_mostly_an_image_says_so(scan: Path) -> None:
    reader = PdfReader(scan, LIMITS)
    assert (reader.page(0).quality, reader.page(0).reason) == ("empty", "no text layer")
    page = reader.page(1)
    reader.close()
    assert (page.quality, page.reason) == ("poor", "part of page 2 is an image")
    assert page.text == "The figures are in the picture below."


def test_text_on_a_background_picture_is_no_image(tmp_path: Path) -> None:
    picture = pictured(tmp_path / "p.pdf", lambda canvas: canvas.circle(300, 400, 50))

    def slide(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, 600, 800)
        for row in range(5):
            canvas.drawString(60, 600 - 20 * row, "These words stand on the picture.")

    reader = PdfReader(drawn(tmp_path / "s.pdf", slide), LIMITS)
    page = reader.page(0)
    reader.close()
    assert (page.quality, page.reason) == ("good", "")


@pytest.fixture(scope="module")
def reader(scan: Path) -> Iterator[OcrReader]:
    """The scan, open; a recogniser takes a second to load."""
    opened = open_reader(scan, LIMITS, ocr=True)
    assert isinstance(opened, OcrReader)
    yield opened
    opened.close()


@needs_ocr
def test_a_picture_is_read_with_its_table(reader: OcrReader) -> None:
    page = reader.page(1)
    assert (page.quality, page.reason) == ("poor", f"part of page 2 is an image; the image is {READ_BY_OCR}")
    [block] = [block for block in page.blocks if block.kind == "table"]
    rows = [[page.text[cell.start : cell.end] for cell in row] for row in block.rows]
    assert rows[:2] == [["Station", "Rainfall", "Wind"], ["Almen", "1204", "31"]]
    assert page.text.startswith("The figures are in the picture below.\n\n")


@needs_ocr
def test_a_page_that_is_a_picture_is_read_as_a_whole(reader: OcrReader) -> None:
    page = reader.page(2)
    assert page.text.split() == ["The", "boat", "leaves", "at", "noon."]
    assert (page.index, page.quality, page.reason) == (2, "poor", READ_BY_OCR)
    assert [page.text[block.start : block.end] for block in page.blocks] == [page.text]


@needs_ocr
def test_pages_without_pictures_are_not_read_again(reader: OcrReader) -> None:
    plain, empty = reader.page(3), reader.page(4)
    assert (plain.text, plain.reason) == ("Plain text.", "")
    assert (empty.text, empty.quality) == ("", "empty")
    assert reader.info.n_pages == 5


def test_without_the_extra_the_next_step_is_named(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)  # as if it were not installed
    inner = PdfReader(scan, LIMITS)
    with pytest.raises(MissingExtra, match="reading scans") as raised:
        OcrReader(inner, scan, LIMITS, None)
    assert "ocr" in raised.value.hint
    inner.close()
