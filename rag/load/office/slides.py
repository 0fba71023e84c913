"""Reads PPTX: a section per slide with its text, tables, charts and notes, in the order a person reads them.

Hidden slides, shapes beside the slide and text under 2 pt go to the audit.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pptx
from lxml import etree
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PackageNotFoundError, PythonPptxError
from pptx.oxml.ns import qn

from core.blocks import BlockKind
from core.errors import DataError
from core.settings import IngestSettings
from rag.load.office.drawings import CHART, DIAGRAM, parsed, part_id
from rag.load.office.drawings import elements_of as drawn
from rag.load.office.package import check_package, stated_properties
from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, STRUCK, Element, Outline, OutlineCell, Run
from rag.load.repeated import table_element
from rag.load.sections import SectionReader
from rag.load.text.grid import guess_heads
from rag.load.title import tidy
from rag.load.web.links import target_of
from rag.load.web.lists import spelled
from rag.load.web.visible import TINY_PT

PARSER = f"python-pptx {version('python-pptx')}"
_FAULTS = (
    PackageNotFoundError,
    PythonPptxError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    NotImplementedError,
    ArithmeticError,
    zipfile.BadZipFile,
    etree.XMLSyntaxError,
    OSError,
)
_MAX_DEPTH = 20
_NUMBER_KINDS = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}
_LABEL_CHARS = 100


def read_pptx(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a presentation.

    Raises:
        DataError: The package is damaged, or unpacks to more than may be read.
    """
    check_package(path, limits)
    try:
        deck = pptx.Presentation(str(path))
        elements = tuple(
            element
            for number, slide in enumerate(deck.slides, start=1)
            for element in _slide(slide, number, deck.slide_width or 0, deck.slide_height or 0)
        )
        title, metadata = stated_properties(path, deck.core_properties)
    except _FAULTS as error:
        raise DataError(f"is a damaged presentation: {type(error).__name__}: {error}", path=path) from error
    return SectionReader(path, "pptx", PARSER, Outline(elements, title, metadata), limits)


def _slide(slide: Any, number: int, width: int, height: int) -> Iterator[Element]:
    hidden = "not_displayed" if slide._element.get("show") in ("0", "false") else ""
    title = slide.shapes.title
    name = tidy(title.text_frame.text)[:_LABEL_CHARS] if title is not None and title.has_text_frame else ""
    label = f"Slide {number}: {name}" if name and not hidden else f"Slide {number}"
    elements: list[Element] = []
    if title is not None and title.has_text_frame:
        elements += _paragraphs(title.text_frame, hidden, "heading")
    others = [shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id]
    for shape in sorted(others, key=lambda shape: (shape.top or 0, shape.left or 0)):
        elements += _shape(shape, hidden or _beside(shape, width, height), 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        elements += _paragraphs(slide.notes_slide.notes_text_frame, hidden, "annotation")
    for place, element in enumerate(elements):
        yield element if place else replace(element, starts=label)


def _beside(shape: Any, width: int, height: int) -> str:
    if None in (shape.left, shape.top, shape.width, shape.height) or not width or not height:
        return ""
    outside = (
        shape.left + shape.width <= 0 or shape.top + shape.height <= 0 or shape.left >= width or shape.top >= height
    )
    return "off_page" if outside else ""


def _shape(shape: Any, hidden: str, depth: int) -> Iterator[Element]:
    if depth > _MAX_DEPTH or _placeholder(shape) == PP_PLACEHOLDER.SLIDE_NUMBER:
        return
    if hasattr(shape, "shapes"):
        for inner in sorted(shape.shapes, key=lambda inner: (inner.top or 0, inner.left or 0)):
            yield from _shape(inner, hidden, depth + 1)
    elif getattr(shape, "has_table", False):
        yield _table(shape.table, hidden)
    elif shape.has_text_frame:
        is_running = _placeholder(shape) in (PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE)
        yield from _paragraphs(shape.text_frame, hidden, "footer" if is_running else "paragraph")
    else:
        yield from _drawing(shape, hidden)


def _placeholder(shape: Any) -> Any:
    """Return the type of a placeholder, `None` for any other shape."""
    return shape.placeholder_format.type if getattr(shape, "is_placeholder", False) else None


def _drawing(shape: Any, hidden: str) -> Iterator[Element]:
    """Yield what a chart shows, or a diagram that PowerPoint lays out from a list."""
    for node in shape._element.iter(CHART, DIAGRAM):
        yield from drawn(parsed(shape.part.related_part(part_id(node)).blob), hidden)


def _paragraphs(frame: Any, hidden: str, kind: BlockKind) -> Iterator[Element]:
    """Yield the paragraphs of a text frame; those of a title make one heading."""
    counter = _ItemCounter()
    parts = [(counter.mark(paragraph), tuple(_runs(paragraph, hidden))) for paragraph in frame.paragraphs]
    parts = [(mark, runs) for mark, runs in parts if any(run.text.strip() for run in runs)]
    if kind == "heading" and parts:
        gaps = [((Run(" "),) if number else ()) + runs for number, (_, runs) in enumerate(parts)]
        yield Element(runs=tuple(run for runs in gaps for run in runs), kind="heading", level=1)
        return
    for number, (mark, runs) in enumerate(parts):
        is_item = bool(mark) and kind == "paragraph"
        yield Element(
            runs=(Run(f"{mark} ", runs[0].hidden), *runs) if is_item else runs,
            kind="list_item" if is_item else kind,
            number=mark if is_item else "",
            gap=LINE_GAP if number else PARAGRAPH_GAP,
        )


class _ItemCounter:
    """Counts the numbered paragraphs of a text frame, level by level."""

    def __init__(self) -> None:
        self._numbers: dict[int, tuple[str, int]] = {}

    def mark(self, paragraph: Any) -> str:
        """Return the mark of a paragraph (`3.`, `b)`, `-`) and count on; `""` where it states none."""
        level = paragraph.level
        for deeper in [other for other in self._numbers if other > level]:
            del self._numbers[deeper]
        properties = paragraph._p.pPr
        number = None if properties is None else properties.find(qn("a:buAutoNum"))
        if number is None:
            if paragraph.text.strip():
                self._numbers.pop(level, None)
            has_bullet = properties is not None and properties.find(qn("a:buChar")) is not None
            return "-" if has_bullet else ""
        scheme = number.get("type") or "arabicPeriod"
        start = number.get("startAt") or "1"
        known, last = self._numbers.get(level, (scheme, int(start) - 1))
        count = last + 1 if known == scheme else int(start)
        self._numbers[level] = scheme, count
        kind = next((kind for name, kind in _NUMBER_KINDS.items() if scheme.startswith(name)), "1")
        before = "(" if scheme.endswith("ParenBoth") else ""
        after = ")" if "Paren" in scheme else "." if scheme.endswith("Period") else ""
        return f"{before}{spelled(count, kind)}{after}"


def _runs(paragraph: Any, hidden: str) -> Iterator[Run]:
    """Yield the runs of a paragraph: text, line breaks and fields."""
    runs = {run._r: run for run in paragraph.runs}
    for node in paragraph._p:
        if node.tag == qn("a:br"):
            yield Run("\n", hidden)
        elif node.tag == qn("a:fld"):
            yield Run("".join(text.text or "" for text in node.iter(qn("a:t"))), hidden)
        elif node in runs:
            yield from _run(runs[node], hidden)


def _run(run: Any, hidden: str) -> Iterator[Run]:
    size, properties = run.font.size, run._r.rPr
    why = hidden or ("tiny" if size is not None and size.pt < TINY_PT else "")
    text = run.text.replace("\v", "\n")
    strike = "noStrike" if properties is None else properties.get("strike") or "noStrike"
    yield Run(f"{STRUCK}{text}{STRUCK}" if strike != "noStrike" and text.strip() and not why else text, why)
    target = target_of(run.hyperlink.address or "") if run.hyperlink is not None else ""
    if target and text.strip() and target.rstrip("/") != text.strip().rstrip("/"):
        yield Run(f" ({target})", why)


def _table(grid: Any, hidden: str) -> Element:
    rows = []
    for row in grid.rows:
        cells = []
        for cell in row.cells:
            if cell.is_spanned:
                continue
            span = (cell.span_height, cell.span_width) if cell.is_merge_origin else (1, 1)
            cells.append(OutlineCell(_cell_runs(cell, hidden), *span))
        rows.append(tuple(cells))
    filled = [row for row in rows if row]
    heads = max(1, guess_heads(filled)) if grid.first_row and len(filled) > 1 else 0
    return table_element(rows, heads)


def _cell_runs(cell: Any, hidden: str) -> tuple[Run, ...]:
    runs: list[Run] = []
    for element in _paragraphs(cell.text_frame, hidden, "paragraph"):
        runs += [Run(" "), *element.one_line] if runs else element.one_line
    return tuple(runs)
