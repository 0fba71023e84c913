"""What charts and diagrams of Office documents say: a chart as its table of figures, a diagram as its texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from rag.load.office.formats import shown_value
from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, Element, Run, table

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_MAIN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHART, DIAGRAM = f"{_CHART}chart", f"{_DIAGRAM}relIds"
_MAX_POINTS = 2000


def part_id(drawing: Any) -> str:
    """Return the relation that leads to what a `c:chart` or `dgm:relIds` element shows."""
    return str(drawing.get(f"{_RELATION}{'id' if drawing.tag == CHART else 'dm'}") or "")


def parsed(blob: bytes) -> Any:
    """Return the root of a part.

    Raises:
        etree.XMLSyntaxError: It is no XML.
    """
    return etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def elements_of(root: Any, hidden: str = "") -> Iterator[Element]:
    """Yield what a chart or the data of a diagram shows.

    Args:
        root: Root of its part.
        hidden: Why a viewer does not show it.
    """
    if root.tag == f"{_CHART}chartSpace":
        yield from _chart(root, hidden)
        return
    texts = [" ".join(_text(point).split()) for point in root.iter(f"{_DIAGRAM}t")]
    for number, text in enumerate(text for text in texts if text):
        yield Element(runs=(Run(text, hidden),), gap=LINE_GAP if number else PARAGRAPH_GAP)


def _chart(root: Any, hidden: str) -> Iterator[Element]:
    """Yield a chart's title, and its figures with a row per category; names stand in the first row and column."""
    title = root.find(f"{_CHART}chart/{_CHART}title")
    if title is not None and _text(title).strip():
        yield Element(runs=(Run(" ".join(_text(title).split()), hidden),), kind="caption")
    series = list(root.iter(f"{_CHART}ser"))
    names = [" ".join(_values(each, "tx").values()) for each in series]
    categories: dict[int, str] = {}
    for each in series:
        categories |= {**_values(each, "cat"), **_values(each, "xVal"), **categories}
    columns = [_values(each, "val") or _values(each, "yVal") for each in series]
    places = sorted({*categories, *(place for column in columns for place in column)})[:_MAX_POINTS]
    if places and not hidden:
        rows = [[categories.get(place, ""), *(column.get(place, "") for column in columns)] for place in places]
        yield table([["", *names], *rows], 1)


def _values(series: Any, name: str) -> dict[int, str]:
    """Return the points of one part of a series by place, figures as their format shows them."""
    part = series.find(f"{_CHART}{name}")
    if part is None:
        return {}
    code = part.findtext(f".//{_CHART}formatCode") or "General"
    out: dict[int, str] = {}
    for point in part.iter(f"{_CHART}pt"):
        place, text = point.get("idx") or "", point.findtext(f"{_CHART}v") or ""
        if place.isdigit():
            out[int(place)] = _figure(text, code) if part.find(f".//{_CHART}numCache") is not None else text
    return out or {place: text for place, text in enumerate([part.findtext(f"{_CHART}v") or ""]) if text}


def _figure(text: str, code: str) -> str:
    try:
        return shown_value(float(text), code)
    except ValueError:
        return text


def _text(node: Any) -> str:
    paragraphs = ["".join(text.text or "" for text in each.iter(f"{_MAIN}t")) for each in node.iter(f"{_MAIN}p")]
    return " ".join(paragraphs)
