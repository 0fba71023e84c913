"""Reads DOCX: body, notes, headers and footers, in order; deleted text is not text.

Opens the package and its properties with python-docx and walks the XML itself, since python-docx leaves out inserted
runs, content controls, text boxes and notes. Headers and footers of all sections stand once, at both ends.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from core.blocks import BlockKind
from core.errors import DataError
from core.language.english.printed.pages import PAGE_NUMBER
from core.settings import IngestSettings
from rag.load.office.body import BodyWalker
from rag.load.office.drawings import elements_of, parsed, part_id
from rag.load.office.numbering import Numbering
from rag.load.office.package import check_package, stated_properties
from rag.load.outline import Element, Outline
from rag.load.sections import SectionReader

PARSER = f"python-docx {version('python-docx')}"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
# Notes that Word writes itself: the lines between text and notes.
_SEPARATORS = ("separator", "continuationSeparator", "continuationNotice")
_FAULTS = (OpcError, KeyError, ValueError, zipfile.BadZipFile, etree.XMLSyntaxError, AttributeError)


def read_docx(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a Word document.

    Raises:
        DataError: The package is damaged, or unpacks to more than may be read.
    """
    check_package(path, limits)
    try:
        document = docx.Document(str(path))
        elements = tuple(_elements(document))
        title, metadata = stated_properties(path, document.core_properties)
    except _FAULTS as error:
        raise DataError(f"is a damaged Word document: {type(error).__name__}: {error}", path=path) from error
    return SectionReader(path, "docx", PARSER, Outline(elements, title, metadata), limits)


def _elements(document: Document) -> Iterator[Element]:
    """Yield headers, body and footers."""
    styles = {style.element.get(qn("w:styleId")): style.element for style in document.styles}
    numbering = Numbering(_part(document, "numbering"))
    notes = {kind: _notes(document, kind) for kind in ("footnote", "endnote", "comment")}
    links = {key: relation.target_ref for key, relation in document.part.rels.items() if relation.is_external}
    body = BodyWalker(styles, numbering, notes, links, lambda drawing: _drawn(document, drawing))
    yield from _running(document, body, "header")
    yield from body.elements(document.element.body)
    yield from body.endnotes()
    yield from _running(document, body, "footer")


def _drawn(document: Document, drawing: Any) -> Iterator[Element]:
    """Yield what a chart or a diagram of the body shows; one of a header has no part here."""
    part = document.part.related_parts.get(part_id(drawing))
    if part is not None:
        yield from elements_of(parsed(part.blob))


def _part(document: Document, name: str) -> Any:
    """Return the root of a part that the document refers to, `None` where there is none."""
    for relation in document.part.rels.values():
        if relation.reltype == _RELATIONS + name and not relation.is_external:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
            return etree.fromstring(relation.target_part.blob, parser)
    return None


def _notes(document: Document, kind: str) -> dict[str, Any]:
    """Return footnotes or endnotes by id."""
    root = _part(document, f"{kind}s")
    if root is None:
        return {}
    return {
        note.get(qn("w:id")): note for note in root.iter(qn(f"w:{kind}")) if note.get(qn("w:type")) not in _SEPARATORS
    }


def _running(document: Document, body: BodyWalker, kind: BlockKind) -> Iterator[Element]:
    """Yield each different header or footer of the document's sections once; bare page numbers are left out."""
    seen: set[str] = set()
    for relation in document.part.rels.values():
        if relation.reltype != _RELATIONS + kind or relation.is_external:
            continue
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        for element in body.elements(etree.fromstring(relation.target_part.blob, parser), kind):
            text = element.shown.strip()
            if text and text not in seen and not PAGE_NUMBER.fullmatch(text):
                seen.add(text)
                yield element
