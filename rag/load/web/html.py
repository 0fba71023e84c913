"""Reads HTML as a browser would show it: what CSS hides is taken out and kept for audit.

Scripts, comments and everything in `<head>` but the title are no text. Nothing is loaded: a style sheet behind an
address is not applied.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote_to_bytes

import lxml.html
from lxml import etree

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.outline import Outline
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode_file
from rag.load.web.sheet import Sheet
from rag.load.web.walk import Walk

PARSER = f"lxml {version('lxml')}"
_HEAD_BYTES = 4096
_LABEL = re.compile(
    rb"""(?is)<meta[^>]*?charset\s*=\s*["']?\s*([\w:.+-]+)|<\?xml[^>]*?encoding\s*=\s*["']([\w:.+-]+)"""
)
_DOCTYPE = re.compile(r"(?is)\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<!doctype\s+html")
_META = {
    "author": "author",
    "description": "subject",
    "keywords": "keywords",
    "date": "created",
    "generator": "creator",
}


def read_html(path: Path, limits: IngestSettings) -> SectionReader:
    """Open an HTML file.

    Raises:
        DataError: It is not text, or nests deeper or holds more than can be read whole.
    """
    with path.open("rb") as handle:
        label = _LABEL.search(handle.read(_HEAD_BYTES))
    text, note = decode_file(path, (label[1] or label[2]).decode("ascii") if label else "")
    return SectionReader(path, "html", PARSER, outline_of(text, path, note=note), limits)


def outline_of(
    markup: str,
    path: Path,
    *,
    note: str = "",
    quirks: bool | None = None,
    linked: Callable[[str], str] = lambda _href: "",
    relative: bool = True,
) -> Outline:
    """Return what HTML holds.

    Args:
        markup: The page.
        path: Where it came from, for errors.
        note: What is known of its encoding.
        quirks: Whether classes and ids compare without case; by default where the page has no document type.
        linked: Returns the text of a style sheet that the page links to; `""` where it is not at hand.
        relative: Whether links to other files beside the page show where they lead.

    Raises:
        DataError: It nests deeper or holds more than can be read whole.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = lxml.html.document_fromstring(markup.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # no element: nothing, or comments alone, which a browser shows as an empty page
        return Outline((), note=note)
    except etree.XMLSyntaxError as error:
        raise DataError(f"cannot be read as HTML: {error}", path=path) from error
    limits = [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]
    if limits:  # the parser goes on without a word, and without the rest of the file
        raise DataError(f"cannot be read whole as HTML: {limits[0].partition(', use')[0]}", path=path)
    metadata = {
        _META[name]: element.get("content") or ""
        for element in root.iter("meta")
        if (name := (element.get("name") or "").lower()) in _META
    }
    if root.get("lang"):
        metadata["language"] = str(root.get("lang"))
    title = root.findtext(".//title") or ""
    is_quirky = _DOCTYPE.match(markup) is None if quirks is None else quirks
    if is_quirky:
        for element in root.iter():
            for name in ("class", "id"):
                if name in element.attrib:
                    element.set(name, (element.get(name) or "").lower())
    sheet = Sheet(_sheets(root, linked), quirks=is_quirky)
    return Outline(tuple(Walk(root, sheet, relative=relative).elements()), title, metadata, note)


def _sheets(root: lxml.html.HtmlElement, linked: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield style sheets that the page carries with it, with their media."""
    for element in root.iter("style", "link"):
        media = element.get("media") or ""
        if element.tag == "style":
            yield element.text or "", media
        elif "stylesheet" in (element.get("rel") or "").lower().split():
            href = element.get("href") or ""
            yield _from_data(href) or linked(href), media


def _from_data(href: str) -> str:
    """Return the sheet that a `data:` address holds, else `""`."""
    head, comma, body = href.strip().partition(",")
    if not comma or not head.lower().startswith("data:"):
        return ""
    data = unquote_to_bytes(body)
    try:
        return (base64.b64decode(data) if head.lower().endswith(";base64") else data).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
