"""The printed numbers of pages."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from pypdf import PdfWriter

from rag.load.pdf.fields import page_label
from tests.support.pdfs import drawn, line


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
