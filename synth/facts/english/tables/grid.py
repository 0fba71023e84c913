"""Reads financial tables from lines of text: column heads above, one row a line, labels on one or two lines.

A table is read only where every part is certain: heads that parse, as many figures as heads, a title, and a unit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from synth.facts.draft import Span
from synth.facts.english.tables.columns import Column, has_period, is_head, read_columns, unit_of

_CELL = re.compile(
    r"(?P<sign>[$€£¥]\s?)?(?P<number>\(\s?[$€£¥]?\d[\d,]*(?:\.\d+)?\s?\)|-?\d[\d,]*(?:\.\d+)?|[—–-](?=\s|$))"
    r"(?P<percent>\s?%\)?)?(?P<points>\s?(?:pts|bps|ppt)\b)?(?=\s|$)"
)
_CELLS = re.compile(
    rf"(?:^|(?<=\s)){_CELL.pattern.replace('?P<sign>', '').replace('?P<number>', '').replace('?P<percent>', '').replace('?P<points>', '')}(?:\s+(?:[$€£¥]\s?)?(?:\(\s?[$€£¥]?\d[\d,]*(?:\.\d+)?\s?\)|-?\d[\d,]*(?:\.\d+)?|[—–-](?=\s|$))(?:\s?%\)?)?(?:\s?(?:pts|bps|ppt)\b)?(?=\s|$))*\s*$"
)
_FOOTNOTE = re.compile(r"(?:\s*\(\d{1,2}\)|(?<=[a-z)])\d)+$")
_RESETS = re.compile(
    r"(?i)^(?:total|net|gross|cash (?:generated|used|provided|flows)|income|loss|(?:basic |diluted )?earnings|operating income"
    r"|ending|balance)\b"
)
_PROSE = re.compile(r"[a-z]{2}[.!?][”\")]?$|^(?:see|refer to) ", re.IGNORECASE)
_NOT_TITLE = re.compile(
    r"(?i)^(?:\(.*\)|\(\d{1,2}\) .*|(?:selected )?notes to\b.*|table of contents|part [iv]+\b.*|item \d.*|page \d.*|\d+|.*\bform 10-[kq]\b.*|unaudited"
    r"|.*\b(?:inc|corp|corporation|company|co|llc|plc|ltd)\b\.?,?(?: and (?:consolidated )?subsidiar(?:y|ies)(?: companies)?)?)$"
)
_LEAD_IN = re.compile(
    r"(?:\bas follows|\bfollowing|\bbelow|\bpresents?|\bsummariz|\bshows?|\bwere|\bwas|\bis|\bare)\b.*:?$|:$",
    re.IGNORECASE,
)
_TITLE_CHARS = 140
_FULL_LINE = 45  # a shorter line above a sentence is not part of it


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of a page that is not blank, with its span."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A figure: how it is written, and where."""

    text: str
    span: Span
    sign: str
    percent: bool
    points: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row: label, the group line it stands under, and one cell per column."""

    label: str
    group: str
    span: Span
    cells: tuple[FigureCell, ...]


@dataclass(slots=True)
class FigureTable:
    """A table whose heads are certain."""

    title: str
    unit: str
    columns: list[Column]
    heads: Span
    unit_span: Span | None
    rows: list[FigureRow] = field(default_factory=list)

    @property
    def currency(self) -> str:
        signs = Counter(cell.sign for row in self.rows for cell in row.cells if cell.sign)
        return signs.most_common(1)[0][0] if len(signs) == 1 else ""


def lines_of(text: str) -> list[PageLine]:
    """Return the lines of a page that hold something."""
    lines = []
    offset = 0
    for raw in text.split("\n"):
        stripped = raw.strip()
        if stripped:
            start = offset + raw.index(stripped[0])
            lines.append(PageLine(start, start + len(stripped), stripped))
        offset += len(raw) + 1
    return lines


def tables_of(text: str) -> Iterator[FigureTable]:
    """Yield the tables of a page whose heads, title and rows are certain."""
    lines = lines_of(text)
    position = 0
    while position < len(lines):
        if not (is_head(lines[position].text) and has_period(lines[position].text)):
            position += 1
            continue
        first = position
        while position < len(lines) and is_head(lines[position].text):
            position += 1
        heads = lines[first:position]
        columns = read_columns([line.text for line in heads])
        end = _table_end(lines, position)
        if columns:
            above = lines[max(0, first - 6) : first]
            table = _table(above, heads, lines[position:end], columns)
            if table is not None:
                yield table
        position = max(end, position)


def _table_end(lines: list[PageLine], position: int) -> int:
    """Where the rows below the heads end: at prose, or at the next heads."""
    while position < len(lines):
        text = lines[position].text
        if is_head(text) and has_period(text) and not _CELLS.search(" x " + text):
            return position
        if is_head(text) and has_period(text) and re.search(r"(?i)ended|as of|[a-z]{3} \d", text):
            return position
        if _PROSE.search(text) and not _CELLS.search(text):
            return position
        position += 1
    return position


def _table(
    above: list[PageLine], heads: list[PageLine], body: list[PageLine], columns: list[Column]
) -> FigureTable | None:
    title = title_above([line.text for line in above])
    if not title:
        return None
    unit = unit_of(" ".join(line.text for line in [*above[-4:], *heads, *body[:2]]))
    near = [*above[-4:], *heads, *body[:2]]
    table = FigureTable(title, unit, columns, (heads[0].start, heads[-1].end), _unit_span(near, unit) if unit else None)
    seen, unsure = _fill(table, body)
    if len(table.rows) < 2 or unsure > 0.34 * seen:
        return None
    names = Counter((row.group, row.label) for row in table.rows)
    labels = Counter(row.label for row in table.rows)
    table.rows = [
        row for row in table.rows if names[row.group, row.label] == 1 and (row.group or labels[row.label] == 1)
    ]
    return table


def _unit_span(near: list[PageLine], unit: str) -> Span | None:
    """The last line, or two lines, that state the unit."""
    for size in (1, 2):
        for first in range(len(near) - size, -1, -1):
            if unit in " ".join(line.text for line in near[first : first + size]).lower():
                return near[first].start, near[first + size - 1].end
    return None


def _fill(table: FigureTable, body: list[PageLine]) -> tuple[int, int]:
    """Read the rows; returns how many lines held figures, and how many of them did not fit the heads."""
    group = ""
    pending: PageLine | None = None
    seen = unsure = 0
    for line in body:
        cells = _CELLS.search(line.text)
        if cells is None:
            pending = (
                line
                if pending is None or not (_runs_on(pending.text) or line.text[:1].islower())
                else PageLine(pending.start, line.end, f"{pending.text} {line.text}")
            )
            if line.text.endswith(":") or not _runs_on(line.text):
                group = _group(line.text if pending is line else pending.text)
            continue
        seen += 1
        row = _row(line, cells.start(), len(table.columns), group, pending)
        if row is None:
            unsure += 1
            pending = None
            continue
        if pending is not None and row.span[0] == pending.start:
            group = table.rows[-1].group if table.rows else ""
            row = FigureRow(row.label, group, row.span, row.cells)
        pending = None
        if _RESETS.match(row.label):
            group = ""
            if not row.group.endswith(":") or (
                _RESETS.match(row.label) and not re.match(r"(?i)basic|diluted", row.label)
            ):
                row = FigureRow(row.label, "", row.span, row.cells)
        table.rows.append(FigureRow(row.label, row.group.rstrip(":"), row.span, row.cells))
    return seen, unsure


def _runs_on(text: str) -> bool:
    """Whether a line without figures is the first half of a label rather than a heading of rows."""
    return not text.endswith(":") and (
        bool(re.search(r"(?:,|\b(?:and|of|the|in|to|for|on|from|by|with|or|held|net))$", text)) or len(text) > 70
    )


def _group(line: str) -> str:
    """The heading of the rows below, where the line says by its colon that it is one."""
    text = _FOOTNOTE.sub("", line.rstrip(":").strip())
    return (
        ""
        if not line.endswith(":") or text.isupper() or _NOT_TITLE.match(text) or re.fullmatch(r"\(.*\)", text)
        else text + ":"
    )


def _row(line: PageLine, cells_at: int, size: int, group: str, pending: PageLine | None) -> FigureRow | None:
    """Take a line apart into its label and exactly `size` cells."""
    matches = list(_CELL.finditer(line.text, cells_at))
    if len(matches) < size:
        return None
    extra, matches = matches[: len(matches) - size], matches[len(matches) - size :]
    label = line.text[: matches[0].start()].strip()
    if extra and (
        not re.search(r"[A-Za-z]{3}", line.text[:cells_at])
        or any(not re.fullmatch(r"\(?\d{1,4}\)?", match[0]) for match in extra)
    ):
        return None
    start = line.start
    if (
        pending is not None
        and not pending.text.endswith(":")
        and (label[:1].islower() or not label or _runs_on(pending.text))
    ):
        label, start = f"{pending.text} {label}".strip(), pending.start
    label = _FOOTNOTE.sub("", label).strip(" .:*†‡")
    label = re.sub(r"\s*\.{3,}.*$", "", label)
    if (
        not re.search(r"[A-Za-z]{2}", label)
        or len(label) > 130
        or label[0] in ")],;%"
        or re.match(r"(?:million|billion|thousand|and|of|in|to|net of)\b", label)
        or label.count("(") != label.count(")")
    ):
        return None
    cells = tuple(
        FigureCell(
            "".join(match["number"].split()),
            (line.start + match.start("number"), line.start + match.end("number")),
            (match["sign"] or "").strip(),
            bool(match["percent"]),
            bool(match["points"]),
        )
        for match in matches
    )
    return FigureRow(label, group, (start, line.end), cells)


def title_above(above: list[str]) -> str:
    """The title of a table: the heading above it, or what the sentence above it says it shows."""
    while above and (_NOT_TITLE.match(above[-1]) or is_head(above[-1])):
        above = above[:-1]
    if not above:
        return ""
    last = above[-1]
    if last.endswith(":") or _LEAD_IN.search(last) or last[:1].islower():
        return _from_sentence(above)
    for line in reversed(above[:-1]):
        if not _BROKEN_OFF.search(line):
            break
        last = f"{line} {last}"
    if _CELLS.search(last) and not re.fullmatch(r".*[A-Za-z]\D* \d{1,2}", last):
        return ""
    plain = re.sub(
        r"\s*\((?:unaudited|continued|in [^)]*|[^)]*millions[^)]*|[^)]*thousands[^)]*)\)\s*",
        " ",
        last,
        flags=re.IGNORECASE,
    ).strip(" :-–—")
    if (
        len(plain) > _TITLE_CHARS
        or re.search(r"[.;]$", plain)
        or len(re.findall(r"[A-Za-z]{3,}", plain)) < 1
        or re.search(r"\d\s+\d", plain)
    ):
        return ""
    return plain.capitalize() if plain.isupper() else plain


_BROKEN_OFF = re.compile(r"\b(?:and|at|by|for|from|in|of|on|or|the|to|with)$|[,&]$")
_SHOWS = re.compile(
    r"(?i)^(?:the )?(?:following )?(?:tables?|schedules?|charts?)(?: below)?,?(?: [a-z]+,)? (?:shows?|presents?|summari[sz]es?|provides?|sets? forth|reflects?|details?|reconciles?|discloses?|lists?|includes?|contains?)(?: information (?:about|on|regarding))?\s+(?P<what>.+)$"
)
_TOLD = re.compile(
    r"^(?P<what>.{8,}?)\s+(?:(?:for|as of|during|in) .{0,120}?)?\b(?:was|were|is|are|consisted|consists?|include[sd]?|comprise[sd]?)\b.{0,80}$",
    re.IGNORECASE,
)


def _is_heading(line: str, following: str) -> bool:
    """Whether a line above a sentence is a heading: its words have capitals, and the sentence begins after it."""
    words = re.findall(r"[^\W\d_]{4,}", line)
    return following[:1].isupper() and all(word[0].isupper() for word in words)


def _from_sentence(above: list[str]) -> str:
    """What a sentence that leads in a table says the table shows."""
    lines: list[str] = []
    for line in reversed(above):
        if lines and (line[-1] in ".:;" or len(line) < _FULL_LINE or _is_heading(line, lines[0])):
            break
        lines.insert(0, line)
    text = " ".join(lines)
    text = re.split(r"(?<=[a-z)\d])\. (?=[A-Z])", text)[-1]
    text = re.sub(
        r"\s*\([^()]*(?:millions?|thousands?|billions?|unaudited|dollars)[^()]*\)", "", text, flags=re.IGNORECASE
    ).strip(" :.")
    match = _SHOWS.match(text) or _TOLD.match(text)
    if match is None:
        return ""
    what = re.split(
        r"\s+(?:for the|as of|during the|for each|at (?:January|March|June|September|December)|in the periods?|, by\b)",
        match["what"],
    )[0].strip(" ,:")
    if not 8 <= len(what) <= _TITLE_CHARS or what.split()[-1].lower() in (
        "of",
        "and",
        "the",
        "in",
        "for",
        "to",
        "by",
        "from",
    ):
        return ""
    if re.match(r"(?i)(?:it|this|these|we|there|that|such)\b", what) or re.search(r"\b(?:which|that|who)\b", what):
        return ""
    return what[0].upper() + what[1:]
