"""The formats without pages: which reader opens a kind of file, each loaded when one is met."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path

from core.settings import IngestSettings
from rag.load.sections import SectionReader
from rag.load.sniff import EXTENDED

# Kind to module and function.
READERS: Mapping[str, tuple[str, str]] = {
    "text": ("rag.load.text.plain", "read_plain"),
    "code": ("rag.load.text.code", "read_code"),
    "markdown": ("rag.load.text.markdown", "read_markdown"),
    "table": ("rag.load.text.delimited", "read_delimited"),
    "json": ("rag.load.text.structured", "read_json"),
    "html": ("rag.load.web.html", "read_html"),
    "epub": ("rag.load.web.epub", "read_epub"),
    "eml": ("rag.load.mail", "read_mail"),
    "docx": ("rag.load.office.word", "read_docx"),
    "xlsx": ("rag.load.office.sheets", "read_xlsx"),
    "pptx": ("rag.load.office.slides", "read_pptx"),
    "rtf": ("rag.load.rtf.reader", "read_rtf"),
}


def open_sections(path: Path, kind: str, limits: IngestSettings) -> SectionReader:
    """Open a file of a kind that `rag.load.sniff.kind_of` gave.

    Raises:
        DataError: The file is refused.
        MissingExtra: The format needs an optional dependency.
    """
    if kind in EXTENDED:
        from rag.load.community import read_extended

        return read_extended(path, kind, limits)
    module, function = READERS[kind]
    read: Callable[[Path, IngestSettings], SectionReader] = getattr(importlib.import_module(module), function)
    return read(path, limits)
