"""Tells what a file is from its first bytes; the name only breaks ties between kinds of text.

Knows signatures, not formats.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path

from core.errors import DataError

_HEAD_BYTES = 4096
_PDF_HEADER_WITHIN = 1024  # where PDFium and Acrobat look for it
_MARKDOWN = frozenset({".md", ".markdown", ".mdown"})
_HTML = frozenset({".html", ".htm", ".xhtml"})
_PLAIN = frozenset({".txt", ".text", ".log"})
# Formats left to langchain-community's loaders (kb[community]).
EXTENDED = frozenset(
    {".csv", ".eml", ".epub", ".msg", ".odt", ".org", ".pptx", ".rst", ".rtf", ".srt", ".tsv", ".xlsx", ".xml"}
)
_SIGNATURES = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "is an Office file of the old or the encrypted kind; save it as .docx or PDF",
    ),
    (b"\x89PNG", "is an image"),
    (b"\xff\xd8\xff", "is an image"),
    (b"GIF8", "is an image"),
    (b"\x1f\x8b", "is a compressed archive; unpack it first"),
    (b"7z\xbc\xaf", "is a compressed archive; unpack it first"),
    (b"Rar!", "is a compressed archive; unpack it first"),
    (b"\x7fELF", "is a program"),
)
_HTML_START = re.compile(rb"(?is)\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b")
_WIDE_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_pdf(path: Path) -> bool:
    """Tell whether a file starts as a PDF does.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as handle:
        return b"%PDF-" in handle.read(_PDF_HEADER_WITHIN)


def has_end(path: Path) -> bool:
    """Tell whether a PDF ends as one does (ISO 32000-1, 7.5.5), with the 1,024 bytes of slack that Acrobat grants.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - _PDF_HEADER_WITHIN))
        return b"%%EOF" in handle.read()


def kind_of(path: Path) -> str:
    """Return `pdf`, `docx`, `html`, `markdown`, `text`, or the suffix of an extended format.

    Raises:
        DataError: The content is of no kind that can be read, or not what the name says.
        OSError: The file cannot be read.
    """
    with path.open("rb") as handle:
        head = handle.read(_HEAD_BYTES)
    suffix = path.suffix.lower()
    if not head.strip(b"\0"):
        raise DataError("holds only zero bytes" if head else "is empty", path=path)
    if b"%PDF-" in head[:_PDF_HEADER_WITHIN]:
        return "pdf"
    if suffix == ".pdf":
        raise DataError(f"is not a PDF: no %PDF- in its first {_PDF_HEADER_WITHIN} bytes", path=path)
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path, suffix)
    for signature, what in _SIGNATURES:
        if head.startswith(signature) and suffix != ".msg":
            raise DataError(what, path=path)
    if suffix == ".docx":
        raise DataError("is not a Word document", path=path)
    if suffix in EXTENDED:
        return suffix
    if b"\0" in head and not head.startswith(_WIDE_BOMS):
        raise DataError("is neither text nor a known format", path=path)
    if suffix in _MARKDOWN:
        return "markdown"
    if suffix in _HTML or (suffix not in _PLAIN and _HTML_START.match(head)):
        return "html"
    return "text"


def _zip_kind(path: Path, suffix: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"is a damaged zip archive: {error}", path=path) from error
    if "word/document.xml" in names:
        return "docx"
    if suffix in EXTENDED:
        return suffix
    raise DataError("is a zip archive; unpack it first", path=path)
