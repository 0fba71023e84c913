"""Sentences, list items and table rows of a page, with their offsets and the lines that govern them.

Text from a PDF breaks its lines anywhere: a sentence runs over several, a table row is one, and a heading is told
from a sentence only by its looks. The rules here are for such text and hold for paragraphs without line breaks
too. Knows layout and punctuation; refuses to know what a sentence means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["prose", "item", "row", "heading"]
Offsets = tuple[int, int]

_BULLET = re.compile(r"\s*(?:[•●▪◦‣·○■□➢✓*–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]|\d+(?:\.\d+)+)\s+(?=\S)")
_CELL = r"(?:[$€£¥]?\s?\(?[-–−]?[$€£¥]?\d[\d,.]*\)?%?|[—–-]|[$€£¥]|n/?a)"
_ROW = re.compile(rf"{_CELL}\s+{_CELL}(?:\s+[)%]|\s+{_CELL})*\s*$", re.IGNORECASE)
_COLUMNS = re.compile(r"\S(?:\t+| {3,}| ?\| ?)\S")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBER = re.compile(r"\d[\d,.]*")
# Sentence end: a stop, perhaps closing marks or a footnote sign, white space, and something that begins a sentence.
_STOP = re.compile(
    r"[.!?…][)\]\"'”’»]*(?:\[\d+\])?(\s+)(?=[\"'“‘(\[«]?[A-Z0-9\u00c0-\u024f\u0370-\u1fff\u3040-\uffdc])"
)
_NEVER_LAST = frozenset(
    "mr mrs ms dr prof st sr jr vs fig figs no nos eq ch sec vol pp p ed eds rev gen col lt capt sgt hon rep sen gov "
    "dept est approx e.g i.e cf al viz ca art para jan feb mar apr jun jul aug sep sept oct nov dec mt ft".split()
)
_SOMETIMES_LAST = frozenset("inc corp co ltd llc plc u.s u.k u.n e.u d.c a.m p.m etc ph.d b.c a.d bros univ".split())
_STARTERS = frozenset(
    "the a an in on at it its this these that those we our they their he she his her there if when as for to and but "
    "however during after before since while with by from such all no each under both".split()
)
_FOLIO = re.compile(r"(?:page\s+)?\d{1,4}(?:\s+of\s+\d{1,4})?$", re.IGNORECASE)
_OPEN_END = re.compile(r"(?:[,;&/\-–—(]|\b(?:the|a|an|of|and|or|to|in|for|with|by|on|at|from|as|is|are|was|were))\s*$")
_LAST_WORD = re.compile(r"([\w.]*\w)\.$")
_HEADING_CHARS = 90


@dataclass(frozen=True, slots=True)
class Sentence:
    """One unit of a page that can be quoted.

    Attributes:
        start: First code point in the text.
        end: One past the last.
        kind: Running text, a list item, a table row or a heading.
        header: Span of the line that governs it: the column heads of a row, the lead-in of a list item.
        label: Span of the nearest heading or row label above it.
    """

    start: int
    end: int
    kind: Kind
    header: Offsets | None = None
    label: Offsets | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    bullet: bool
    row: bool

    @property
    def blank(self) -> bool:
        return not self.text


def _lines(text: str) -> list[_Line]:
    lines = []
    at = 0
    for raw in text.split("\n"):
        stripped = raw.strip()
        start = at + (len(raw) - len(raw.lstrip()))
        row = bool(_ROW.search(stripped) or _COLUMNS.search(stripped)) and not re.search(r"[a-z]{3}[.!?]$", stripped)
        bullet = not row and bool(_BULLET.match(stripped))
        lines.append(_Line(start, start + len(stripped), stripped, bullet, row))
        at += len(raw) + 1
    return lines


def _width(lines: list[_Line]) -> int:
    """Length that a full line has on this page: the 80th percentile."""
    lengths = sorted(len(line.text) for line in lines if line.text)
    return lengths[int(len(lengths) * 0.8)] if lengths else 0


def _breaks_after(line: _Line, following: _Line, width: int) -> bool:
    """Whether a paragraph ends between two lines."""
    if line.blank or following.blank or line.row or following.row or following.bullet:
        return True
    if _FOLIO.match(line.text) or _FOLIO.match(following.text):  # a page number
        return True
    if _OPEN_END.search(line.text) or following.text[0].islower():
        return False
    return len(line.text) < 0.7 * width


def _blocks(lines: list[_Line], width: int) -> list[list[_Line]]:
    """Group lines into paragraphs, list items and single rows."""
    blocks: list[list[_Line]] = []
    current: list[_Line] = []
    for line in lines:
        if current and _breaks_after(current[-1], line, width):
            blocks.append(current)
            current = []
        if not line.blank:
            current.append(line)
    return [*blocks, current] if current else blocks


def _ends_sentence(text: str, stop: int, following: str) -> bool:
    """Whether the full stop at `text[stop]` ends a sentence, given the word after it."""
    if text[stop] != ".":
        return True
    last = _LAST_WORD.search(text, max(0, stop - 24), stop + 1)
    if last is None:
        return True
    word = last[1].casefold()
    starter = following.casefold() in _STARTERS
    if word in _NEVER_LAST:
        return word in ("no", "art", "mar", "est") and starter
    if word in _SOMETIMES_LAST or re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
        return starter
    if len(word) == 1 and word.isalpha():  # an initial: "J. Smith"
        return starter and following[:1].isupper()
    return not (word.isdigit() and len(word) <= 2 and _starts_line(text, last.start()))


def _starts_line(text: str, at: int) -> bool:
    return not text[:at].rpartition("\n")[2].strip()


def split_prose(text: str, start: int, end: int) -> list[Offsets]:
    """Split a paragraph `text[start:end]` at sentence ends; line breaks count as blanks."""
    spans: list[Offsets] = []
    at = start
    for stop in _STOP.finditer(text, start, end):
        following = re.match(r"[\"'“‘(\[«]?([\w’']+)", text[stop.end() : stop.end() + 24])
        if _ends_sentence(text, stop.start(), following[1] if following else ""):
            spans.append((at, stop.start(1)))
            at = stop.end()
    if text[at:end].strip():
        spans.append((at, end))
    return spans


def _is_heading(block: list[_Line]) -> bool:
    text = block[0].text
    return len(block) == 1 and len(text) <= _HEADING_CHARS and not re.search(r"[.!?;,]$", text) and not block[0].row


def _is_header(text: str) -> bool:
    """Whether a row holds the heads of columns: years, or no number at all."""
    figures = _NUMBER.findall(text)
    years = _YEAR.findall(text)
    return len(years) + sum(
        figure.strip(",.").isdigit() and int(figure.strip(",.")) <= 31 for figure in figures
    ) >= len(figures) and (bool(years) or not figures)


def _names_columns(text: str, span: Offsets, header: Offsets | None) -> bool:
    """Whether a heading takes over as the column heads of the rows below it."""
    if _YEAR.search(text, *span) or header is None:
        return True
    heading = text[slice(*span)]
    return not _YEAR.search(text, *header) and len(heading.split()) > 1 and not heading.endswith(":")


def sentences(text: str) -> list[Sentence]:
    """Cut a page, or a piece of one, into sentences, list items, table rows and headings, in order.

    Spans do not overlap, begin and end with a visible character and together hold every visible character
    of `text`.
    """
    lines = _lines(text)
    found: list[Sentence] = []
    label: Offsets | None = None
    header: Offsets | None = None
    lead: Offsets | None = None
    for block in _blocks(lines, _width(lines)):
        span = (block[0].start, block[-1].end)
        if block[0].row:
            head = _is_header(block[0].text)
            found.append(Sentence(*span, "heading" if head else "row", header, label))
            header = span if head else header
        elif block[0].bullet:
            found += [Sentence(*part, "item", lead, label) for part in split_prose(text, *span)]
        elif _is_heading(block):
            found.append(Sentence(*span, "heading", None, label))
            label = span
            if _names_columns(text, span, header):
                header = span
            lead = span if block[0].text.endswith(":") else None
        else:
            parts = split_prose(text, *span)
            found += [Sentence(*part, "prose", None, label) for part in parts]
            header = None
            lead = parts[-1] if text[: parts[-1][1]].endswith(":") else None
    return [_trimmed(sentence, text) for sentence in found]


def _trimmed(sentence: Sentence, text: str) -> Sentence:
    piece = text[sentence.start : sentence.end]
    start = sentence.start + len(piece) - len(piece.lstrip())
    return replace(sentence, start=start, end=start + len(piece.strip()))
