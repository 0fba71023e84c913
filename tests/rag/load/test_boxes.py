"""Boxes of a quote: what stands under them is the quote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.pdf.boxes import Box, render_page, span_boxes
from rag.load.pdf.draw import find_boxes
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdfs import drawn, line, locked, turned

LIMITS = IngestSettings()


def under(path: Path, boxes: list[Box]) -> str:
    """Return the text PDFium finds in the boxes, white space folded."""
    document = pypdfium2.PdfDocument(path)
    text = document[0].get_textpage()
    found = " ".join(text.get_text_bounded(box.left - 1, box.bottom - 1, box.right + 1, box.top + 1) for box in boxes)
    text.close()
    document.close()
    return " ".join(found.split())


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def page(canvas: Canvas) -> None:
        for row, text in enumerate(
            ["The ferry leaves at nine from the", "eastern quay, and at ten from the", "western one."]
        ):
            canvas.drawString(72, 700 - 30 * row, text)
        canvas.setFillColor(HexColor("#FFFFFF"))
        canvas.drawString(300, 550, "hidden between the lines")
        canvas.setFillColor(HexColor("#000000"))
        canvas.drawString(72, 500, "No dogs, no bicycles \u2013 \u201cno exceptions\u201d.")

    return drawn(tmp_path_factory.mktemp("boxes") / "letter.pdf", page)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_words_of_any_span_stand_under_its_boxes(letter: Path, data: st.DataObject) -> None:
    reader = PdfReader(letter, LIMITS)
    text = reader.page(0).text
    reader.close()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    boxes = [Box(*sides) for sides in find_boxes(letter, 0, start, end, LIMITS, None)]
    found = under(letter, boxes)
    for word in text[start:end].split()[1:-1]:
        assert word in found
    assert "hidden" not in found
    assert len(boxes) == sum(bool(part.strip()) for part in text[start:end].split("\n"))


def test_one_box_for_each_line_from_the_worker(letter: Path) -> None:
    boxes = span_boxes(letter, 0, 4, 60)
    assert len(boxes) == 2
    assert all(box.left < box.right and box.bottom < box.top for box in boxes)
    assert under(letter, boxes).startswith("ferry leaves at nine from the eastern")


def test_a_span_past_the_end_and_a_page_that_is_not_there_are_refused(letter: Path) -> None:
    with pytest.raises(DataError, match="no text at"):
        span_boxes(letter, 0, 0, 9999)
    with pytest.raises(DataError, match="no page 8"):
        span_boxes(letter, 7, 0, 1)


def test_a_locked_file_needs_its_password(tmp_path: Path, letter: Path) -> None:
    path = locked(letter, tmp_path / "l.pdf", "sesame")
    with pytest.raises(DataError, match="locked"):
        span_boxes(path, 0, 0, 3)
    assert span_boxes(path, 0, 0, 3, password="sesame") == span_boxes(letter, 0, 0, 3)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_marks_lie_where_the_ink_is(tmp_path: Path, rotation: int) -> None:
    path = turned(drawn(tmp_path / "r.pdf", line("mark me", x=200, y=300)), rotation)
    plain = pixels(render_page(path, 0, scale=1.0))
    marked = pixels(render_page(path, 0, scale=1.0, boxes=span_boxes(path, 0, 0, 7)))
    ink = np.argwhere(plain.min(axis=2) < 128)
    changed = np.argwhere((plain != marked).any(axis=2))
    assert plain.shape[:2] == ((800, 600) if rotation in (0, 180) else (600, 800))
    before, behind = ink.min(axis=0) - changed.min(axis=0), changed.max(axis=0) - ink.max(axis=0)
    assert min(before.min(), behind.min()) >= 0
    assert max(before.max(), behind.max()) <= 6  # a line is higher than its letters


def test_the_picture_of_a_page_shows_notes_and_values(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        canvas.acroForm.textfield(name="plate", x=100, y=500, width=200, height=20, value="WX 55 TZA")

    path = drawn(tmp_path / "f.pdf", page)
    height = 800
    shown = pixels(render_page(path, 0, scale=1.0))[height - 515 : height - 505, 105:180]
    assert int(shown.min()) < 100  # ink of the value


def pixels(png: bytes) -> np.ndarray:
    from io import BytesIO

    from PIL import Image

    return np.array(Image.open(BytesIO(png)).convert("RGB"))
