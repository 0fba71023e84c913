"""Where a span of text stands on a PDF page, and a picture of the page with marks on it. Runs in the worker.

Extracts the page again, exactly as ingest did, and follows the span back to PDFium's characters.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.pdf import pdfium
from rag.load.pdf.fields import FIRST_FIELD
from rag.load.pdf.ink import Frame
from rag.load.pdf.layout.compose import NO_CHAR
from rag.load.pdf.pdfium_reader import LoadedPage, PdfiumText, loaded, open_document, page_text
from rag.load.pdf.survey import Rectangle

Sides = tuple[float, float, float, float]  # left, top, right, bottom in page space, points; top above bottom

_MARK = np.array([255, 235, 90], np.uint16)  # multiplied: paper turns yellow, ink stays
_MAX_SCALE = 8.0
_SAME_LINE = 0.5  # of the lower box


def find_boxes(
    path: Path, page: int, start: int, end: int, limits: IngestSettings, password: str | None
) -> list[Sides]:
    """Return the boxes of a span of a page's text, one per line.

    Raises:
        DataError: PDFium cannot read the page, or the span is outside its text.
    """
    with _opened(path, page, password) as loaded_page:
        content = page_text(loaded_page, limits.max_page_chars)
        if not 0 <= start <= end <= len(content.cleaned.text):
            raise DataError(f"has no text at [{start}, {end})", path=path, page=page)
        textpage = pdfium.address(loaded_page.text.raw)
        return [
            box
            for chars in _lines_of(content, start, end)
            for box in _joined(_line_boxes(textpage, chars, content.fields))
        ]


def draw_page(path: Path, page: int, scale: float, boxes: Sequence[Sides], password: str | None) -> bytes:
    """Return a page as PNG, `scale` pixels per point, with boxes marked.

    Raises:
        DataError: PDFium cannot read the page.
    """
    with _opened(path, page, password) as loaded_page:
        left, bottom, right, top = loaded_page.page.get_bbox()
        frame = Frame(loaded_page.page, np.array([[left, bottom, right, top]]), min(scale, _MAX_SCALE))
        image = frame.render(with_annotations=True)
        for x0, y1, x1, y0 in boxes:
            low_x, low_y, high_x, high_y = np.rint(frame.pixels(np.array([[x0, y0, x1, y1]]))[0]).astype(int).clip(0)
            part = image[low_y : high_y + 1, low_x : high_x + 1]
            part[:] = (part.astype(np.uint16) * _MARK // 255).astype(np.uint8)
        return png(image)


def png(image: NDArray[np.uint8]) -> bytes:
    """Return an image `(height, width, 3)` as PNG (RFC 2083), rows unfiltered."""
    height, width, _ = image.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, 3 * width)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + _part(b"IHDR", header) + _part(b"IDAT", body) + _part(b"IEND", b"")


def _part(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@contextmanager
def _opened(path: Path, page: int, password: str | None) -> Iterator[LoadedPage]:
    try:
        with closing(open_document(path, password)) as document:
            if not 0 <= page < len(document):
                raise DataError(f"has no page {page + 1}", path=path)
            with loaded(document, page) as loaded_page:
                yield loaded_page
    except pypdfium2.PdfiumError as error:
        raise DataError(f"PDFium cannot read it: {error}", path=path, page=page) from error


def _lines_of(content: PdfiumText, start: int, end: int) -> list[list[int]]:
    """Return PDFium's characters behind a span of clean text, line by line, blanks left out."""
    lines: list[list[int]] = [[]]
    for offset in range(start, end):
        character = content.cleaned.text[offset]
        if character == "\n":
            lines.append([])
        elif not character.isspace():
            low, high = content.cleaned.raw_span(offset, offset + 1)
            # The two letters of a ligature share one character.
            lines[-1] += [char for char in content.chars[low:high] if char != NO_CHAR and char not in lines[-1][-1:]]
    return lines


def _line_boxes(textpage: int, chars: list[int], fields: Sequence[Rectangle]) -> NDArray[np.float32]:
    """Return for each character its advance times its font's height: left, bottom, right, top, `(n, 4)`.

    The value of a form field has the box of the field.
    """
    sides = np.zeros((len(chars), 4), np.float32)  # PDFium's order: left, top, right, bottom
    for row, char in enumerate(chars):
        if char <= FIRST_FIELD:
            left, bottom, right, top = fields[FIRST_FIELD - char]
            sides[row] = left, top, right, bottom
        else:
            pdfium.loose_char_box(textpage, char, sides.ctypes.data + 16 * row)
    return sides[:, [0, 3, 2, 1]]


def _joined(boxes: NDArray[np.float32]) -> list[Sides]:
    """Join the boxes of characters that follow each other at about one height; PDFium may drop a line end."""
    joined: list[Sides] = []
    for left, bottom, right, top in boxes.tolist():
        if right <= left or top <= bottom:
            continue
        if joined:
            last_left, last_top, last_right, last_bottom = joined[-1]
            overlap = min(top, last_top) - max(bottom, last_bottom)
            if overlap >= _SAME_LINE * min(top - bottom, last_top - last_bottom) and right >= last_left:
                joined[-1] = min(left, last_left), max(top, last_top), max(right, last_right), min(bottom, last_bottom)
                continue
        joined.append((left, top, right, bottom))
    return joined
