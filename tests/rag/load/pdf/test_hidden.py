"""Characters that no reader can see, by their places among PDFium's characters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from rag.load.pdf import pdfium
from rag.load.pdf.hidden import Verdict, char_boxes, char_size, judge
from rag.load.pdf.pdfium_reader import LoadedPage, loaded
from rag.load.pdf.survey import survey
from tests.support.pdfs import drawn, line, picture_of


@contextmanager
def opened(path: Path) -> Iterator[LoadedPage]:
    document = pypdfium2.PdfDocument(path)
    with loaded(document, 0) as page:
        yield page
    document.close()


def judged(path: Path, *pages: Callable[[Canvas], None]) -> tuple[Verdict, str]:
    """Judge the first page; the characters stand beside the verdict."""
    with opened(drawn(path, *pages)) as page:
        textpage = pdfium.address(page.text.raw)
        count = pdfium.count_chars(textpage)
        chars = "".join(chr(pdfium.char_unicode(textpage, index)) for index in range(count))
        seen = survey(pdfium.address(page.page.raw), page.page.get_bbox())
        return judge(page.page, textpage, count, len("".join(chars.split())), seen), chars


def hidden(verdict: Verdict, chars: str) -> list[tuple[str, str]]:
    return [(chars[start:end], kind) for start, end, kind in verdict.spans]


def white(text: str, y: float) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(HexColor("#FFFFFF"))
        canvas.drawString(72, y, text)
        canvas.setFillColor(HexColor("#000000"))

    return draw


def both(*draws: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for each in draws:
            each(canvas)

    return draw


def test_a_page_without_suspects_hides_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path / "a.pdf", line("Everyone may read this."))[0] == Verdict()
    assert judged(tmp_path / "b.pdf", lambda _: None)[0] == Verdict()


def test_hidden_words_of_one_object_are_one_span(tmp_path: Path) -> None:
    page = both(line("seen"), white("not seen by anyone", 600), line("seen again", y=500))
    verdict, chars = judged(tmp_path / "a.pdf", page)
    assert hidden(verdict, chars) == [("not seen by anyone", "no_contrast")]
    assert not verdict.scan


def test_objects_and_kinds_are_kept_apart_in_order(tmp_path: Path) -> None:
    def tiny(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 1)
        canvas.drawString(72, 560, "small")
        canvas.setFont("Helvetica", 12)

    verdict, chars = judged(tmp_path / "a.pdf", both(white("one", 600), white("two", 580), tiny, line("seen", y=500)))
    assert hidden(verdict, chars) == [("one", "no_contrast"), ("two", "no_contrast"), ("small", "tiny")]
    ends = [end for _, end, _ in verdict.spans]
    starts = [start for start, _, _ in verdict.spans]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


def test_only_the_words_beyond_the_page_are_hidden(tmp_path: Path) -> None:
    verdict, chars = judged(tmp_path / "a.pdf", line("inside outside", x=560))
    assert hidden(verdict, chars) == [("outside", "off_page")]


def test_a_dot_without_ink_is_no_hidden_word(tmp_path: Path) -> None:
    assert judged(tmp_path / "a.pdf", both(line("seen"), white("...", 600)))[0] == Verdict()


@pytest.mark.parametrize(("size", "cover", "scan"), [((600, 800), 0, True), ((200, 150), 0, False)])
def test_an_invisible_layer_is_that_of_a_scan_where_a_picture_fills_the_page(
    tmp_path: Path, size: tuple[int, int], cover: int, scan: bool
) -> None:
    picture = picture_of(drawn(tmp_path / "source.pdf", line("Everyone may read this line.")))

    def page(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, *size)
        text = canvas.beginText(72, 700)
        text.setTextRenderMode(3)
        text.textOut("Everyone may read this line.")
        canvas.drawText(text)

    verdict, chars = judged(tmp_path / "a.pdf", page)
    assert verdict.scan is scan
    assert hidden(verdict, chars) == ([] if scan else [("Everyone may read this line.", "render_mode")])


def test_boxes_are_in_page_space_in_the_order_asked_for(tmp_path: Path) -> None:
    with opened(drawn(tmp_path / "a.pdf", line("Lamp"))) as page:
        textpage = pdfium.address(page.text.raw)
        boxes = char_boxes(textpage, [3, 0])
        assert boxes.shape == (2, 4)
        expected = np.array([page.text.get_charbox(index) for index in (3, 0)])
        np.testing.assert_allclose(boxes, expected)
        assert (boxes[:, 0] < boxes[:, 2]).all() and (boxes[:, 1] < boxes[:, 3]).all()
        assert char_boxes(textpage, []).shape == (0, 4)


def test_a_size_counts_every_scale(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        canvas.scale(0.5, 0.5)
        canvas.rotate(30)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(500, 600, "Lamp")

    with opened(drawn(tmp_path / "a.pdf", page)) as opened_page:
        textpage = pdfium.address(opened_page.text.raw)
        assert char_size(textpage, 0) == pytest.approx(6, rel=1e-3)
        assert char_size(textpage, 99) == 0.0
