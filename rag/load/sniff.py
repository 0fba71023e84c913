"""Tells what a file is from its first bytes; the name only breaks ties between kinds of text."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path

from core.errors import DataError

_HEAD_BYTES = 4096
_PDF_HEADER_WITHIN = 1024  # where PDFium and Acrobat look for it
# Suffix to kind; `text` in a file of any other suffix is plain text.
_SUFFIXES = {
    **dict.fromkeys((".md", ".markdown", ".mdown"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".txt", ".text", ".rst", ".org", ".srt", ".adoc", ".tex"), "text"),
    **dict.fromkeys((".csv", ".tsv"), "table"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson", ".geojson"), "json"),
    ".eml": "eml",
    **dict.fromkeys(
        (
            ".log .yaml .yml .toml .ini .cfg .conf .properties .xml .xsd .sql .py .pyi .js .mjs .ts .jsx "
            ".tsx .css .scss .java .kt .kts .scala .groovy .gradle .c .h .cc .cpp .cxx .hh .hpp .hxx .cs "
            ".fs .vb .go .rs .rb .php .pl .pm .r .jl .lua .swift .m .mm .dart .ex .exs .erl .hs .ml .clj "
            ".lisp .el .sh .bash .zsh .fish .ps1 .bat .cmd .mk .cmake .proto .graphql .tf .diff .patch"
        ).split(),
        "code",
    ),
}
# Formats left to langchain-community's loaders (extra: community).
EXTENDED = frozenset({".msg", ".odt"})
# Formats in a zip archive, by the member that tells them.
_PACKAGES = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
    "META-INF/container.xml": "epub",
}
_PACKED = {".docx": "a Word document", ".xlsx": "a workbook", ".pptx": "a presentation", ".epub": "an EPUB"}
# What is taken from a folder without a glob.
SUFFIXES = frozenset({".pdf", ".rtf", *_PACKED, *_SUFFIXES})
_SIGNATURES = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "is an Office file of the old or the encrypted kind; save it as .docx, .xlsx, .pptx or PDF",
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
_ZERO_SHARE = 0.5  # of the bytes that are zero where UTF-16 has them beside ASCII
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
    """Return `pdf`, a kind of `rag.load.formats.READERS`, or the suffix of an extended format.

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
    if suffix in _PACKED:
        raise DataError(f"is not {_PACKED[suffix]}", path=path)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if suffix in EXTENDED:
        return suffix
    if b"\0" in head and not head.startswith(_WIDE_BOMS) and not wide_encoding(head):
        raise DataError("is neither text nor a known format", path=path)
    kind = _SUFFIXES.get(suffix, "")
    return kind or ("html" if _HTML_START.match(head) else "text")


def wide_encoding(head: bytes) -> str:
    """Return the order of UTF-16 that bytes without a mark are in, by the zeros beside ASCII; `""` for other text."""
    even, odd = head[::2], head[1::2]
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros and zeros.count(0) > _ZERO_SHARE * len(zeros) and not others.count(0):
            return encoding
    return ""


def _zip_kind(path: Path, suffix: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"is a damaged zip archive: {error}", path=path) from error
    kind = next((kind for member, kind in _PACKAGES.items() if member in names), "")
    if kind:
        return kind
    if suffix in EXTENDED:
        return suffix
    raise DataError("is a zip archive; unpack it first", path=path)
