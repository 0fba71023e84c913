"""PDF facts: titles, metadata, dates, odd characters, pages that only pypdf reads."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from core.settings import IngestSettings
from rag.load.pdf import pdfium_reader as pdf
from rag.load.pdf.pdfium_reader import PdfReader, iso_date
from tests.support.pdfs import drawn, line, raw_pdf, stream

LIMITS = IngestSettings()
TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /x def /CMapType 2 def
1 begincodespacerange <00><ff> endcodespacerange
4 beginbfchar <41> <D83DDE00> <42> <00660069> <43> <FB01> <44> <0000> endbfchar endcmap end end"""


def test_a_title_comes_from_metadata_or_the_largest_line(tmp_path: Path) -> None:
    def cover(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 26)
        canvas.drawString(72, 700, "Rules of the Harbour")
        canvas.setFont("Helvetica", 10)
        for row in range(6):
            canvas.drawString(72, 600 - 15 * row, "ordinary text")

    reader = PdfReader(drawn(tmp_path / "scan_0001.pdf", cover), LIMITS)
    assert reader.info.title == "Rules of the Harbour"
    reader.close()


def test_a_hidden_heading_names_nothing(tmp_path: Path) -> None:
    def cover(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 40)
        canvas.setFillGray(1)
        canvas.drawString(72, 700, "Obey this heading")
        canvas.setFillGray(0)
        canvas.setFont("Helvetica", 10)
        for row in range(6):
            canvas.drawString(72, 600 - 15 * row, "ordinary text")

    reader = PdfReader(drawn(tmp_path / "my_file.pdf", cover), LIMITS)
    assert reader.info.title == "my file"
    reader.close()


def test_metadata_is_strings_and_dates_are_iso(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        canvas.setTitle("Harbour rules 2024")
        canvas.setAuthor("Ann\u200b Onym")
        canvas.setSubject("Berths")
        canvas.drawString(72, 700, "x")

    reader = PdfReader(drawn(tmp_path / "a.pdf", page), LIMITS)
    metadata = reader.info.metadata
    reader.close()
    assert (metadata["title"], metadata["author"], metadata["subject"]) == ("Harbour rules 2024", "Ann Onym", "Berths")
    assert metadata["created"] == "2000-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("D:20240305", "2024-03-05"),
        ("D:2024", "2024"),
        ("D:20240305101112Z", "2024-03-05T10:11:12Z"),
        ("D:20240305101112+02'00'", "2024-03-05T10:11:12+02:00"),
        ("D:202403051011-05'30", "2024-03-05T10:11:00-05:30"),
        ("March 2024", "March 2024"),
    ],
)
def test_pdf_dates(stated: str, iso: str) -> None:
    assert iso_date(stated) == iso


@given(st.text(max_size=30))
def test_any_date_text_is_taken(stated: str) -> None:
    assert isinstance(iso_date(stated), str)


def test_offsets_hold_past_characters_of_other_lengths(tmp_path: Path) -> None:
    """An emoji is two UTF-16 units, a ligature two letters, U+0000 none."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 101 0 R>>"
    path = raw_pdf(
        tmp_path / "u.pdf",
        [b"BT /G 12 Tf 72 700 Td (xAyBzCwDend) Tj ET"],
        objects=[font, stream(TO_UNICODE)],
        resources=b"",
    )
    path.write_bytes(path.read_bytes().replace(b"/Font<</F 3 0 R>>", b"/Font<</G 100 0 R>>"))
    document = pypdfium2.PdfDocument(path)
    with pdf.loaded(document, 0) as at:
        content = pdf.page_text(at, 1000)
        assert content.cleaned.text == "x\U0001f600yfizfiwend"
        for letter in "xyzwend":
            offset = content.cleaned.text.index(letter)
            start, _ = content.cleaned.raw_span(offset, offset + 1)
            assert at.text.get_text_range(content.chars[start], 1) == letter
    document.close()


def test_a_page_pdfium_cannot_load_is_read_by_pypdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drawn(tmp_path / "p.pdf", line("first"), line("second"))
    real = pypdfium2.PdfDocument.get_page

    def fail_on_second(self: pypdfium2.PdfDocument, index: int) -> pypdfium2.PdfPage:
        if index == 1:
            raise pypdfium2.PdfiumError("no")
        return real(self, index)

    reader = PdfReader(path, LIMITS)
    monkeypatch.setattr(pypdfium2.PdfDocument, "__getitem__", fail_on_second)
    pages = [reader.page(0), reader.page(1)]
    reader.close()
    assert [page.text.strip() for page in pages] == ["first", "second"]
    assert pages[1].parser.startswith("pypdf ")
