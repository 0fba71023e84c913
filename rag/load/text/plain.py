"""Reads plain text as it stands: paragraphs, list items, and tables where columns are certain.

Every character keeps its place, but for the hyphens and line ends amid words and ranges that were wrapped at them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.hyphens import LINE_END_HYPHEN
from core.settings import IngestSettings
from rag.load.outline import Element, Outline, OutlineCell, Run
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode_file
from rag.load.text.grid import guess_head_rows

_GAP = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")
_MARK = re.compile(r"[ \t]*(?P<mark>[-*•‣▪–]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlIVXL]{1,5})[.)])[ \t]+(?=\S)")
_BULLETS = frozenset("-*•‣▪–")
_MIN_TABLE_LINES = 3
_MAX_TABLE_LINES = 2000
_RULE = re.compile(r"[\s|+:=_-]*[-=_]{3,}[\s|+:=_-]*")
# A line of several words that ends in a hyphen goes on in the next one. Behind an amount, a number or a letter the sign
# may be a minus.
_WRAPPED = re.compile(
    r"(?:(?<=[^\W\d_])-|(?<=\d)-(?=\s*[^\W\d_])|(?<=\d)-(?=\s*\d+\b(?![.,]\d|-)))[ \t]*\n[ \t]*(?=[^\W_])"
)


def read_plain(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a text file.

    Raises:
        DataError: It is not text.
    """
    text, note = decode_file(path)
    return SectionReader(path, "text", "plain text", Outline(elements_of(text), note=note), limits)


def elements_of(text: str) -> tuple[Element, ...]:
    """Return text without markup as elements that join to the same text, line ends made `\\n`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    elements: list[Element] = []
    position, gap = 0, ""
    text = text.strip("\n")
    for match in [*_GAP.finditer(text), None]:
        end = len(text) if match is None else match.start()
        for element in _paragraph(text[position:end], gap):
            elements.append(element)
        if match is not None:
            position, gap = match.end(), match[0]
    return tuple(elements)


def _paragraph(text: str, gap: str) -> Iterator[Element]:
    """Yield one paragraph: a table, the items of a list, or itself."""
    lines = text.split("\n")
    table = _table(lines) if _MIN_TABLE_LINES <= len(lines) <= _MAX_TABLE_LINES else None
    if table is not None:
        yield _table_element(lines, table, gap)
        return
    for number, part in enumerate(_items(lines)):
        mark = _MARK.match(part)
        yield Element(
            runs=(Run(_unwrapped(part)),),
            kind="list_item" if mark else "paragraph",
            number=mark["mark"] if mark else "",
            gap="\n" if number else gap,
        )


def _unwrapped(text: str) -> str:
    """Return a paragraph with the mark of a hyphen at a line end for each hyphen that a line was wrapped at."""

    def marked(match: re.Match[str]) -> str:
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        words = line.split()
        may_be_minus = line[-1].isdigit() or len(words[-1]) == 1
        goes_on = len(words) > 1 and not (may_be_minus and text[match.end()].isupper())
        return LINE_END_HYPHEN if goes_on else match[0]

    return _WRAPPED.sub(marked, text)


def _items(lines: Sequence[str]) -> list[str]:
    """Return the items of a list with what stands before it; text that is no list stays whole."""
    marked = [_MARK.match(line) for line in lines]
    marks = [match["mark"] for match in marked if match]
    # One mark amid a paragraph may be a sentence that happens to begin a line with "a." or "12)".
    if not marks or (len(marks) == 1 and marked[0] is None) or (marks[0] not in _BULLETS and not _counts(marks)):
        return ["\n".join(lines)]
    parts: list[list[str]] = []
    for line, match in zip(lines, marked, strict=True):
        if match or not parts:
            parts.append([line])
        else:
            parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _counts(marks: Sequence[str]) -> bool:
    """Tell whether the numbers among marks go up, as those of a list do."""
    numbers = [int(digits) for mark in marks if (digits := mark.strip("().")).isdigit()]
    return numbers == sorted(numbers)


def _table(lines: Sequence[str]) -> list[list[tuple[int, int]]] | None:
    """Return the column spans of each line where the columns are certain, `None` where they are not.

    Lines of one table are parted by bars, by tabs, or by gutters of two blanks that run through every line.
    """
    if all("|" in line for line in lines if line.strip() and not _RULE.fullmatch(line)):
        return _even(_split_bars(lines))
    if all("\t" in line.strip() for line in lines):
        return _even([_split_line(line, "\t") for line in lines])
    return _gutters(lines)


def _split_bars(lines: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Return the cells of each line: bars at a side are borders where every line has one there.

    Where that gives rows of different lengths, each line is read by its own bars.
    """
    texts = [line.strip() for line in lines if not _RULE.fullmatch(line)]
    opens, closes = all(text.startswith("|") for text in texts), all(text.endswith("|") for text in texts)
    rows = [_split_line(line, "|", opens, closes) for line in lines]
    if _even(rows) is None:
        rows = [_split_line(line, "|", line.strip().startswith("|"), line.strip().endswith("|")) for line in lines]
    return rows


def _split_line(line: str, mark: str, opens: bool = False, closes: bool = False) -> list[tuple[int, int]]:
    """Return the spans between the marks of a line, without the one before (`opens`) and behind (`closes`) them all."""
    if _RULE.fullmatch(line):
        return []
    cells, start = [], 0
    for end in [*(i for i, character in enumerate(line) if character == mark), len(line)]:
        cells.append((start, end))
        start = end + 1
    return cells[int(opens) : len(cells) - int(closes)]


def _even(rows: list[list[tuple[int, int]]]) -> list[list[tuple[int, int]]] | None:
    """Return rows that are a table: two at least, of the same number of cells, more than one."""
    counts = {len(row) for row in rows if row}
    return rows if len(counts) == 1 and min(counts) > 1 and sum(map(bool, rows)) > 1 else None


def _gutters(lines: Sequence[str]) -> list[list[tuple[int, int]]] | None:
    body = [line.expandtabs() for line in lines if not _RULE.fullmatch(line)]
    if len(body) < _MIN_TABLE_LINES or any("\t" in line for line in lines):
        return None
    width = max(map(len, body))
    blank = [all(column >= len(line) or line[column] == " " for line in body) for column in range(width)]
    edges: list[tuple[int, int]] = []  # columns of text between gutters
    start: int | None = None
    for column in range(width):
        wide = blank[column] and (column + 1 == width or blank[column + 1] or (column > 0 and blank[column - 1]))
        if not wide and start is None:
            start = column
        elif wide and start is not None:
            edges.append((start, column))
            start = None
    if start is not None:
        edges.append((start, width))
    if len(edges) < 2:
        return None
    # Every row begins with its name, and most cells hold something: else it is prose with wide blanks.
    cells = [[line[low:high].strip() for low, high in edges] for line in body]
    filled = sum(bool(cell) for row in cells for cell in row)
    if any(not row[0] for row in cells) or filled < 0.7 * len(cells) * len(edges):
        return None
    if max(len(cell) for row in cells for cell in row) > max(40, width // 2):
        return None
    return [[] if _RULE.fullmatch(line) else [(low, min(high, len(line))) for low, high in edges] for line in lines]


def _table_element(lines: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]], gap: str) -> Element:
    """Return a table whose text is that of the lines; lines that only rule it lie between its rows."""
    text, offset, last = "\n".join(lines), 0, 0
    rows: list[tuple[OutlineCell, ...]] = []
    for line, row in zip(lines, spans, strict=True):
        cells = []
        for low, high in row:
            cell = line[low : max(low, high)]
            start = offset + min(low, len(line)) + len(cell) - len(cell.lstrip())
            cells.append(OutlineCell((Run(cell.strip()),), before=text[last : max(last, start)]))
            last = max(last, start) + len(cell.strip())
        if cells:
            rows.append(tuple(cells))
        offset += len(line) + 1
    ruled = next((number for number, row in enumerate(spans) if not row and number), 0)
    above = sum(map(bool, spans[:ruled]))
    heads = above if 0 < above <= 2 else guess_head_rows([[cell.shown for cell in row] for row in rows])
    return Element(kind="table", rows=tuple(rows), head_rows=heads, gap=gap, tail=text[last:])
