"""Reads DOCX: paragraphs, tables as rows of cells, text boxes, in order; deleted text is not text.

Opens the package and its properties with python-docx and walks the XML itself, since python-docx leaves out inserted
runs, content controls and text boxes. Hidden runs, white ones without shading and those under 2 pt go to the audit.
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

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.sections import Block, Outline, Run, SectionReader
from rag.load.web.visible import TINY_PT

PARSER = f"python-docx {version('python-docx')}"
_PARAGRAPH, _TABLE, _ROW, _CELL, _RUN = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "r"))
_TEXT, _TAB, _BREAK, _HYPHEN = qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:noBreakHyphen")
_BOX = qn("w:txbxContent")
# Deleted text, and the copy of a drawing for old readers.
_LEFT_OUT = frozenset(
    {qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_HALF_POINTS = 2.0


def read_docx(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a Word document.

    Raises:
        DataError: The package is damaged.
    """
    try:
        document = docx.Document(str(path))
        blocks = tuple(_Body(document).blocks(document.element.body))
    except (OpcError, KeyError, ValueError, zipfile.BadZipFile, etree.XMLSyntaxError, AttributeError) as error:
        raise DataError(f"is a damaged Word document: {type(error).__name__}: {error}", path=path) from error
    properties = document.core_properties
    metadata = {
        "author": properties.author or "",
        "subject": properties.subject or "",
        "keywords": properties.keywords or "",
        "language": properties.language or "",
        "created": properties.created.isoformat() if properties.created else "",
        "modified": properties.modified.isoformat() if properties.modified else "",
    }
    return SectionReader(path, "docx", PARSER, Outline(blocks, properties.title or "", metadata), limits)


class _Body:
    """Walks the XML of a document's body with its styles at hand."""

    def __init__(self, document: Document) -> None:
        self._styles = {style.element.get(qn("w:styleId")): style.element for style in document.styles}

    def blocks(self, parent: Any) -> Iterator[Block]:
        """Yield paragraphs and table rows in order."""
        for child in parent:
            if child.tag == _PARAGRAPH:
                yield from self._paragraph(child)
            elif child.tag == _TABLE:
                rows = [row for row in child.iter(_ROW) if next(row.iterancestors(_TABLE)) is child]
                for at, row in enumerate(rows):
                    yield Block(tuple(self._row(row)), close=at > 0)
            elif child.tag not in _LEFT_OUT and len(child):
                yield from self.blocks(child)

    def _row(self, row: Any) -> Iterator[Run]:
        for at, cell in enumerate(cell for cell in row.iter(_CELL) if next(cell.iterancestors(_ROW)) is row):
            if at:
                yield Run(" | ")
            for nth, block in enumerate(self.blocks(cell)):
                if nth:
                    yield Run("\n")
                yield from block.runs

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        style = self._style_of(paragraph, "w:pPr", "w:pStyle")
        runs: list[Run] = []
        boxes: list[Any] = []
        self._collect(paragraph, paragraph, style, runs, boxes)
        yield Block(tuple(runs), _level(paragraph, style))
        for box in boxes:
            yield from self.blocks(box)

    def _collect(self, node: Any, paragraph: Any, style: list[Any], runs: list[Run], boxes: list[Any]) -> None:
        for child in node:
            if child.tag in _LEFT_OUT:
                continue
            if child.tag == _BOX:
                boxes.append(child)
            elif child.tag == _RUN:
                text = "".join(_characters(child))
                if text:
                    runs.append(Run(text, self._hidden(child, paragraph, style)))
                self._collect(child, paragraph, style, runs, boxes)
            elif len(child):
                self._collect(child, paragraph, style, runs, boxes)

    def _style_of(self, element: Any, properties: str, name: str) -> list[Any]:
        """Return an element's style and those it is based on, nearest first."""
        node = element.find(f"{qn(properties)}/{qn(name)}")
        found: list[Any] = []
        key = None if node is None else node.get(qn("w:val"))
        while key in self._styles and len(found) < 10:
            found.append(self._styles[key])
            base = found[-1].find(qn("w:basedOn"))
            key = None if base is None else base.get(qn("w:val"))
        return found

    def _hidden(self, run: Any, paragraph: Any, style: list[Any]) -> str:
        holders = [run, *self._style_of(run, "w:rPr", "w:rStyle"), *style]
        vanish = _property(holders, "w:vanish")
        if vanish is not None and vanish.get(qn("w:val")) not in ("0", "false", "off"):
            return "not_displayed"
        size = _property(holders, "w:sz")
        if size is not None and _points(size) < TINY_PT:
            return "tiny"
        colour = _property(holders, "w:color")
        if colour is not None and (colour.get(qn("w:val")) or "").upper() == "FFFFFF":
            return "" if _shaded(run, paragraph) else "no_contrast"
        return ""


def _characters(run: Any) -> Iterator[str]:
    for child in run:
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag == _TAB:
            yield "\t"
        elif child.tag == _BREAK:
            yield "\n"
        elif child.tag == _HYPHEN:
            yield "-"


def _property(holders: list[Any], name: str) -> Any:
    """Return a run property from the nearest holder that states it, else `None`."""
    for holder in holders:
        found = holder.find(f"{qn('w:rPr')}/{qn(name)}")
        if found is not None:
            return found
    return None


def _points(size: Any) -> float:
    value = size.get(qn("w:val")) or ""
    return float(value) / _HALF_POINTS if value.replace(".", "", 1).isdigit() else 12.0


def _shaded(run: Any, paragraph: Any) -> bool:
    """Tell whether the run, its paragraph, or the cell or table around it has a fill other than white."""
    places = [run.find(qn("w:rPr")), paragraph.find(qn("w:pPr"))]
    places += [cell.find(qn("w:tcPr")) for cell in paragraph.iterancestors(_CELL)]
    if any(table.find(f"{qn('w:tblPr')}/{qn('w:tblStyle')}") is not None for table in paragraph.iterancestors(_TABLE)):
        return True  # table styles shade header rows; what a style does is not followed further
    for place in places:
        shade = None if place is None else place.find(qn("w:shd"))
        if shade is not None and (shade.get(qn("w:fill")) or "auto").upper() not in ("AUTO", "FFFFFF"):
            return True
        if place is not None and place.find(qn("w:highlight")) is not None:
            return True
    return False


def _level(paragraph: Any, style: list[Any]) -> int:
    """Return a heading's level: its outline level, or 1 for the title."""
    for holder in [paragraph, *style]:
        outline = holder.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if outline is not None and (outline.get(qn("w:val")) or "").isdigit():
            level = int(outline.get(qn("w:val"))) + 1
            return level if level <= 9 else 0
    names = [
        (one.find(qn("w:name")).get(qn("w:val")) or "").lower() for one in style if one.find(qn("w:name")) is not None
    ]
    if names and names[0] == "title":
        return 1
    return next((int(name[8:]) for name in names if name.startswith("heading ") and name[8:].isdigit()), 0)
