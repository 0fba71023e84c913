"""A page with a span marked on it: as a picture where the document is a PDF, else as its text.

Knows pages, spans and pixels; refuses to know where they are shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from core.errors import DataError
from core.files import Home
from core.types import Document, Page
from rag.load.pdf.boxes import render_page, span_boxes

_KEPT_PICTURES = 32
# A reader process each: as many as there are cores to spare.
_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """What a person sees of a page.

    Attributes:
        text: As offsets count in it.
        start: First code point of the marked span.
        end: One past the last; equal to `start` where nothing is marked.
        picture: PNG with the span marked, or empty.
    """

    document: Document
    page: Page
    start: int
    end: int
    picture: bytes


class PageRenderer:
    """Renders pages, and keeps the latest.

    Args:
        home: Where originals lie.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._kept: OrderedDict[tuple[str, int, int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(_AT_ONCE)

    def picture(self, document: Document, page: int, start: int, end: int) -> bytes:
        """Return a page as PNG with a span marked; empty where the document is no PDF or cannot be shown."""
        path = self._home.original(document.sha256, document.doc)
        if document.unit != "page" or path.suffix.lower() != ".pdf" or not path.is_file():
            return b""
        key = (document.sha256, page, start, end)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        try:
            with self._turn:
                boxes = span_boxes(path, page, start, end) if end > start else ()
                png = render_page(path, page, boxes=boxes)
        except DataError:  # read by another reader, or locked: its text can be shown all the same
            return b""
        with self._lock:
            self._kept[key] = png
            while len(self._kept) > _KEPT_PICTURES:
                self._kept.popitem(last=False)
        return png
