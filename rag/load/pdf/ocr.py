"""Reads pages without a text layer by OCR (kb[ocr]: RapidOCR on onnxruntime); every other page passes through.

What it reads is graded poor: digits are easily wrong, and no box leads back to the page.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.install import missing_extra
from core.settings import IngestSettings
from core.types import Page
from rag.load.clean import clean
from rag.load.page import NO_TEXT_LAYER, make_page
from rag.load.pdf.pdfium_reader import PdfReader, open_document

_DPI = 200  # small print is about 25 pixels high, what recognisers are trained on
_MAX_PIXELS = 12_000_000


class OcrReader:
    """A PDF whose pages without text are read by OCR.

    Raises:
        MissingExtra: kb[ocr] is not installed.
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
        """Return one page, from its text layer where it has one."""
        page = self._inner.page(index)
        if page.quality != "empty" or page.reason != NO_TEXT_LAYER:
            return page
        result = self._engine(self._picture(index))
        text = "\n".join(result.txts or ())
        return make_page(index, clean(text), parser=self._parser, limits=self._limits, note="read by OCR")

    def close(self) -> None:
        """Release the file."""
        self._document.close()
        self._inner.close()

    def _picture(self, index: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        page = self._document[index]
        width, height = page.get_size()
        scale = min(_DPI / 72, (_MAX_PIXELS / max(1.0, width * height)) ** 0.5)
        return np.array(page.render(scale=scale).to_numpy())
