"""Rows outside tables to headings, paragraphs, list items, captions and footnotes."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from core.blocks import BlockKind
from rag.load.pdf.layout.columns import flows
from rag.load.pdf.layout.drafts import DraftTable, StyleOf
from rag.load.pdf.layout.panels import is_address, is_postal
from rag.load.pdf.layout.rows import LIST_MARK, Segment, TextRow, segment_of

_SIGN_MARK = re.compile(r"[•●▪◦‣·○■□➢✓❑*–—-]")
_NOTE_MARK = re.compile(r"[*†‡§¶#]{1,3}|[¹²³⁰⁴-⁹]{1,2}|\(?\d{1,2}\)|\([a-z]\)|\d{1,2}")
_NOTE_SIGN = re.compile(r"\(\w{1,2}\)|[*†‡§¶]+|^\d{1,2}$")
_GLUED_MARK = re.compile(r"\((?:\d{1,2}|[a-z])\)(?=[A-Z])")  # "(a)Measured in tons"
_SECTION = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?")
_CAPTION = re.compile(r"[^\W\d_]{3,12}\.?\s+\d{1,3}(?:\.\d{1,2})?[.:]?(?:\s|$)")
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv".split()
_HEADING_CHARS = 150
_HEADING_LINES = 3
_HEADING_RATIO = 1.12  # of the body's height
_LEVELS = (1.6, 1.3, _HEADING_RATIO)  # of the body's height: levels 1 to 3; bold type of the body's size is level 4
_NOTE_RATIO = 0.94
_SAMPLE_ROWS = 20  # asked for their weight
_SIZE_STEP = 0.12
_GAP = 1.32  # of the leading: a wider step ends a paragraph
_CLOSE = 1.0  # the same for one that may be a heading
_NEAR = 2.6  # of the height: a caption is no further from its table


@dataclass(slots=True)
class DraftText:
    """A block of lines before it has its place in the text.

    Attributes:
        lines: One segment each.
        gap: Space above it, as a share of its height.
    """

    kind: BlockKind
    lines: list[Segment]
    height: float
    top: float
    bottom: float
    x0: float
    x1: float
    bold: bool = False
    italic: bool = False
    level: int = 0
    number: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


Draft = DraftText | DraftTable


@dataclass(frozen=True, slots=True)
class BodyType:
    """What most of the page is set in.

    Attributes:
        height: Height of its words, points.
        bold: Whether it is bold.
    """

    height: float
    bold: bool


@dataclass(slots=True)
class _Line:
    row: TextRow
    segment: Segment
    bold: bool
    italic: bool


def page_body(rows: Sequence[TextRow], style: StyleOf) -> BodyType:
    """Return the size and weight that most characters are set in."""
    weights: dict[float, int] = {}
    bold = sampled = 0
    for row in rows:
        n = sum([len(segment.text) for segment in row.segments])
        size = round(row.height * 2) / 2
        weights[size] = weights.get(size, 0) + n
    for row in rows[:: 1 + len(rows) // _SAMPLE_ROWS]:
        n = len(row.segments[0].text)
        sampled += n
        bold += n if style(row.segments[0].words[0]).bold else 0
    height = max(weights, key=lambda size: weights[size], default=10.0)
    return BodyType(height, bold > 0.6 * sampled)


def make_texts(rows: Sequence[TextRow], right: float, body: BodyType, style: StyleOf) -> list[DraftText]:
    """Return the blocks of consecutive rows.

    Args:
        rows: Rows of one region, none of a table.
        right: Right edge of the region's text.
        body: What the page is set in.
        style: Tells how a word is set.
    """
    lines = [_line(row, style) for row in rows]
    leading = _leading(lines)
    together = is_address(rows)
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not _breaks(groups[-1], line, right, leading, together):
            groups[-1].append(line)
        else:
            groups.append([line])
    drafts = [_draft(group, body) for group in groups]
    notes = [draft for draft in drafts if draft.kind == "footnote" and draft.number.isdigit()]
    if any(int(note.number) != int(before.number) + 1 for before, note in itertools.pairwise(notes)):
        for note in notes:  # small lines that begin with a day or a count
            note.kind, note.number = "paragraph", ""
    return drafts


def _line(row: TextRow, style: StyleOf) -> _Line:
    segment = row.segments[0] if len(row.segments) == 1 else segment_of([w for s in row.segments for w in s.words])
    words = segment.words
    # A number that is set plain says nothing of the heading behind it.
    first = style(words[1] if len(words) > 1 and LIST_MARK.fullmatch(words[0].text) else words[0])
    if not (first.bold or first.italic):
        return _Line(row, segment, False, False)
    last = style(segment.words[-1])
    return _Line(row, segment, first.bold and last.bold, first.italic and last.italic)


def _leading(lines: Sequence[_Line]) -> float:
    """Return the usual step from line to line, as a share of the height."""
    steps = [
        (below.row.base - above.row.base) / above.row.height
        for above, below in itertools.pairwise(lines)
        if abs(above.row.height - below.row.height) <= _SIZE_STEP * above.row.height
    ]
    usual = [step for step in steps if 0.7 < step < 2.2]
    return min(1.9, max(1.0, median(usual))) if usual else 1.5


def _breaks(group: Sequence[_Line], line: _Line, right: float, leading: float, together: bool) -> bool:
    """Tell whether a line begins a block of its own, be it one of short lines that are kept together."""
    last = group[-1]
    height = max(last.row.height, line.row.height)
    if line.row.base - last.row.base > _GAP * leading * height or line.row.base < last.row.base:
        return True
    if abs(last.row.height - line.row.height) > _SIZE_STEP * height or last.bold != line.bold:
        return True
    if line.segment.words[0].shift == "raised" or _is_pair(last.segment, line.segment):
        return True
    run_on = together or flows(last.segment, line.segment, right)
    mark = mark_of(line.segment)
    if mark and run_on:
        return bool(_SIGN_MARK.fullmatch(mark)) or _counts_on(mark_of(group[0].segment), mark)
    return not run_on


def _is_pair(above: Segment, line: Segment) -> bool:
    """Tell whether a line is not the next of a paragraph but stands for itself, as a label with its value does."""
    filled, line_filled = (any(word.field >= 0 for word in segment.words) for segment in (above, line))
    apart = line_filled and (filled or above.text[-1] in ".!?")
    return (apart or above.words[-1].field >= 0) and not line.text[0].islower()


def _counts_on(mark: str, following: str) -> bool:
    """Tell whether a list's number is the one after another: 1. and 2., (a) and (b), iii) and iv)."""
    if not mark or re.sub(r"\w+", "", mark) != re.sub(r"\w+", "", following):
        return False
    number, next_number = mark.strip(".()[]").lower(), following.strip(".()[]").lower()
    if number.isdigit() and next_number.isdigit():
        return int(next_number) == int(number) + 1
    if len(number) == len(next_number) == 1 and ord(next_number) == ord(number) + 1:
        return True
    return number in _ROMAN and _ROMAN[_ROMAN.index(number) + 1 :][:1] == [next_number]


def mark_of(segment: Segment) -> str:
    """Return the number or bullet that begins a list item, `""` where none does."""
    first = segment.words[0].text
    if glued := _GLUED_MARK.match(first):
        return glued[0]
    return first if len(segment.words) > 1 and LIST_MARK.fullmatch(first) else ""


def _draft(group: Sequence[_Line], body: BodyType) -> DraftText:
    rows = [line.row for line in group]
    draft = DraftText(
        kind="paragraph",
        lines=[line.segment for line in group],
        height=rows[0].height,
        top=rows[0].top,
        bottom=rows[-1].bottom,
        x0=min(row.x0 for row in rows),
        x1=max(row.x1 for row in rows),
        bold=all(line.bold for line in group),
        italic=all(line.italic for line in group),
    )
    first = draft.lines[0].words[0]
    mark = mark_of(draft.lines[0])
    if (first.shift == "raised" and len(draft.lines[0].words) > 1) or (
        draft.height <= _NOTE_RATIO * body.height and _NOTE_MARK.fullmatch(first.text) and len(draft.text) > 12
    ):
        draft.kind, draft.number = "footnote", first.text
    elif level := _heading_level(draft, body, mark):
        draft.kind, draft.level = "heading", level
    elif mark:
        draft.kind, draft.number = "list_item", mark
    return draft


def _heading_level(draft: DraftText, body: BodyType, mark: str) -> int:
    """Return a heading's level, 0 for other text: set larger, or bold, or numbered and short."""
    text = draft.text
    if len(text) > _HEADING_CHARS or len(draft.lines) > _HEADING_LINES or sum(map(str.isalpha, text)) < 3:
        return 0
    if any(sign > "\xb1" and unicodedata.category(sign) == "Sm" for sign in text):
        return 0  # a formula: its signs are set larger
    ratio = draft.height / body.height
    set_off = (draft.bold and not body.bold) or (draft.italic and len(draft.lines) == 1)
    emphasis = ratio >= _HEADING_RATIO or (set_off and ratio > 0.9)
    if text[-1] in ".,;" and not (emphasis and len(text) < 80):
        return 0
    number = mark or (draft.lines[0].words[0].text if len(draft.lines) == 1 and text[-1] != "," else "")
    section = _SECTION.fullmatch(number) if len(draft.lines[0].words) > 1 else None
    if section and emphasis:
        return section[1].count(".") + 1
    if ratio >= _HEADING_RATIO:
        return next(level for level, least in enumerate(_LEVELS, 1) if ratio >= least)
    if emphasis and not (mark and _SIGN_MARK.fullmatch(mark)):
        return len(_LEVELS) + 1
    return 0


def joined_over_columns(above: Sequence[Draft], column: list[Draft]) -> list[Draft]:
    """Return the blocks of a column less the beginning that goes on with the last paragraph of the column before.

    That beginning is joined to its paragraph.
    """
    last = next((d for d in reversed(above) if isinstance(d, DraftTable) or d.kind != "footnote"), None)
    first = column[0] if column else None
    if not isinstance(last, DraftText) or not isinstance(first, DraftText) or first.kind != "paragraph":
        return column
    similar = abs(last.height - first.height) <= _SIZE_STEP * first.height and last.bold == first.bold
    beside = first.x0 >= last.x1 - first.height and first.top < last.bottom
    if last.kind not in ("paragraph", "list_item") or not (similar and beside):
        return column
    line, following = last.lines[-1], first.lines[0]
    if (
        line.text[-1] in ".!?:;"
        or is_postal(line.text)
        or not flows(line, following, max(other.x1 for other in last.lines))
    ):
        return column
    last.lines += first.lines
    return column[1:]


def name_captions(drafts: Sequence[Draft], images: Sequence[tuple[float, float, float, float]]) -> None:
    """Make captions of the numbered lines that stand right above, below or beside a table or an image.

    Args:
        drafts: Blocks in reading order.
        images: Left, top, right, bottom of each image, in the space of the drafts.
    """
    for index, draft in enumerate(drafts):
        if isinstance(draft, DraftTable) or draft.kind not in ("paragraph", "heading"):
            continue
        if not _CAPTION.match(draft.text):
            continue
        beside = [other for other in drafts[max(0, index - 1) : index + 2] if isinstance(other, DraftTable)]
        boxes = [(table.x0, table.top, table.x1, table.bottom) for table in beside] + list(images)
        within = _NEAR if draft.kind == "paragraph" else _CLOSE
        if any(_adjoins(draft, box, within) for box in boxes) and not (draft.kind == "heading" and draft.level < 3):
            draft.kind, draft.level = "caption", 0


def name_notes(drafts: Sequence[Draft]) -> None:
    """Make footnotes of the marked lines right below a table that holds their marks."""
    marks: set[str] = set()
    for draft in drafts:
        if isinstance(draft, DraftTable):
            words = [word.text for row in draft.rows for cell in row for line in cell.lines for word in line.words]
            marks = {mark for word in words for mark in _NOTE_SIGN.findall(word)}
        elif draft.kind in ("list_item", "footnote") and draft.number in marks:
            draft.kind = "footnote"
        elif any(map(str.isalnum, draft.text)) and not (draft.kind == "list_item" and marks):
            marks = set()


def _adjoins(draft: DraftText, box: tuple[float, float, float, float], within: float) -> bool:
    left, top, right, bottom = box
    over = min(abs(top - draft.bottom), abs(draft.top - bottom)) <= within * draft.height
    level = min(abs(left - draft.x1), abs(draft.x0 - right)) <= within * draft.height
    return (over and draft.x0 < right and draft.x1 > left) or (level and draft.top < bottom and draft.bottom > top)
