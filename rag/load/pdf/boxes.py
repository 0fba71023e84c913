"""Where a quote stands on its page, for whoever wants to show it. PDF only; asks a worker, as all parsing does."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from core.settings import IngestSettings
from rag.load.process.parse import ask_worker

_LIMITS = IngestSettings()  # type: ignore[call-arg]


class Box(NamedTuple):
    """A rectangle in the page's own space: points, origin at the lower left, `top` above `bottom`."""

    left: float
    top: float
    right: float
    bottom: float


def span_boxes(path: Path, page: int, start: int, end: int, *, password: str | None = None) -> list[Box]:
    """Return the boxes of `page.text[start:end]`, one per line of the page.

    Args:
        path: A PDF.
        page: 0-based page index.
        start: First code point of the span in the page's text as parsed.
        end: One past the last.
        password: For locked files.

    Raises:
        DataError: The page cannot be read by PDFium, or the span is outside its text.
    """
    request = {
        "do": "boxes",
        "path": str(path.absolute()),
        "password": password,
        "page": page,
        "start": start,
        "end": end,
    }
    return [Box(*sides) for sides in ask_worker(request, _LIMITS)["boxes"]]


def render_page(
    path: Path, page: int, *, scale: float = 1.5, boxes: Sequence[Box] = (), password: str | None = None
) -> bytes:
    """Return a page as PNG with boxes marked.

    Args:
        path: A PDF.
        page: 0-based page index.
        scale: Pixels per point; lowered for very large pages.
        boxes: What to mark, as `span_boxes` gives it.
        password: For locked files.

    Raises:
        DataError: The page cannot be read by PDFium.
    """
    request = {"do": "render", "path": str(path.absolute()), "password": password, "page": page}
    answer = ask_worker(request | {"scale": scale, "boxes": [list(box) for box in boxes]}, _LIMITS)
    return base64.b64decode(answer["png"])
