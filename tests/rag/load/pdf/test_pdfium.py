"""PDFium's functions as they are bound give what the wrapped ones give."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pypdfium2
import pytest
from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

from rag.load.pdf import pdfium
from rag.load.pdf.pdfium_reader import LoadedPage, loaded
from tests.support.pdfs import drawn

TEXT = "Lamp 7, é"


def draw(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0.2, 0.4, 0.6, alpha=0.5))
    canvas.setFont("Helvetica", 14)
    canvas.drawString(72, 700, TEXT)
    canvas.rect(100, 200, 300, 50, stroke=1, fill=0)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedPage]:
    document = pypdfium2.PdfDocument(drawn(tmp_path_factory.mktemp("pdfium") / "a.pdf", draw))
    with loaded(document, 0) as opened:
        yield opened
    document.close()


def objects(page: LoadedPage) -> list[int]:
    address = pdfium.address(page.page.raw)
    return [pdfium.get_object(address, index) for index in range(pdfium.count_objects(address))]


def test_objects_are_those_of_the_page(page: LoadedPage) -> None:
    wrapped = list(page.page.get_objects(max_depth=1))
    assert [pdfium.object_type(item) for item in objects(page)] == [item.type for item in wrapped]
    assert sorted(pdfium.object_type(item) for item in objects(page)) == [pdfium.TEXT, pdfium.PATH]
    bounds = (ctypes.c_float * 4)()
    for item, other in zip(objects(page), wrapped, strict=True):
        assert pdfium.address(other.raw) == item
        first = ctypes.addressof(bounds)
        assert pdfium.object_bounds(item, *(first + 4 * side for side in range(4)))
        assert tuple(bounds) == pytest.approx(other.get_bounds())


def test_a_colour_comes_with_its_alpha(page: LoadedPage) -> None:
    (text,) = [item for item in objects(page) if pdfium.object_type(item) == pdfium.TEXT]
    channels = (ctypes.c_uint * 4)()
    first = ctypes.addressof(channels)
    assert pdfium.fill_color(text, *(first + 4 * channel for channel in range(4)))
    assert list(channels) == pytest.approx([51, 102, 153, 127.5], abs=1)
    assert pdfium.has_transparency(text)


def test_characters_stand_where_the_wrapped_page_has_them(page: LoadedPage) -> None:
    textpage = pdfium.address(page.text.raw)
    assert pdfium.count_chars(textpage) == page.text.count_chars() == len(TEXT)
    assert "".join(chr(pdfium.char_unicode(textpage, index)) for index in range(len(TEXT))) == TEXT
    box = (ctypes.c_double * 4)()
    first = ctypes.addressof(box)
    for index in range(len(TEXT)):
        assert pdfium.char_box(textpage, index, *(first + 8 * side for side in range(4)))
        left, right, bottom, top = box
        assert (left, bottom, right, top) == pytest.approx(page.text.get_charbox(index))
        assert pdfium.char_font_size(textpage, index) == 14
    owners = {pdfium.char_object(textpage, index) for index in range(len(TEXT))}
    assert owners == {item for item in objects(page) if pdfium.object_type(item) == pdfium.TEXT}


def test_nothing_has_no_address() -> None:
    assert pdfium.address(None) == 0
    assert pdfium.address(ctypes.c_void_p(17)) == 17


def test_a_place_that_is_not_there_gives_nothing(page: LoadedPage) -> None:
    textpage = pdfium.address(page.text.raw)
    assert pdfium.get_object(pdfium.address(page.page.raw), 99) is None
    assert pdfium.char_unicode(textpage, 99) == 0
    assert not pdfium.char_object(textpage, 99)
