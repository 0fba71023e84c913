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
from pptx.exc import PackageNotFoundError, PythonPptxError

from core.blocks import BlockKind
from core.errors import DataError
from core.settings import IngestSettings
from rag.load.office.package import check_package
from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, Element, Outline, Run, TableCell, table
from rag.load.sections import SectionReader
from rag.load.text.grid import guess_head_rows
from rag.load.title import tidy
from rag.load.web.links import target_of
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
    zipfile.BadZipFile,
    etree.XMLSyntaxError,
    OSError,
)
_MAX_DEPTH = 20
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
        properties = deck.core_properties
    except _FAULTS as error:
        raise DataError(f"is a damaged presentation: {type(error).__name__}: {error}", path=path) from error
    metadata = {
        "author": properties.author or "",
        "subject": properties.subject or "",
        "keywords": properties.keywords or "",
        "created": properties.created.isoformat() if properties.created else "",
    }
    return SectionReader(path, "pptx", PARSER, Outline(elements, properties.title or "", metadata), limits)


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
    if depth > _MAX_DEPTH:
        return
    if hasattr(shape, "shapes"):
        for inner in sorted(shape.shapes, key=lambda inner: (inner.top or 0, inner.left or 0)):
            yield from _shape(inner, hidden, depth + 1)
    elif getattr(shape, "has_table", False):
        yield _table(shape.table, hidden)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart, hidden)
    elif shape.has_text_frame:
        yield from _paragraphs(shape.text_frame, hidden, "paragraph")


def _paragraphs(frame: Any, hidden: str, kind: BlockKind) -> Iterator[Element]:
    """Yield the paragraphs of a text frame; those of a title make each heading."""
    paragraphs = [tuple(_runs(paragraph, hidden)) for paragraph in frame.paragraphs]
    paragraphs = [runs for runs in paragraphs if any(run.text.strip() for run in runs)]
    if kind == "heading" and paragraphs:
        runs = tuple(run for number, part in enumerate(paragraphs) for run in ((Run(" "),) if number else ()) + part)
        yield Element(runs=runs, kind="heading", level=1)
        return
    for number, runs in enumerate(paragraphs):
        yield Element(runs=runs, kind=kind, gap=LINE_GAP if number else PARAGRAPH_GAP)


def _runs(paragraph: Any, hidden: str) -> Iterator[Run]:
    for run in paragraph.runs:
        size = run.font.size
        why = hidden or ("tiny" if size is not None and size.pt < TINY_PT else "")
        text = run.text.replace("\v", "\n")
        yield Run(text, why)
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
            text = " ".join(cell.text_frame.text.split())
            span = (cell.span_height, cell.span_width) if cell.is_merge_origin else (1, 1)
            cells.append(TableCell((Run(text, hidden),) if text else (), *span))
        rows.append(tuple(cells))
    heads = int(bool(grid.first_row) and len(rows) > 1)
    return Element(kind="table", rows=tuple(row for row in rows if row), head_rows=heads)


def _chart(chart: Any, hidden: str) -> Iterator[Element]:
    """Yield a chart's title and its figures, each row per category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield from _paragraphs(chart.chart_title.text_frame, hidden, "caption")
    for plot in chart.plots:
        series = list(plot.series)
        names = [str(category) for category in plot.categories]
        rows = [["", *(each.name or "" for each in series)]]
        rows += [[name, *(_figure(each.values, place) for each in series)] for place, name in enumerate(names)]
        if len(rows) > 1 and not hidden:
            yield table(rows, guess_head_rows(rows, certain=True) or 1)


def _figure(values: Any, place: int) -> str:
    value = values[place] if place < len(values) else None
    return "" if value is None else f"{value:.12g}"
