"""A page with a span or a table cell marked, as HTML and as a picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.blocks import Block, Cell
from core.files import Home
from core.types import Document, Page
from serve.documents.pages import PageRenderer, PageView, cell_of_span
from serve.ui.page_html import page_body, page_html, page_name
from tests.serve.conftest import Running
from tests.support.stored import stored_document

TEXT = "Rates\nService Friends Others\nTour 12 20\nAfter the table."
TABLE = Block(
    kind="table",
    start=6,
    end=40,
    head_rows=1,
    rows=(
        (Cell(start=6, end=13), Cell(start=14, end=21), Cell(start=22, end=28)),
        (Cell(start=29, end=33), Cell(start=34, end=36), Cell(start=37, end=39)),
    ),
)
BLOCKS = (Block(kind="heading", start=0, end=5, level=1), TABLE, Block(kind="paragraph", start=40, end=56))


def _document(unit: str = "page") -> Document:
    return stored_document("a.pdf", title="a", unit=unit, n_pages=3)


def _view(start: int, end: int, **page: object) -> PageView:
    shown = Page(index=1, text=TEXT, blocks=BLOCKS, **page)
    return PageView(document=_document(), page=shown, start=start, end=end, cell=cell_of_span(shown.blocks, start, end))


@pytest.mark.parametrize(
    ("start", "end", "cell"),
    [(37, 39, (37, 39)), (37, 38, (37, 39)), (34, 39, None), (45, 50, None), (37, 37, None), (0, 5, None)],
)
def test_a_span_inside_one_cell_has_that_cell(start: int, end: int, cell: tuple[int, int] | None) -> None:
    found = cell_of_span(BLOCKS, start, end)
    assert (None if found is None else (found.start, found.end)) == cell


def test_a_table_is_a_table_with_its_cell_marked() -> None:
    body = page_body(_view(37, 39))
    assert body.count("<th>") == 3 and body.count("<td") == 3
    assert '<td class="kb-marked"><mark>20</mark></td>' in body
    assert "<h4>Rates</h4>" in body and "After the table." in body
    assert body.count("kb-marked") == body.count("<mark>") == 1


def test_a_span_over_cells_marks_the_words_and_no_cell() -> None:
    body = page_body(_view(34, 39))
    assert "kb-marked" not in body
    assert "<mark>12</mark>" in body and "<mark>20</mark>" in body


def test_text_outside_of_blocks_is_not_lost() -> None:
    page = Page(index=0, text="Before. " + TEXT, blocks=(Block(kind="paragraph", start=8, end=13),))
    body = page_body(PageView(document=_document(), page=page, start=0, end=0))
    assert "Before." in body and "After the table." in body


def test_a_page_is_named_by_number_and_printed_label() -> None:
    assert page_name(_view(0, 0)) == "a.pdf, p. 2 of 3"
    assert page_name(_view(0, 0, label="2")) == "a.pdf, p. 2 of 3"
    assert page_name(_view(0, 0, label="iv")) == "a.pdf, p. 2 of 3 (printed: iv)"
    section = PageView(document=_document("section"), page=Page(index=0, text="x", label="Fees"), start=0, end=0)
    assert page_name(section) == "a.pdf, p. 1 of 3 (Fees)"


def test_a_picture_says_what_is_marked() -> None:
    view = _view(37, 39)
    pictured = PageView(document=view.document, page=view.page, start=37, end=39, cell=view.cell, picture=b"\x89PNG")
    assert "the table cell marked" in page_html(pictured)


def test_the_drawn_page_marks_the_cell_alone(stocked: Home, server: Running) -> None:
    """On a real PDF: the mark lies on the cell's words, wherever the quote begins in the cell."""
    from rag.catalogue.reader import CatalogueReader

    catalogue = CatalogueReader(stocked.catalogue)
    document = catalogue.resolve("default", "handbook.pdf")
    pages = [catalogue.page("default", document.sha256, index) for index in range(document.n_pages)]
    tables = [(page, block) for page in pages for block in page.blocks if block.rows]
    if not tables:
        pytest.skip("this reader finds no tables")
    page, table = tables[0]
    cell = max((cell for row in table.rows for cell in row), key=lambda cell: cell.end - cell.start)
    renderer = PageRenderer(Home(Path(stocked.root)))
    whole = renderer.view(document, page, cell.start, cell.end)
    part = renderer.view(document, page, cell.start, cell.start + 1)
    plain = renderer.view(document, page, 0, 0)
    assert part.cell == cell and part.picture == whole.picture != plain.picture
    changed = np.argwhere(_pixels(whole.picture) != _pixels(plain.picture))
    height, width = changed.max(axis=0)[:2] - changed.min(axis=0)[:2]
    assert 0 < height < 60 and 0 < width < _pixels(plain.picture).shape[1] / 2


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.int16)
