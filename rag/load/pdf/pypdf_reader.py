"""Reads PDF with pypdf, for files and pages that PDFium cannot open.

Slower by a factor of twenty and without pixels: text is hidden here when its render mode, size or place says so, or
when it is white. Knows nothing of PDFium.
"""

from __future__ import annotations

import logging
import shlex
import zlib
from pathlib import Path
from typing import Any

import pypdf
from pypdf.errors import PyPdfError

from core.clean import clean
from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.page import failed_page, make_page
from rag.load.reader import FileInfo
from rag.load.sniff import has_end
from rag.load.title import choose
from rag.load.web.visible import TINY_PT

PARSER = f"pypdf {pypdf.__version__}"
_WHITE = {"g": [1.0], "rg": [1.0] * 3, "k": [0.0] * 4}
# What pypdf raises on broken files beside its own errors; anything else ends the worker, which costs this page only.
_FAULTS = (
    PyPdfError,
    zlib.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)


class PypdfReader:
    """A PDF open in pypdf.

    Raises:
        DataError: The file is locked, or pypdf cannot open it either.
    """

    def __init__(self, path: Path, limits: IngestSettings, password: str | None = None) -> None:
        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        self._limits = limits
        try:
            self._document = pypdf.PdfReader(path, strict=False)
            opened = not self._document.is_encrypted or self._document.decrypt(password or "")
            n_pages = len(self._document.pages) if opened else 0
            stated = self._document.metadata.title if opened and self._document.metadata else None
        except pypdf.errors.DependencyError as error:
            raise DataError(f"cannot be opened: {error}", path=path) from error
        except _FAULTS as error:
            what = "cannot be opened" if has_end(path) else "is cut off: its end is missing"
            raise DataError(f"{what} (pypdf: {_said(error)})", path=path) from error
        if not opened:
            raise locked(path, password)
        if not n_pages:
            raise DataError("has no pages", path=path)
        title = choose(stated if isinstance(stated, str) else "", [], path.name)
        self.info = FileInfo(kind="pdf", unit="page", title=title, n_pages=n_pages, parser=PARSER)

    def page(self, index: int) -> Page:
        """Return one page."""
        try:
            page = self._document.pages[index]
            sieve = _Sieve([float(side) for side in page.cropbox])
            page.extract_text(visitor_operand_before=sieve.operand, visitor_text=sieve.text)
        except _FAULTS as error:
            return failed_page(index, f"pypdf: {_said(error)}", PARSER)
        raw = "".join(sieve.pieces)[: 2 * self._limits.max_page_chars]
        return make_page(index, clean(raw, sieve.drop), parser=PARSER, limits=self._limits)

    def close(self) -> None:
        """Release the file."""
        self._document.close()


def locked(path: Path, password: str | None) -> DataError:
    """Return the refusal of a file whose password is missing or wrong."""
    what = "is locked; pass --password" if password is None else "is locked and the password does not open it"
    return DataError(what, path=path, hint=f"kb ingest --password PASSWORD {shlex.quote(str(path))}")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


class _Sieve:
    """Collects text as pypdf reports it, and the spans that its graphics state hides."""

    def __init__(self, box: list[float]) -> None:
        self.pieces: list[str] = []
        self.drop: list[tuple[int, int, str]] = []
        self._box = box
        self._length = 0
        self._mode = 0
        self._white = False
        self._shown: list[tuple[int, bool]] = []  # state at each show operator since the last piece of text
        self._saved: list[tuple[int, bool]] = []

    def operand(self, operator: bytes, operands: list[Any], _cm: list[float], _tm: list[float]) -> None:
        """Follow render mode and fill colour; remember them at each operator that shows text."""
        name = operator.decode("latin-1")
        if name == "Tr" and operands:
            self._mode = int(operands[0])
        elif name in ("g", "rg", "k", "sc", "scn"):
            values = [float(value) for value in operands if isinstance(value, (int, float))]
            self._white = values == _WHITE.get(name, [1.0] * max(1, len(values)))
        elif name == "q":
            self._saved.append((self._mode, self._white))
        elif name == "Q" and self._saved:
            self._mode, self._white = self._saved.pop()
        elif name in ("Tj", "TJ", "'", '"'):
            self._shown.append((self._mode, self._white))

    def text(self, text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        """Take one piece of text."""
        if not text:
            return
        kind = ""
        if text.strip():
            kind = self._kind(cm, tm, float(size or 0))
            self._shown.clear()
        if kind:
            self.drop.append((self._length, self._length + len(text), kind))
        self.pieces.append(text)
        self._length += len(text)

    def _kind(self, cm: list[float], tm: list[float], size: float) -> str:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[0] * tm[3] - tm[1] * tm[2]) ** 0.5 * abs(cm[0] * cm[3] - cm[1] * cm[2]) ** 0.5
        left, bottom, right, top = self._box
        if any(mode in (3, 7) for mode, _ in self._shown):
            return "render_mode"
        if 0 < size * scale < TINY_PT:
            return "tiny"
        if not (left <= x <= right and bottom <= y <= top):
            return "off_page"
        return "no_contrast" if any(white for _, white in self._shown) else ""
