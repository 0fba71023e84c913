"""Reads pictures of text by OCR (extra `ocr`: RapidOCR on onnxruntime): pages without a text layer, and parts of pages.

What it reads is laid out as other text is. Such a page is graded poor: digits are easily wrong, and no box leads back
to the page.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.blocks import Block
from core.clean import clean
from core.machine.install import missing_extra
from core.settings import IngestSettings
from core.types import Page
from rag.load.page import NO_TEXT_LAYER, make_page
from rag.load.pdf.ink import Frame
from rag.load.pdf.layout.compose import NO_CHAR, compose, moved
from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.layout.read import lay_out
from rag.load.pdf.pdfium_reader import PdfReader, open_document
from rag.load.pdf.survey import Rectangle

READ_BY_OCR = "read by OCR"
_DPI = 200  # small print is about 25 pixels high, what recognisers are trained on


class OcrReader:
    """A PDF whose pages without text, and whose pictures, are read by OCR.

    Raises:
        MissingExtra: The extra `ocr` is not installed.
    """

    def __init__(self, inner: PdfReader, path: Path, limits: IngestSettings, password: str | None) -> None:
        try:
            self._engine: Any = importlib.import_module("rapidocr").RapidOCR()
        except ImportError as error:
            raise missing_extra("reading scans", "ocr") from error
        self._inner, self._limits = inner, limits
        self._document = open_document(path, password)
        self._parser = f"rapidocr {version('rapidocr')}"
        self.info = inner.info

    def page(self, index: int) -> Page:
        """Return one page: its text layer, and what its pictures show."""
        page = self._inner.page(index)
        if page.quality == "empty" and page.reason == NO_TEXT_LAYER:
            return self._whole(page)
        pictures = self._inner.pictures(index) if page.quality in ("good", "poor") else []
        return self._with_pictures(page, pictures) if pictures else page

    def close(self) -> None:
        """Release the file."""
        self._document.close()
        self._inner.close()

    def _whole(self, page: Page) -> Page:
        loaded = self._document[page.index]
        text, blocks = self._read(page.index, loaded.get_bbox())
        cleaned = clean(text)
        placed = moved(blocks, cleaned.clean_offsets(len(text)), cleaned.text)
        return make_page(
            page.index,
            cleaned,
            parser=self._parser,
            limits=self._limits,
            label=page.label,
            note=READ_BY_OCR,
            blocks=placed,
        )

    def _with_pictures(self, page: Page, pictures: Sequence[Rectangle]) -> Page:
        """Put what the pictures of a page show behind its text."""
        text, blocks = page.text, list(page.blocks)
        for box in pictures:
            raw, drafted = self._read(page.index, box)
            cleaned = clean(raw)
            if not cleaned.text.strip():
                continue
            start = len(text) + 2
            text += f"\n\n{cleaned.text}"
            blocks += [_shifted(b, start) for b in moved(drafted, cleaned.clean_offsets(len(raw)), cleaned.text)]
        if len(text) == len(page.text) or len(text) > self._limits.max_page_chars:
            return page
        reason = "; ".join(part for part in (page.reason, f"the image is {READ_BY_OCR}") if part)
        return replace(page, text=text, blocks=tuple(blocks), quality="poor", reason=reason)

    def _read(self, index: int, box: Rectangle) -> tuple[str, list[Block]]:
        """Return the text in a part of a page, and its blocks."""
        page = self._document[index]
        try:
            frame = Frame(page, np.array([box]), _DPI / 72)
            result = self._engine(np.ascontiguousarray(frame.drawn[:, :, ::-1]))
        finally:
            page.close()
        if not result.txts:
            return "", []
        words = _words(np.asarray(result.boxes, np.float64) / frame.scale, list(result.txts))
        drafts = lay_out(words, np.zeros((0, 4)), (0.0, 0.0), lambda _: "")
        text, _, blocks = compose(drafts, [NO_CHAR] * len(words.signs))
        return text, blocks


def _words(corners: NDArray[np.float64], texts: Sequence[str]) -> Words:
    """Return the words of recognised lines.

    Args:
        corners: Four corners of each line, x to the right and y down, points, `(n, 4, 2)`.
        texts: What each line says.
    """
    low, high = corners.min(axis=1), corners.max(axis=1)
    signs: list[str] = []
    start: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    position = 0
    for (left, top), (right, bottom), line in zip(low.tolist(), high.tolist(), texts, strict=True):
        step = (right - left) / max(1, len(line))
        sign_index = 0
        for word in line.split():
            sign_index = line.index(word, sign_index)
            start.append(position)
            boxes.append((left + step * sign_index, top, left + step * (sign_index + len(word)), bottom))
            signs.append(word)
            position += len(word)
            sign_index += len(word)
    starts, sides = np.array(start, np.int64), np.array(boxes).reshape(-1, 4)
    return Words(
        signs="".join(signs),
        chars=np.full(position, NO_CHAR, np.int64),
        start=starts,
        end=np.append(starts[1:], position),
        boxes=sides,
        base=sides[:, 3] - 0.2 * (sides[:, 3] - sides[:, 1]),
        angle=np.zeros(len(start)),
    )


def _shifted(block: Block, by: int) -> Block:
    rows = tuple(tuple(replace(cell, start=cell.start + by, end=cell.end + by) for cell in row) for row in block.rows)
    return replace(block, start=block.start + by, end=block.end + by, rows=rows)
