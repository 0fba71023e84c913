"""Sentences, list items and table rows of a page, with their offsets and the lines that govern them.

Text from a PDF breaks its lines anywhere: a sentence runs over several, a table row is one, and a heading is told
from a sentence only by its looks. The rules here are for such text and hold for paragraphs without line breaks
too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from core.language.english.printed import documents
from core.language.language import alternation, language
from core.reading.text.labels import begins_with_label

Kind = Literal["prose", "item", "row", "heading"]
Offsets = tuple[int, int]
_BlockKind = Literal["row", "line", "item", "prose"]

_ENGLISH = language("en")
_SIGN_BULLET = re.compile(r"[•●▪◦‣·○■□➢✓*–—-]\s+(?=\S)")
_COUNTED_BULLET = re.compile(r"(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]|\d+(?:\.\d+)+)\s+(?=[^a-z\s])")
_CELL = r"(?:[$€£¥]?\s?\(?[-–−]?[$€£¥]?\d[\d,.]*\)?%?|[—–-]|[$€£¥]|n/?a)"
_ROW = re.compile(rf"{_CELL}\s+{_CELL}(?:\s+[)%]|\s+{_CELL})*\s*$", re.IGNORECASE)
_COLUMNS = re.compile(r"\S(?:\t+| {3,}| ?\| ?)\S")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBER = re.compile(r"\d[\d,.]*")
# Sentence end: a stop, perhaps closing marks or a footnote sign, white space, and something that begins a sentence: a
# capital, a figure, or a word such as "pH".
# Chinese and Japanese stops need no white space after them.
_RAISED = r"[\u2070\xb9\xb2\xb3\u2074-\u2079†‡]+"
_STOP = re.compile(
    rf"(?:[.!?…؟۔।॥][)\]\"'”’»]*(?:\[\d+\]|\s?{_RAISED}(?:,{_RAISED})*)?(?P<gap>\s+)"
    r"(?=[\"'“‘(\[«]?(?:[A-Z0-9\u00c0-\u024f\u0370-\u1fff\u3040-\uffdc]|[a-z][A-Z]))"
    r"|[。！？｡]+[」』）”’]*(?P<none>\s*)(?=\S))"
)
# What ends like a sentence, or holds a stop that no abbreviation is written with, is no heading.
_ENDED = re.compile(r"[.!?;,]$|[。！？｡；，؟۔।]")
_OPEN_END = re.compile(rf"(?:[,;&/\-–—(]|\b(?:{alternation(_ENGLISH.open_words)}))\s*$")
_LAST_WORD = re.compile(r"([\w.]*\w)\.$")
# A line that ends a sentence with a word, or with a figure behind another sentence: "... Call us on 0664 555 7120."
_RUNNING = re.compile(
    rf"[a-z]{{3}}[.!?]$|[a-z]{{2}}[.!?]\s+[A-Z].*\d[.!?]$|\s(?:{alternation(_ENGLISH.open_words)})\s\+?\d[\d\s/()-]*[.!?]$"
)
_HEADING_CHARS = 90
_PROPERTY = re.compile(r"[^:]{2,40}:\s+\S")  # "Weight: 12 kg"
_FEWEST_ROWS = 3
_FIGURED = 0.75  # of the lines of a table without heads
_TEXTS_KEPT = 512


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
    """A line of the page, stripped; `row` if it ends in figures or stands in columns."""

    start: int
    end: int
    text: str
    row: bool


@dataclass(slots=True)
class _Block:
    """Lines that belong together.

    Attributes:
        kind: `row` for one line of figures, `line` for one that reads like a heading, `item`, or `prose`.
        joined: Whether it follows the block before without a blank line.
    """

    lines: list[_Line]
    kind: _BlockKind
    joined: bool

    @property
    def span(self) -> Offsets:
        return self.lines[0].start, self.lines[-1].end

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


def _lines(text: str) -> list[_Line]:
    lines = []
    line_start = 0
    for raw in text.split("\n"):
        stripped = raw.strip()
        start = line_start + (len(raw) - len(raw.lstrip()))
        running = _RUNNING.search(stripped) or documents.DATE_END.search(stripped)
        row = bool(_ROW.search(stripped) or _COLUMNS.search(stripped)) and not running
        lines.append(_Line(start, start + len(stripped), stripped, row))
        line_start += len(raw) + 1
    return lines


def _width(lines: list[_Line]) -> int:
    """Length that a full line has on this page: the 80th percentile."""
    lengths = sorted(len(line.text) for line in lines if line.text)
    return lengths[int(len(lengths) * 0.8)] if lengths else 0


def _begins_item(line: _Line, before: _Line | None, width: int) -> bool:
    """Whether a line begins a list item; a number at its head may as well go on a sentence ("is\\n6.2 million")."""
    if _SIGN_BULLET.match(line.text):
        return True
    if not _COUNTED_BULLET.match(line.text):
        return False
    ended = before is None or not before.text or before.text[-1] in ".:;!?" or len(before.text) < 0.7 * width
    return ended or bool(_COUNTED_BULLET.match(before.text)) if before else True


def _breaks(line: _Line, following: _Line, width: int) -> bool:
    """Whether a paragraph ends between two lines."""
    if line.row or following.row or documents.FOLIO.match(line.text) or documents.FOLIO.match(following.text):
        return True
    if _OPEN_END.search(line.text) or following.text[0].islower():
        return False
    if begins_with_label(line.text) and begins_with_label(following.text):
        return True
    # Text is filled greedily: had it gone on, the next word would have fitted (letters are not equally wide).
    return len(line.text) + 1 + len(following.text.split(None, 1)[0]) < 0.88 * width


def _blocks(lines: list[_Line]) -> list[_Block]:
    """Group lines into paragraphs, list items, rows and headings."""
    width = _width(lines)
    blocks: list[_Block] = []
    before: _Line | None = None
    for line in lines:
        if line.text:
            item = not line.row and _begins_item(line, before, width)
            if before is None or not before.text or item or _breaks(before, line, width):
                kind: _BlockKind = "row" if line.row else "item" if item else "prose"
                blocks.append(_Block([line], kind, joined=before is not None and bool(before.text)))
            else:
                blocks[-1].lines.append(line)
        before = line
    return [part for block in blocks for part in _as_lines(block)]


def _as_lines(block: _Block) -> list[_Block]:
    """A block that reads like headings, not like sentences, falls apart into its lines."""
    dated = len(block.lines) == 1 and documents.DATE_HEAD.fullmatch(block.text)
    if block.kind != "prose" or (_ENDED.search(block.text) and not dated):
        return [block]
    alone = len(block.lines) == 1 and len(block.text) <= _HEADING_CHARS
    listed = len(block.lines) > 1 and not any(
        line.text[0].islower() or re.search(r"[a-z]{2}[.!?]\s", line.text) or _OPEN_END.search(line.text)
        for line in block.lines
    )
    if not alone and not listed:
        return [block]
    return [_Block([line], "line", block.joined if index == 0 else True) for index, line in enumerate(block.lines)]


def _ends_sentence(text: str, stop: int, following: str) -> bool:
    """Whether the full stop at `text[stop]` ends a sentence, given the word after it."""
    if text[stop] != ".":
        return True
    last = _LAST_WORD.search(text, max(0, stop - 24), stop + 1)
    if last is None:
        return True
    word = last[1].casefold()
    starter = following.casefold() in _ENGLISH.sentence_starters
    if word in _ENGLISH.abbreviations:
        return word in _ENGLISH.ambiguous_abbreviations and starter
    if word in _ENGLISH.final_abbreviations or re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
        return starter
    if len(word) == 1 and last[1].isupper() and not text[last.start() - 1 : last.start()].strip():
        return starter and following[:1].isupper()  # an initial: "J. Smith"
    return not (word.isdigit() and len(word) <= 2 and not text[: last.start()].rpartition("\n")[2].strip())


def split_prose(text: str, start: int, end: int) -> list[Offsets]:
    """Split a paragraph `text[start:end]` at sentence ends; line breaks count as blanks."""
    spans: list[Offsets] = []
    sentence_start = start
    for stop in _STOP.finditer(text, start, end):
        following = re.match(r"[\"'“‘(\[«]?([\w’']+)", text[stop.end() : stop.end() + 24])
        if _ends_sentence(text, stop.start(), following[1] if following else ""):
            spans.append((sentence_start, stop.start("none" if stop["gap"] is None else "gap")))
            sentence_start = stop.end()
    if text[sentence_start:end].strip():
        spans.append((sentence_start, end))
    return spans


def _heads_columns(text: str) -> bool:
    """Whether a line holds the heads of columns: years, days of a month, or no figure at all."""
    figures = [figure.strip(",.") for figure in _NUMBER.findall(_YEAR.sub(" ", text))]
    return all(figure.isdigit() and int(figure) <= 31 for figure in figures)


def _is_row_like_others(run: list[_Block]) -> bool:
    """Whether the first line holds figures that head no columns, as most lines below it do."""
    with_figures = sum(bool(_NUMBER.search(block.text)) for block in run)
    return not _heads_columns(run[0].text) and with_figures >= _FIGURED * len(run)


def _table(run: list[_Block]) -> list[Sentence]:
    """Rows, with the heads of their columns, from lines that stand together."""
    caption = next((index for index, block in enumerate(run) if documents.CAPTION.match(block.text)), -1)
    first = next((index for index, block in enumerate(run) if index > caption and _NUMBER.search(block.text)), 1)
    head = caption + 1 if caption >= 0 else max(0, first - 1)
    figures = sum(block.kind == "row" for block in run)
    heads = sum(block.kind != "row" and bool(documents.COLUMN_HEAD.search(block.text)) for block in run)
    if len(run) - head <= _FEWEST_ROWS - (caption >= 0) or figures * 2 >= len(run) - heads:
        return _figures(run)
    if not first and caption < 0 and _is_row_like_others(run):
        return [Sentence(*block.span, "row") for block in run]
    rows: list[Sentence] = []
    label = run[caption].span if caption >= 0 else run[head - 1].span if head > 0 else None
    for index, block in enumerate(run):
        if index <= head:
            rows.append(Sentence(*block.span, "heading", None, rows[-1].label if rows else None))
        else:
            rows.append(Sentence(*block.span, "row", run[head].span, label))
    return rows


def _figures(run: list[_Block]) -> list[Sentence]:
    """A table of figures: lines without figures are column heads or label the rows below them."""
    rows: list[Sentence] = []
    header: Offsets | None = None
    label: Offsets | None = None
    dated = False
    growing = False  # heads of columns may stand on several lines
    for block in run:
        filled = block.kind == "row" and not _heads_columns(block.text)
        if filled or _PROPERTY.match(block.text):
            rows.append(Sentence(*block.span, "row", header if filled else None, label))
            growing = False
            continue
        rows.append(Sentence(*block.span, "heading", header, label))
        if documents.COLUMN_HEAD.search(block.text) and not block.text.endswith(":"):
            header = (header[0], block.span[1]) if header and growing else block.span
            dated = growing = True
            continue
        growing = False
        if not dated and (header is None or (len(block.text.split()) > 1 and not block.text.endswith(":"))):
            header = block.span
        label = block.span if block.kind == "line" else label
    return rows


def sentences(text: str) -> list[Sentence]:
    """Cut a page, or a piece of one, into sentences, list items, table rows and headings, in order.

    Spans do not overlap, begin and end with a visible character and together hold every visible character
    of `text`.
    """
    units: list[Sentence] = []
    run: list[_Block] = []
    label: Offsets | None = None
    lead: Offsets | None = None
    above: Offsets | None = None  # what a run of rows stands under
    for block in _blocks(_lines(text)):
        if run and not (block.kind in ("row", "line") and block.joined):
            rows = _table(run)
            units, label, run = [*units, *_under(rows, above)], _label_after(rows) or label, []
        if block.kind in ("row", "line"):
            above = above if run else lead or label
            run.append(block)
            lead = block.span if block.text.endswith(":") else None
            continue
        parts = split_prose(text, *block.span)
        if block.kind == "item":
            units += [Sentence(*part, "item", lead, label) for part in parts]
            continue
        for part in parts:
            glued = part is parts[-1] and len(parts) > 1 and _is_glued_heading(text, part)
            units.append(Sentence(*part, "heading" if glued else "prose", None, label))
            label = part if glued else label
        lead = parts[-1] if text[: parts[-1][1]].endswith(":") else None
    return [*units, *_under(_table(run), above)] if run else units


@lru_cache(maxsize=_TEXTS_KEPT)
def sentences_of(text: str) -> tuple[Sentence, ...]:
    """Return `sentences`, kept for the texts cut last: several hits and questions are about the same page."""
    return tuple(sentences(text))


def _under(rows: list[Sentence], label: Offsets | None) -> list[Sentence]:
    """Put sentences that have no label under the heading before them."""
    return [sentence if sentence.label else replace(sentence, label=label) for sentence in rows]


def _label_after(rows: list[Sentence]) -> Offsets | None:
    """The heading that a run of rows and headings leaves for what comes below it."""
    last = rows[-1]
    return (last.start, last.end) if last.kind == "heading" else None


def _is_glued_heading(text: str, span: Offsets) -> bool:
    """Whether the end of a paragraph is a heading on a line of its own ("... of 5.3 m.\\nSites")."""
    piece = text[slice(*span)]
    own_line = not text[: span[0]].rpartition("\n")[2].strip()
    return own_line and len(piece) <= _HEADING_CHARS and "\n" not in piece and piece[-1] not in '.!?:;,)”"。！？｡؟۔।'
