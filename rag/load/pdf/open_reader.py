"""Chooses the reader of a file by what it holds. Runs in the worker; knows readers, not how they read."""

from __future__ import annotations

import shlex
from pathlib import Path

import pypdfium2

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.formats import open_sections
from rag.load.pdf.pdfium_reader import PdfReader
from rag.load.pdf.pypdf_reader import PypdfReader
from rag.load.reader import Reader
from rag.load.sniff import kind_of


def open_reader(
    path: Path, limits: IngestSettings, *, password: str | None = None, ocr: bool = False, engine: str = ""
) -> Reader:
    """Open a file.

    Args:
        path: The file.
        limits: Pages and characters per page; the process bounds the rest.
        password: For locked PDFs.
        ocr: Read pages without a text layer by OCR.
        engine: `"pypdf"` leaves PDFium out, after it crashed.

    Raises:
        DataError: The file is refused.
        MissingExtra: The format or OCR needs an optional dependency.
    """
    kind = kind_of(path)
    reader = _open_pdf(path, limits, password, ocr, engine) if kind == "pdf" else open_sections(path, kind, limits)
    if reader.info.n_pages > limits.max_pages:
        reader.close()
        raise DataError(
            f"has {reader.info.n_pages} {reader.info.unit}s, more than ingest.max_pages allows ({limits.max_pages})",
            path=path,
            hint=f"kb ingest --set ingest.max_pages={reader.info.n_pages} {shlex.quote(str(path))}",
        )
    return reader


def _open_pdf(path: Path, limits: IngestSettings, password: str | None, ocr: bool, engine: str) -> Reader:
    if engine == "pypdf":
        return PypdfReader(path, limits, password)
    try:
        reader = PdfReader(path, limits, password)
    except pypdfium2.PdfiumError:
        return PypdfReader(path, limits, password)
    if ocr:
        from rag.load.pdf.ocr import OcrReader

        return OcrReader(reader, path, limits, password)
    return reader
