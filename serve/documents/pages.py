"""Pages as a person sees them: a span and the table cell around it marked, as a picture where the document is a PDF."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from core.blocks import Block, Cell
from core.errors import BackendError, DataError
from core.files import Home
from core.originals import original_file
from core.types import Document, Page
from rag.load.pdf.boxes import Box, render_page, span_boxes

_CACHED_PICTURES = 32
# Each takes a process that reads PDFs; the other cores are left for answers.
_CONCURRENT_RENDERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """What a person sees of a page.

    Attributes:
        start: First code point of the marked span in the page's text.
        end: One past the last; equal to `start` where nothing is marked.
        cell: The table cell that holds the whole span, where there is one.
        picture: PNG with the cell or the span marked, or empty.
    """

    document: Document
    page: Page
    start: int
    end: int
    cell: Cell | None = None
    picture: bytes = b""


def cell_of_span(blocks: Sequence[Block], start: int, end: int) -> Cell | None:
    """Return the table cell that holds a whole span; None for an empty span and outside of tables."""
    if end <= start:
        return None
    cells = (cell for block in blocks for row in block.rows for cell in row)
    return next((cell for cell in cells if cell.start <= start and end <= cell.end), None)


class PageRenderer:
    """Renders pages and caches the latest pictures; any thread may call.

    Args:
        home: Where originals lie.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._cache: OrderedDict[tuple[str, int, int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(_CONCURRENT_RENDERS)

    def view(self, document: Document, page: Page, start: int, end: int) -> PageView:
        """Return a page with a span marked; offsets outside the text are cut to it."""
        first = min(max(0, start), len(page.text))
        last = min(max(first, end), len(page.text))
        cell = cell_of_span(page.blocks, first, last)
        marked = (cell.start, cell.end) if cell is not None else (first, last)
        picture = self._picture(document, page.index, *marked)
        return PageView(document=document, page=page, start=first, end=last, cell=cell, picture=picture)

    def _picture(self, document: Document, page: int, start: int, end: int) -> bytes:
        """Return a page as PNG with a span marked; empty where the document is no PDF or cannot be rendered."""
        if document.unit != "page":
            return b""
        key = (document.sha256, page, start, end)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        try:
            path = original_file(self._home, document.sha256, document.doc)
            if path.suffix.lower() != ".pdf" or not path.is_file():
                return b""
            with self._slots:
                boxes: Sequence[Box] = span_boxes(path, page, start, end) if end > start else ()
                png = render_page(path, page, boxes=boxes)
        except (
            DataError,
            BackendError,
        ):  # locked, not readable by PDFium, or out of reach; its text can still be shown
            return b""
        with self._lock:
            self._cache[key] = png
            while len(self._cache) > _CACHED_PICTURES:
                self._cache.popitem(last=False)
        return png
