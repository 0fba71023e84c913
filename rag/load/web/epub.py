"""Reads EPUB: the chapters of its spine in order, each read as HTML with the style sheets the book carries."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.office.package import check_package, read_member
from rag.load.outline import Element, Outline
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode
from rag.load.web.html import PARSER, outline_of

_MEMBER_BYTES = 32 << 20
_MAX_CHAPTERS = 5000
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_PACKAGE, _DC = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
_FAULTS = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    etree.XMLSyntaxError,
)


def read_epub(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a book.

    Raises:
        DataError: The package is damaged, encrypted, or unpacks to more than may be read.
    """
    check_package(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            package_name = _package_name(archive)
            package = _xml(archive, package_name)
            elements = tuple(_chapters(archive, package, posixpath.dirname(package_name), path))
    except _FAULTS as error:
        raise DataError(f"is a damaged or encrypted EPUB: {type(error).__name__}: {error}", path=path) from error
    metadata = {
        "author": "; ".join(node.text or "" for node in package.iter(f"{_DC}creator")),
        "subject": "; ".join(node.text or "" for node in package.iter(f"{_DC}subject")),
        "language": package.findtext(f".//{_DC}language") or "",
        "created": package.findtext(f".//{_DC}date") or "",
    }
    title = package.findtext(f".//{_DC}title") or ""
    return SectionReader(path, "epub", PARSER, Outline(elements, title, metadata), limits)


def _package_name(archive: zipfile.ZipFile) -> str:
    for node in _xml(archive, "META-INF/container.xml").iter(_CONTAINER):
        return str(node.get("full-path") or "")
    raise ValueError("META-INF/container.xml names no package")


def _xml(archive: zipfile.ZipFile, name: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(read_member(archive, name, _MEMBER_BYTES), parser)


def _chapters(archive: zipfile.ZipFile, package: etree._Element, folder: str, path: Path) -> Iterator[Element]:
    """Yield the elements of each chapter; the first of one begins a section."""
    hrefs = {
        node.get("id"): node.get("href") or ""
        for node in package.iter(f"{_PACKAGE}item")
        if "html" in (node.get("media-type") or "") and "nav" not in (node.get("properties") or "").split()
    }
    for number, node in enumerate(package.iter(f"{_PACKAGE}itemref")):
        href = hrefs.get(node.get("idref"))
        if not href or number >= _MAX_CHAPTERS:
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))
        decoded = decode(read_member(archive, name, _MEMBER_BYTES))
        if decoded is None or not decoded[0].strip():
            continue
        sheets = _linked(archive, posixpath.dirname(name))
        outline = outline_of(decoded[0], path, quirks=False, linked=sheets, relative=False)
        for place, element in enumerate(outline.elements):
            yield (
                element if place or element.level else replace(element, starts=outline.title or f"Chapter {number + 1}")
            )


def _linked(archive: zipfile.ZipFile, folder: str) -> Callable[[str], str]:
    """Return what reads a style sheet of the book."""

    def read(href: str) -> str:
        name = posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))
        try:
            return read_member(archive, name, _MEMBER_BYTES).decode("utf-8", "replace")
        except (KeyError, ValueError, NotImplementedError, RuntimeError):
            return ""

    return read
