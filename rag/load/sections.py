"""Formats without pages: a file becomes a row of sections, one per heading, and each is treated as a page.

Text without headings, and sections too long to look through, are cut between elements, long paragraphs at sentence
ends and long tables between rows, with their heads carried along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.blocks import Block, Cell
from core.clean import clean
from core.language.english.printed.pages import PART_TITLE
from core.settings import IngestSettings
from core.types import Page
from rag.load.outline import CELL_GAP, PARAGRAPH_GAP, Element, Outline, OutlineCell, Run, row_is_shown
from rag.load.page import make_page
from rag.load.reader import FileInfo
from rag.load.spans import SpanMap
from rag.load.title import first_sensible, tidy

SECTION_CHARS = 4000  # about one printed page: what a person can look through to check a quote
LABEL_CHARS = 120  # of each heading above a section: all sections below repeat it
_BORDERS = ("\n\n", "\n", ". ", " ")


class SectionReader:
    """A file that was read whole, section by section.

    Args:
        path: The file, for its name.
        kind: See `FileInfo`.
        parser: The reader, with version.
        outline: What it found.
        limits: Characters per section.
    """

    def __init__(self, path: Path, kind: str, parser: str, outline: Outline, limits: IngestSettings) -> None:
        self._limits, self._parser, self._note = limits, parser, outline.note
        self._sections = list(_sections(outline.elements)) or [_Section("", ())]
        first = next((element.shown for element in outline.elements if element.level), "")
        headings = [] if PART_TITLE.match(first) else [first]
        self.info = FileInfo(
            kind=kind,
            unit="section",
            title=first_sensible([outline.title, *headings], path.name),
            n_pages=len(self._sections),
            parser=parser,
            metadata={name: tidy(value)[:1000] for name, value in outline.metadata.items() if value.strip()},
        )

    def page(self, index: int) -> Page:
        """Return one section."""
        section = self._sections[index]
        joined = _Joined(section.elements)
        cleaned = clean(joined.raw, joined.drop)
        page = make_page(
            index,
            cleaned,
            parser=self._parser,
            limits=self._limits,
            label=section.label,
            note=self._note,
            blank="holds no text",
        )
        if not page.text:
            return page
        spans = SpanMap(page.text, cleaned.edits)
        return replace(page, blocks=tuple(block for placed in joined.placed if (block := placed.block(spans))))

    def close(self) -> None:
        """Forget the sections."""
        self._sections.clear()


@dataclass(frozen=True, slots=True)
class _Section:
    label: str
    elements: tuple[Element, ...]


def _sections(elements: Iterable[Element]) -> Iterator[_Section]:
    """Group elements under their headings; a heading with nothing below it joins the section that follows."""
    path: dict[int, str] = {}
    group: list[Element] = []
    label, has_body = "", False
    for element in elements:
        if not any(run.text.strip() for run in element.all_runs):
            continue
        if element.starts:
            yield from _cut(label, group)
            path, group, has_body = {}, [], False
            label = element.starts
        elif element.level:
            if has_body:
                yield from _cut(label, group)
                group, has_body = [], False
            path = {level: name for level, name in path.items() if level < element.level}
            path[element.level] = tidy(element.shown)[:LABEL_CHARS]
            label = " > ".join(name for _, name in sorted(path.items()) if name)
        group.append(element)
        has_body = has_body or not (element.level or element.is_running)
    yield from _cut(label, group)


def _cut(label: str, elements: Sequence[Element]) -> Iterator[_Section]:
    """Yield the elements as one section, or as parts of at most `SECTION_CHARS` unless one row is longer."""
    part: list[Element] = []
    size, number = 0, 1
    waiting = list(reversed(elements))
    while waiting:
        element = waiting.pop()
        length = _length(element) + (len(element.gap) if part else 0)
        if size + length <= SECTION_CHARS:
            part.append(element)
            size += length
            continue
        if size < SECTION_CHARS // 2:
            first, *rest = _split(element, SECTION_CHARS - size)
            part.append(first)
            waiting += reversed(rest)
        else:
            waiting.append(element)
        yield _Section(_part_label(label, number), tuple(part))
        part, size, number = [], 0, number + 1
    if part:
        yield _Section(_part_label(label, number), tuple(part))


def _length(element: Element) -> int:
    return sum(len(run.text) for run in element.all_runs)


def _part_label(label: str, number: int) -> str:
    return f"{label}, part {number}".lstrip(", ") if number > 1 else label


def _split(element: Element, room: int) -> list[Element]:
    """Split an element into pieces of at most `SECTION_CHARS` code points, the first of at most `room`."""
    return _split_rows(element, room) if element.rows else _split_text(element, room)


def _split_text(element: Element, room: int) -> list[Element]:
    raw = "".join(run.text for run in element.runs)
    cuts = [0]
    while cuts[-1] < len(raw):
        cuts.append(_border(raw, cuts[-1], room if len(cuts) == 1 else SECTION_CHARS))
    pieces: list[list[Run]] = [[] for _ in cuts[1:]]
    position, piece = 0, 0
    for run in element.runs:
        offset = 0
        while offset < len(run.text):
            end = min(len(run.text), cuts[piece + 1] - position)
            pieces[piece].append(Run(run.text[offset:end], run.hidden))
            offset = end
            if position + end == cuts[piece + 1] and piece + 1 < len(pieces):
                piece += 1
        position += len(run.text)
    first = replace(element, runs=tuple(pieces[0]))
    return [first, *(replace(element, runs=tuple(runs), **_REST) for runs in pieces[1:])]


# What a piece of a cut element has of its own.
_REST: dict[str, Any] = {"number": "", "continues": True, "level": 0, "gap": PARAGRAPH_GAP, "starts": ""}


def _split_rows(element: Element, room: int) -> list[Element]:
    groups: list[list[tuple[OutlineCell, ...]]] = [[]]
    size = 0
    for number, row in enumerate(element.rows):
        length = sum(len(run.text) for cell in row for run in cell.runs) + len(CELL_GAP) * len(row)
        limit = room if len(groups) == 1 else SECTION_CHARS
        if groups[-1] and number > element.head_rows and size + length > limit:
            groups.append([])
            size = 0
            row = (replace(row[0], before=None), *row[1:])
        groups[-1].append(row)
        size += length
    heads = element.carried_heads or tuple(_spread(row) for row in element.rows[: element.head_rows])
    last = len(groups) - 1
    return [
        replace(element, rows=tuple(rows), tail=element.tail if place == last else "")
        if not place
        else replace(
            element,
            rows=tuple(rows),
            head_rows=0,
            carried_heads=heads,
            continues=True,
            gap=PARAGRAPH_GAP,
            starts="",
            tail=element.tail if place == last else "",
        )
        for place, rows in enumerate(groups)
    ]


def _spread(row: Sequence[OutlineCell]) -> tuple[str, ...]:
    """Return the texts of a head row, one per column."""
    return tuple(" ".join(cell.shown.split()) for cell in row for _ in range(cell.column_span))


def _border(raw: str, start: int, room: int) -> int:
    """Return where a part that begins at `start` ends: the last border before it has more than `room` code points."""
    limit = start + room
    if limit >= len(raw):
        return len(raw)
    for border in _BORDERS:
        position = raw.rfind(border, start + room // 2, limit)
        if position >= 0:
            return position + len(border)
    return limit


@dataclass(frozen=True, slots=True)
class _Placed:
    """An element with its span in the raw text of its section, and those of its cells."""

    element: Element
    start: int
    end: int
    rows: tuple[tuple[tuple[int, int, OutlineCell], ...], ...] = ()
    head_rows: int = 0

    def block(self, spans: SpanMap) -> Block | None:
        """Return the block on the page, `None` where nothing of it shows."""
        start, end = spans.clean(self.start, self.end)
        if start == end:
            return None
        element = self.element
        rows = tuple(
            tuple(
                Cell(start=low, end=high, row_span=cell.row_span, column_span=cell.column_span)
                for (low, high), cell in ((spans.clean(first, last), cell) for first, last, cell in row)
            )
            for row in self.rows
        )
        if rows:  # an empty cell at either end belongs to the table
            start, end = min(start, rows[0][0].start), max(end, rows[-1][-1].end)
        return Block(
            kind=element.kind,
            start=start,
            end=end,
            level=element.level,
            number=element.number,
            name=element.name,
            rows=rows,
            head_rows=self.head_rows,
            carried_heads=element.carried_heads,
            continues=element.continues,
        )


class _Joined:
    """The raw text of a section, with what is hidden and where each element lies."""

    def __init__(self, elements: Sequence[Element]) -> None:
        self._pieces: list[str] = []
        self._position = 0
        self.drop: list[tuple[int, int, str]] = []
        self.placed: list[_Placed] = []
        something = False
        for element in elements:
            if something and element.shown.strip():
                self._add([Run(element.gap)])
            something = something or bool(element.shown.strip())
            start = self._position
            rows: list[list[tuple[int, int, OutlineCell]]] = []
            for runs, row, cell in element.pieces():
                begin = self._position
                self._add(runs)
                if cell is not None:
                    rows += [[]] if row == len(rows) else []
                    rows[row].append((begin, self._position, cell))
            heads = sum(row_is_shown(row) for row in element.rows[: element.head_rows])
            self.placed.append(_Placed(element, start, self._position, tuple(map(tuple, rows)), heads))
        self.raw = "".join(self._pieces)

    def _add(self, runs: Sequence[Run]) -> None:
        for run in runs:
            if run.hidden and run.text:
                self.drop.append((self._position, self._position + len(run.text), run.hidden))
            self._pieces.append(run.text)
            self._position += len(run.text)
