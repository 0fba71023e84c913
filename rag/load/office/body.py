"""Walks the XML of a Word document: paragraphs, lists, tables and text boxes, notes and comments where they belong.

Hidden runs, white ones without shading and those under 2 pt go to the audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from docx.oxml.ns import qn

from core.blocks import BlockKind
from rag.load.office.drawings import CHART, DIAGRAM
from rag.load.office.fields import OpenField, form_value, link_of, symbol
from rag.load.office.margins import with_author
from rag.load.office.numbering import Numbering
from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, STRUCK, Element, OutlineCell, Run, shown
from rag.load.raised import raised
from rag.load.repeated import table_element
from rag.load.text.grid import guess_heads
from rag.load.web.links import target_of
from rag.load.web.lists import spelled
from rag.load.web.visible import TINY_PT

_PARAGRAPH, _TABLE, _ROW, _CELL, _RUN = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "r"))
_TEXT, _TAB, _BREAK, _HYPHEN = qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:noBreakHyphen")
_BOX, _LINK, _FIELD = qn("w:txbxContent"), qn("w:hyperlink"), qn("w:fldSimple")
_FIELD_MARK, _INSTRUCTION, _SYMBOL = qn("w:fldChar"), qn("w:instrText"), qn("w:sym")
_FORMULA_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_NOTES = {qn(f"w:{kind}Reference"): kind for kind in ("footnote", "endnote", "comment")}
# Deleted text, and the copy of a drawing for old readers.
_LEFT_OUT = frozenset(
    {qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_HALF_POINTS = 2.0
_MAX_BASES = 10
_OFF = ("0", "false", "off")


class BodyWalker:
    """Walks trees of one document, counting its list items and notes.

    Args:
        styles: Style elements by id.
        numbering: The document's lists.
        notes: `footnote`, `endnote` and `comment` to their elements by id.
        links: External targets by relation id.
        drawn: Returns the elements of a chart or a diagram by its element in the body.
    """

    def __init__(
        self,
        styles: Mapping[str, Any],
        numbering: Numbering,
        notes: Mapping[str, Mapping[str, Any]],
        links: Mapping[str, str],
        drawn: Callable[[Any], Iterable[Element]] = lambda _: (),
    ) -> None:
        self._drawn = drawn
        self._styles, self._numbering, self._notes, self._links = styles, numbering, notes, links
        self._cited: list[tuple[str, Any, str]] = []  # kind, note, mark: cited and not yet given
        self._counts = {"footnote": 0, "endnote": 0}
        self._endnotes: list[tuple[Any, str]] = []
        self._fields: list[OpenField] = []
        self._last_was_item = False

    def elements(self, parent: Any, kind: BlockKind = "paragraph") -> Iterator[Element]:
        """Yield the elements of a body, a header or a footer in order; `kind` is what a plain paragraph is."""
        for child in parent:
            if child.tag == _PARAGRAPH:
                yield from self._paragraph(child, kind)
            elif child.tag == _TABLE:
                self._last_was_item = False
                yield self._table(child) if kind == "paragraph" else _flat(self._table(child), kind)
            elif child.tag not in _LEFT_OUT and len(child):
                yield from self.elements(child, kind)
                continue
            yield from self._footnotes()

    def endnotes(self) -> Iterator[Element]:
        """Yield the endnotes that were cited."""
        for note, mark in self._endnotes:
            yield self._note(note, mark)

    def _footnotes(self) -> Iterator[Element]:
        cited, self._cited = self._cited, []
        for kind, note, mark in cited:
            if kind == "comment":
                yield self._comment(note)
            elif kind == "footnote":
                yield self._note(note, mark)
            else:
                self._endnotes.append((note, mark))

    def _note(self, note: Any, mark: str) -> Element:
        runs: list[Run] = [Run(f"[{mark}] ")]
        for number, paragraph in enumerate(note.iter(_PARAGRAPH)):
            own = self._runs_of(paragraph)
            if number and own:
                runs.append(Run(" "))
            runs += own
        if len(runs) > 1 and not runs[1].hidden:
            runs[1] = Run(runs[1].text.lstrip())
        return Element(runs=tuple(runs), kind="footnote", number=mark)

    def _comment(self, comment: Any) -> Element:
        text = " ".join(shown(self._runs_of(paragraph)).strip() for paragraph in comment.iter(_PARAGRAPH))
        return Element(runs=(Run(with_author(comment.get(qn("w:author")) or "", text.strip())),), kind="annotation")

    def _table(self, table: Any) -> Element:
        rows = [row for row in table.iter(_ROW) if next(row.iterancestors(_TABLE)) is table and not _is_deleted(row)]
        grid: list[list[tuple[int, OutlineCell]]] = []
        above: dict[int, tuple[int, int]] = {}  # column to the row and place of the cell that goes on below
        heads = 0
        for number, row in enumerate(rows):
            column = _number(row.find(qn("w:trPr")), "w:gridBefore")
            cells: list[tuple[int, OutlineCell]] = [(0, OutlineCell((), 1, column))] if column else []
            for cell in (cell for cell in row.iter(_CELL) if next(cell.iterancestors(_ROW)) is row):
                properties = cell.find(qn("w:tcPr"))
                width = _number(properties, "w:gridSpan") or 1
                merged = None if properties is None else properties.find(qn("w:vMerge"))
                goes_on = merged is not None and merged.get(qn("w:val")) != "restart"
                if goes_on and column in above:
                    first, place = above[column]
                    start, known = grid[first][place]
                    grid[first][place] = (start, OutlineCell(known.runs, number - first + 1, known.column_span))
                else:
                    if merged is not None:
                        above[column] = (number, len(cells))
                    else:
                        above.pop(column, None)
                    cells.append((column, OutlineCell(self._cell_runs(cell), 1, width)))
                column += width
            grid.append(cells)
            if heads == number and row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None:
                heads += 1
        kept = tuple(tuple(cell for _, cell in row) for row in grid)
        if heads in (0, len(rows)):
            heads = guess_heads([row for row in kept if row]) or _is_bold_head(rows)
        return table_element(kept, heads)

    def _cell_runs(self, cell: Any) -> tuple[Run, ...]:
        runs: list[Run] = []
        item, self._last_was_item = self._last_was_item, False
        for element in self._cell_elements(cell):
            if runs and element.all_runs:
                runs.append(Run(" "))
            runs += element.one_line
        self._last_was_item = item
        return tuple(runs)

    def _cell_elements(self, parent: Any) -> Iterator[Element]:
        for child in parent:
            if child.tag == _PARAGRAPH:
                yield from self._paragraph(child, "paragraph")
            elif child.tag == _TABLE:
                yield self._table(child)
            elif child.tag not in _LEFT_OUT and len(child):
                yield from self._cell_elements(child)

    def _paragraph(self, paragraph: Any, kind: BlockKind) -> Iterator[Element]:
        style = self._style_of(paragraph, "w:pPr", "w:pStyle")
        runs: list[Run] = []
        boxes: list[Any] = []
        self._collect(paragraph, paragraph, style, runs, boxes)
        for field in self._fields:  # goes on in the next paragraph
            field.start = 0
        level = _level(paragraph, style) if kind == "paragraph" else 0
        mark = self._numbering.mark(paragraph, style) if any(run.text.strip() for run in runs) else None
        if mark is not None and shown(runs).strip():
            runs.insert(0, Run(f"{mark} "))
        is_item = mark is not None and not level and kind == "paragraph"
        yield Element(
            runs=tuple(runs),
            kind="heading" if level else "list_item" if is_item else _named(style, kind),
            level=level,
            number=mark or "" if is_item else "",
            gap=LINE_GAP if is_item and self._last_was_item else PARAGRAPH_GAP,
        )
        if runs:
            self._last_was_item = is_item
        for box in boxes:
            yield from self.elements(box, kind) if box.tag == _BOX else self._drawn(box)

    def _runs_of(self, paragraph: Any) -> list[Run]:
        runs: list[Run] = []
        self._collect(paragraph, paragraph, self._style_of(paragraph, "w:pPr", "w:pStyle"), runs, [])
        return runs

    def _collect(self, node: Any, paragraph: Any, style: list[Any], runs: list[Run], boxes: list[Any]) -> None:
        for child in node:
            if child.tag in _LEFT_OUT:
                continue
            if child.tag in (_BOX, CHART, DIAGRAM):
                boxes.append(child)
            elif child.tag == _FORMULA_TEXT:
                runs.append(Run(child.text or ""))
            elif child.tag in _NOTES:
                self._cite(child, runs)
            elif child.tag == _RUN:
                text = "".join(_characters(child))
                if text:
                    hidden = self._hidden(child, paragraph, style)
                    runs.append(Run(text if hidden else self._placed(child, text, runs, style), hidden))
                self._field(child, runs)
                self._collect(child, paragraph, style, runs, boxes)
            elif len(child):
                start = len(runs)
                self._collect(child, paragraph, style, runs, boxes)
                if child.tag == _LINK:
                    _add_target(target_of(self._links.get(child.get(qn("r:id")) or "", "")), runs, start)
                elif child.tag == _FIELD:
                    _add_target(link_of(child.get(qn("w:instr")) or ""), runs, start)

    def _placed(self, run: Any, text: str, runs: list[Run], style: list[Any]) -> str:
        """Return a run's text; of a raised one, what keeps it apart from a figure before it; marked if struck out."""
        align = run.find(f"{qn('w:rPr')}/{qn('w:vertAlign')}")
        if align is not None and align.get(qn("w:val")) == "superscript":
            text = raised(shown(runs[-4:]), text)
        holders = [run, *self._style_of(run, "w:rPr", "w:rStyle"), *style]
        strikes = [_property(holders, name) for name in ("w:strike", "w:dstrike")]
        if text.strip() and any(strike is not None and strike.get(qn("w:val")) not in _OFF for strike in strikes):
            if runs and not runs[-1].hidden and runs[-1].text.endswith(STRUCK):
                runs[-1] = Run(runs[-1].text.removesuffix(STRUCK))
                return f"{text}{STRUCK}"
            return f"{STRUCK}{text}{STRUCK}"
        return text

    def _field(self, run: Any, runs: list[Run]) -> None:
        """Follow a field through its marks: what it shows of itself, and where it leads."""
        for child in run:
            if child.tag == _INSTRUCTION and self._fields:
                self._fields[-1].instruction += child.text or ""
            elif child.tag == _FIELD_MARK:
                kind = child.get(qn("w:fldCharType"))
                if kind == "begin":
                    self._fields.append(OpenField(start=len(runs)))
                    value = form_value(child)
                    runs += [Run(value)] if value else []
                elif kind == "separate" and self._fields:
                    self._fields[-1].start = len(runs)
                elif kind == "end" and self._fields:
                    field = self._fields.pop()
                    _add_target(field.target, runs, field.start)

    def _cite(self, reference: Any, runs: list[Run]) -> None:
        kind = _NOTES[reference.tag]
        note = self._notes.get(kind, {}).get(reference.get(qn("w:id")))
        if note is None:
            return
        if kind == "comment":
            self._cited.append((kind, note, ""))
            return
        self._counts[kind] += 1
        mark = str(self._counts[kind]) if kind == "footnote" else spelled(self._counts[kind], "i")
        gap = "" if not runs or runs[-1].text[-1:].isspace() else " "
        runs.append(Run(f"{gap}[{mark}]"))
        self._cited.append((kind, note, mark))

    def _style_of(self, element: Any, properties: str, name: str) -> list[Any]:
        """Return an element's style and those it is based on, nearest first."""
        node = element.find(f"{qn(properties)}/{qn(name)}")
        styles: list[Any] = []
        key = str(node.get(qn("w:val"))) if node is not None else ""
        while key in self._styles and len(styles) < _MAX_BASES:
            styles.append(self._styles[key])
            base = styles[-1].find(qn("w:basedOn"))
            key = str(base.get(qn("w:val"))) if base is not None else ""
        return styles

    def _hidden(self, run: Any, paragraph: Any, style: list[Any]) -> str:
        holders = [run, *self._style_of(run, "w:rPr", "w:rStyle"), *style]
        vanish = _property(holders, "w:vanish")
        if vanish is not None and vanish.get(qn("w:val")) not in _OFF:
            return "not_displayed"
        size = _property(holders, "w:sz")
        if size is not None and _points(size) < TINY_PT:
            return "tiny"
        colour = _property(holders, "w:color")
        if colour is not None and (colour.get(qn("w:val")) or "").upper() == "FFFFFF":
            return "" if _shaded(run, paragraph) else "no_contrast"
        return ""


def _flat(table: Element, kind: BlockKind) -> Element:
    """Return a table of a header or footer as one line: it arranges the line rather than data."""
    return Element(runs=table.all_runs, kind=kind)


def _named(style: list[Any], kind: BlockKind) -> BlockKind:
    return "caption" if kind == "paragraph" and _style_name(style) == "caption" else kind


def _style_name(style: list[Any]) -> str:
    name = style[0].find(qn("w:name")) if style else None
    return "" if name is None else (name.get(qn("w:val")) or "").lower()


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
        elif child.tag == _SYMBOL:
            yield symbol(child)


def _add_target(target: str, runs: list[Run], start: int) -> None:
    """Put the target of a link behind its text, unless that says it already."""
    text = shown(runs[start:]).strip()
    if target and text and target.rstrip("/") != text.rstrip("/"):
        runs.append(Run(f" ({target})"))


def _number(properties: Any, name: str) -> int:
    """Return a number that properties of a row or cell state, 0 where they do not."""
    node = None if properties is None else properties.find(qn(name))
    value = "" if node is None else node.get(qn("w:val")) or ""
    return int(value) if value.isdigit() and len(value) < 5 else 0


def _is_deleted(row: Any) -> bool:
    return row.find(f"{qn('w:trPr')}/{qn('w:del')}") is not None


def _is_bold_head(rows: list[Any]) -> int:
    """Return 1 where every run of the first row is bold and none of the second is."""
    bold = [
        [
            run.find(f"{qn('w:rPr')}/{qn('w:b')}") is not None
            for run in row.iter(_RUN)
            if "".join(_characters(run)).strip()
        ]
        for row in rows[:2]
    ]
    return int(len(bold) == 2 and bool(bold[0]) and all(bold[0]) and not any(bold[1]))


def _property(holders: list[Any], name: str) -> Any:
    """Return a run property from the nearest holder that states it, else `None`."""
    for holder in holders:
        value = holder.find(f"{qn('w:rPr')}/{qn(name)}")
        if value is not None:
            return value
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
    if _style_name(style) == "title":
        return 1
    names = [_style_name([holder]) for holder in style]
    return next((int(name[8:]) for name in names if name.startswith("heading ") and name[8:].isdigit()), 0)
