"""Reads PDF with PDFium, page by page, without what no reader of the page would see.

Knows PDF and PDFium; which characters hide is decided by `rag.load.pdf.hidden`, what text is good by `rag.load.grade`.
A page that PDFium cannot read is tried with pypdf.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as raw
from numpy.typing import NDArray
from pypdfium2 import PDFIUM_INFO, PYPDFIUM_INFO

from core.blocks import Block
from core.clean import Cleaned, clean
from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.page import NO_TEXT_LAYER, failed_page, make_page
from rag.load.pdf import pdfium
from rag.load.pdf.fields import page_label, read_fields
from rag.load.pdf.form.values import with_values
from rag.load.pdf.hidden import Verdict, char_size, judge
from rag.load.pdf.layout.compose import compose, moved
from rag.load.pdf.layout.glyphs import font_name, read_words
from rag.load.pdf.layout.read import lay_out
from rag.load.pdf.pictures import picture_note, pictures_without_text
from rag.load.pdf.pypdf_reader import PypdfReader, locked
from rag.load.pdf.signs import with_signs
from rag.load.pdf.survey import Rectangle, survey
from rag.load.reader import FileInfo
from rag.load.title import choose, tidy

_LAYOUT = 5  # raised with every change of what a page's text and blocks are
PARSER = f"pypdfium2 {PYPDFIUM_INFO.version} (PDFium {PDFIUM_INFO.build}), layout {_LAYOUT}"
_METADATA = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Creator": "creator",
    "Producer": "producer",
    "CreationDate": "created",
    "ModDate": "modified",
}
_MAX_METADATA_CHARS = 1000
_PDF_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+Z])(\d\d)?'?(\d\d)?'?)?")
_BLANK_RUN = re.compile(r"\s*")
_TITLE_LINES = 40
# A page of fewer paths than this is blank but for its rules and frames; letters drawn as outlines take more.
_RULES = 20


@dataclass(frozen=True, slots=True)
class PdfiumText:
    """A page's text with the way back to PDFium's characters.

    Attributes:
        cleaned: Clean text in reading order, edits counted in the raw text that `rag.load.pdf.layout.compose` wrote.
        chars: PDFium character index of each code point of that text; below 0 where none stands for it.
        blocks: What the page is made of, with spans in the clean text.
        scan: Whether it is the text layer of a scan.
        cut: Whether the page holds more characters than the limit.
        fields: Boxes of the form fields, whose characters are counted down from `FIRST_FIELD`.
        pictures: Boxes of the images that no text stands on.
    """

    cleaned: Cleaned
    chars: list[int]
    blocks: tuple[Block, ...]
    scan: bool
    cut: bool
    fields: list[Rectangle]
    pictures: list[Rectangle]


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """A page and its characters, open in PDFium."""

    page: pypdfium2.PdfPage
    text: pypdfium2.PdfTextPage


def open_document(path: Path, password: str | None) -> pypdfium2.PdfDocument:
    """Open a PDF.

    Raises:
        DataError: The file is locked.
        pypdfium2.PdfiumError: PDFium cannot open it.
    """
    secret = None if password is None else password.encode()
    handle = raw.FPDF_LoadDocument(os.fsencode(path), secret)
    if handle:
        document = pypdfium2.PdfDocument(handle, autoclose=True)
        with suppress(pypdfium2.PdfiumError):  # without its form the document is read as it is printed
            document.init_forms()
        return document
    if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD:
        raise locked(path, password)
    raise pypdfium2.PdfiumError("PDFium cannot open the file")


@contextmanager
def loaded(document: pypdfium2.PdfDocument, index: int) -> Iterator[LoadedPage]:
    """Load one page with its characters.

    Raises:
        pypdfium2.PdfiumError: PDFium cannot load it.
    """
    page = document[index]
    try:
        text = page.get_textpage()
        try:
            yield LoadedPage(page, text)
        finally:
            text.close()
    finally:
        page.close()


def page_text(loaded_page: LoadedPage, max_chars: int) -> PdfiumText:
    """Extract what a reader sees on a loaded page; the same page gives the same text, always."""
    textpage = pdfium.address(loaded_page.text.raw)
    total = max(0, pdfium.count_chars(textpage))
    count = min(total, max_chars)
    raw_text, chars = _raw_text(textpage, count)
    raw_text = with_signs(raw_text, lambda place: font_name(textpage, chars[place]))
    verdict = Verdict()
    seen = survey(pdfium.address(loaded_page.page.raw), loaded_page.page.get_bbox()) if count else None
    if seen and seen.suspects:
        n_written = sum(map(len, raw_text.split()))
        verdict = judge(loaded_page.page, textpage, count, n_written, seen)
    hidden = _text_spans(verdict, raw_text, chars)
    words = read_words(textpage, raw_text, np.asarray(chars[: len(raw_text)]), _mask(hidden, len(raw_text)))
    fields = read_fields(loaded_page.page)
    words = with_values(words, fields)
    index = words.chars.tolist()
    pictures = []
    if seen and seen.images and words.start.size and not verdict.scan:
        pictures = pictures_without_text(seen.images, words, loaded_page.page.get_bbox())
    drafts = lay_out(
        words,
        seen.paths if seen else np.zeros((0, 4)),
        loaded_page.page.get_size(),
        lambda place: font_name(textpage, index[place]) if index[place] >= 0 else "",
        fields,
        [*seen.images, *seen.forms] if seen else (),
    )
    text, text_chars, blocks = compose(drafts, index)
    # Hidden text goes behind the visible: `clean` counts it and keeps it for audit.
    tail, drop = _tail(hidden, raw_text, len(text))
    cleaned = clean(text + tail, drop)
    placed = moved(blocks, cleaned.clean_offsets(len(text)), cleaned.text)
    return PdfiumText(
        cleaned, text_chars, placed, verdict.scan, total > count, [field.box for field in fields], pictures
    )


def _mask(hidden: list[tuple[int, int, str]], length: int) -> NDArray[np.bool_] | None:
    if not hidden:
        return None
    mask = np.zeros(length, bool)
    for start, end, _ in hidden:
        mask[start:end] = True
    return mask


def _tail(hidden: list[tuple[int, int, str]], raw_text: str, start: int) -> tuple[str, list[tuple[int, int, str]]]:
    """Return hidden text and its spans, counted from `start`."""
    pieces, drop = [], []
    for low, high, kind in hidden:
        pieces.append(raw_text[low:high])
        drop.append((start, start + high - low, kind))
        start += high - low
    return "".join(pieces), drop


def _shows_something(loaded_page: LoadedPage) -> bool:
    """Tell whether a page without characters may hold writing: a picture, or outlines enough to draw letters."""
    kinds = [item.type for item in loaded_page.page.get_objects(max_depth=3)]
    return raw.FPDF_PAGEOBJ_IMAGE in kinds or len(kinds) > _RULES


def _raw_text(textpage: int, count: int) -> tuple[str, list[int] | range]:
    """Return PDFium's text and the character index of each code point.

    PDFium counts in UTF-16 units and leaves characters without a code point (U+0000) out of its text.
    """
    buffer = (ctypes.c_ushort * (count + 1))()
    units = max(0, pdfium.get_text(textpage, 0, count, ctypes.addressof(buffer)) - 1) if count else 0
    text = bytes(buffer)[: 2 * units].decode("utf-16-le", "surrogatepass")
    if units == count == len(text):
        return text, range(count + 1)
    chars: list[int] | range = range(count + 1)
    if units != count:
        chars = [*[char for char in range(count) if pdfium.char_unicode(textpage, char)][:units], count]
    if len(text) != units:
        starts = accumulate((1 + (character > "\uffff") for character in text), initial=0)
        chars = [chars[start] for start in starts]
    return text, chars


def _text_spans(verdict: Verdict, text: str, chars: list[int] | range) -> list[tuple[int, int, str]]:
    """Turn hidden character spans into text spans that take the blanks left over between and after them."""
    if not verdict.spans:
        return []
    offset_of = {char: offset for offset, char in reversed(list(enumerate(chars)))}
    spans: list[tuple[int, int, str]] = []
    for first, after, kind in verdict.spans:
        inside = [offset_of[char] for char in range(first, after) if char in offset_of]
        if not inside:
            continue
        start, end = inside[0], inside[-1] + 1
        blanks = _BLANK_RUN.match(text, end)
        stop = blanks.end() if blanks else end
        alone = start == 0 or text[start - 1].isspace()
        end = stop if alone else end
        if spans and spans[-1][2] == kind and not text[spans[-1][1] : start].strip():
            spans[-1] = (spans[-1][0], end, kind)
        else:
            spans.append((start, end, kind))
    if spans and spans[-1][1] == len(text):  # nothing follows: the blanks before go too
        start, end, kind = spans.pop()
        spans.append((max(len(text[:start].rstrip()), spans[-1][1] if spans else 0), end, kind))
    return spans


class PdfReader:
    """A PDF open in PDFium.

    Args:
        path: The file.
        limits: Pages and characters per page.
        password: For locked files; an empty user password needs none.

    Raises:
        DataError: The file is locked, or neither PDFium nor pypdf can open it.
        pypdfium2.PdfiumError: PDFium cannot open it.
    """

    def __init__(self, path: Path, limits: IngestSettings, password: str | None = None) -> None:
        self._path, self._limits, self._password = path, limits, password
        self._document = open_document(path, password)
        self._fallback: PypdfReader | None = None
        n_pages = len(self._document)
        if not n_pages:
            raise pypdfium2.PdfiumError("the page tree holds no pages")
        metadata = _metadata(self._document)
        name = choose(metadata.get("title", ""), self._title_lines(), path.name)
        self.info = FileInfo(kind="pdf", unit="page", title=name, n_pages=n_pages, parser=PARSER, metadata=metadata)

    def page(self, index: int) -> Page:
        """Return one page, read with pypdf where PDFium cannot load it."""
        try:
            with loaded(self._document, index) as loaded_page:
                content, box = page_text(loaded_page, self._limits.max_page_chars), loaded_page.page.get_bbox()
                blank = NO_TEXT_LAYER if content.cleaned.text or _shows_something(loaded_page) else "blank page"
        except pypdfium2.PdfiumError:
            return self.fallback_page(index, "PDFium cannot load the page")
        note = "text layer of a scan" if content.scan else picture_note(content.pictures, box, index)
        return make_page(
            index,
            content.cleaned,
            parser=PARSER,
            limits=self._limits,
            note=note,
            cut=content.cut,
            blank=blank,
            blocks=content.blocks,
            label=page_label(self._document, index),
        )

    def pictures(self, index: int) -> list[Rectangle]:
        """Return the boxes of a page's images that no text stands on; none where PDFium cannot load it."""
        try:
            with loaded(self._document, index) as loaded_page:
                return page_text(loaded_page, self._limits.max_page_chars).pictures
        except pypdfium2.PdfiumError:
            return []

    def fallback_page(self, index: int, why: str) -> Page:
        """Return one page as pypdf reads it."""
        try:
            if self._fallback is None:
                self._fallback = PypdfReader(self._path, self._limits, self._password)
        except DataError as error:
            return failed_page(index, f"{why}; {error.message}", PARSER)
        return self._fallback.page(index)

    def close(self) -> None:
        """Release the file."""
        self._document.close()

    def _title_lines(self) -> list[tuple[str, float]]:
        """Return the first lines of page 1 with their font sizes in points."""
        try:
            with loaded(self._document, 0) as loaded_page:
                content = page_text(loaded_page, self._limits.max_page_chars)
                textpage = pdfium.address(loaded_page.text.raw)
                lines, offset = [], 0
                for line in content.cleaned.text.split("\n")[:_TITLE_LINES]:
                    if line.strip():
                        start, _ = content.cleaned.raw_span(offset, offset + 1)
                        lines.append((line, char_size(textpage, content.chars[start])))
                    offset += len(line) + 1
        except pypdfium2.PdfiumError:
            return []
        return lines


def _metadata(document: pypdfium2.PdfDocument) -> dict[str, str]:
    metadata = {}
    for key, name in _METADATA.items():
        value = _meta_text(document, key)
        metadata[name] = tidy(iso_date(value) if name in ("created", "modified") else value)[:_MAX_METADATA_CHARS]
    buffer = (ctypes.c_ushort * 64)()
    size = raw.FPDFCatalog_GetLanguage(document.raw, buffer, ctypes.sizeof(buffer))
    if 2 < size <= ctypes.sizeof(buffer):
        metadata["language"] = tidy(bytes(buffer)[: size - 2].decode("utf-16-le", "replace"))
    return {name: value for name, value in metadata.items() if value}


def _meta_text(document: pypdfium2.PdfDocument, key: str) -> str:
    """Return the beginning of a metadata value; halves of surrogate pairs are replaced."""
    size_bytes = raw.FPDF_GetMetaText(document.raw, key.encode(), None, 0)
    buffer = ctypes.create_string_buffer(size_bytes)
    raw.FPDF_GetMetaText(document.raw, key.encode(), buffer, size_bytes)
    kept = min(size_bytes - 2, 4 * _MAX_METADATA_CHARS)  # a terminating NUL of two bytes is left out
    return buffer.raw[: max(0, kept)].decode("utf-16-le", "replace")


def iso_date(value: str) -> str:
    """Return a PDF date (ISO 32000-1, 7.9.4) as ISO 8601 to its own precision; other text unchanged."""
    match = _PDF_DATE.fullmatch(value.strip())
    if match is None:
        return value
    year, month, day, hour, minute, second, sign, zone_hour, zone_minute = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None or day is None:
        return date
    zone = "" if sign is None else "Z" if sign == "Z" else f"{sign}{zone_hour or '00'}:{zone_minute or '00'}"
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"
