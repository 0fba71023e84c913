"""Formats without pages: a file becomes a row of sections, one per heading, and each is treated as a page.

The readers of Markdown, HTML, DOCX and plain text only say what stands in the file, block by block; what is common
stands here. Text without headings, and sections too long to look through, are cut at paragraph borders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.settings import IngestSettings
from core.types import Page
from rag.load.clean import clean
from rag.load.page import make_page
from rag.load.reader import FileInfo
from rag.load.title import first_sensible, tidy

SECTION_CHARS = 4000  # about one printed page: what a person can look through to check a quote
LABEL_CHARS = 120  # of each heading above a section: all sections below repeat it
_BORDERS = ("\n\n", "\n", ". ", " ")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, as written.

    Attributes:
        text: Its characters, invisible ones included.
        hidden: Why a viewer does not show it; `""` when it does.
    """

    text: str
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a heading, in reading order.

    Attributes:
        runs: What it holds.
        level: 1 for a heading of the first level and so on; 0 for a paragraph.
        close: Whether it follows the block before it without a gap, as rows and list items do.
    """

    runs: tuple[Run, ...]
    level: int = 0
    close: bool = False

    @property
    def shown(self) -> str:
        """What a viewer shows of it."""
        return "".join(run.text for run in self.runs if not run.hidden)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a reader found in a file.

    Attributes:
        blocks: Headings and paragraphs in order.
        title: What the file's metadata calls it.
        metadata: What else the file says of itself.
    """

    blocks: tuple[Block, ...]
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


def plain_block(text: str) -> Block:
    """Return text without structure as one block, line ends made `\\n`."""
    return Block((Run(text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")),))


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
        self._limits, self._parser = limits, parser
        self._sections = list(_sections(outline.blocks)) or [_Section("", "", ())]
        headings = [block.shown for block in outline.blocks if block.level][:1]
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
        cleaned = clean(section.raw, section.drop)
        return make_page(
            index, cleaned, parser=self._parser, limits=self._limits, label=section.label, blank="holds no text"
        )

    def close(self) -> None:
        """Forget the sections."""
        self._sections.clear()


@dataclass(frozen=True, slots=True)
class _Section:
    label: str
    raw: str
    drop: tuple[tuple[int, int, str], ...]


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    """Group blocks under their headings; a heading with nothing below it joins the section that follows."""
    path: dict[int, str] = {}
    group: list[Block] = []
    label, has_body = "", False
    for block in blocks:
        if not any(run.text.strip() for run in block.runs):
            continue
        if block.level:
            if has_body:
                yield from _cut(label, group)
                group, has_body = [], False
            path = {level: name for level, name in path.items() if level < block.level}
            path[block.level] = tidy(block.shown)[:LABEL_CHARS]
            label = " > ".join(name for _, name in sorted(path.items()) if name)
        group.append(block)
        has_body = has_body or not block.level
    yield from _cut(label, group)


def _cut(label: str, blocks: list[Block]) -> Iterator[_Section]:
    """Yield the blocks as one section, or as parts of at most `SECTION_CHARS` cut at the best border."""
    pieces: list[str] = []
    drop: list[tuple[int, int, str]] = []
    position = 0
    for block in blocks:
        gap = "\n" if block.close else "\n\n"
        if pieces and block.shown.strip():
            pieces.append(gap)
            position += len(gap)
        for run in block.runs:
            if run.hidden and run.text:
                drop.append((position, position + len(run.text), run.hidden))
            pieces.append(run.text)
            position += len(run.text)
    raw = "".join(pieces)
    start, part, first = 0, 1, 0  # the first hidden span that reaches into this part
    while start < len(raw):
        end = _border(raw, start)
        while first < len(drop) and drop[first][1] <= start:
            first += 1
        after = first
        while after < len(drop) and drop[after][0] < end:
            after += 1
        inside = tuple((max(low, start) - start, min(high, end) - start, kind) for low, high, kind in drop[first:after])
        shift = len(raw[start:end]) - len(raw[start:end].lstrip("\n"))
        inside = tuple((max(0, low - shift), max(0, high - shift), kind) for low, high, kind in inside)
        name = f"{label}, part {part}".lstrip(", ") if part > 1 else label
        yield _Section(name, raw[start + shift : end], inside)
        start, part = end, part + 1


def _border(raw: str, start: int) -> int:
    """Return where a part that begins at `start` ends: the last border before it grows too long."""
    limit = start + SECTION_CHARS
    if limit >= len(raw):
        return len(raw)
    for border in _BORDERS:
        at = raw.rfind(border, start + SECTION_CHARS // 2, limit)
        if at >= 0:
            return at + len(border)
    return limit
