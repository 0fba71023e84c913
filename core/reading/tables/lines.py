"""Tables in plain lines: a label followed by figures, under lines that name the columns.

Text from a PDF holds a table row by row, cells parted by blanks. Rows with the same number of figures that follow each
other make a table; the lines before them give heads, title and scale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.language.english.periods import DAY_BEFORE_YEAR, DAY_OF_MONTH, PERIOD_HEAD, SPAN_HEAD
from core.reading.tables.table import Table, TableCell, TableRow, cell_of, currency_of, scale_of
from core.reading.text.sentences import Offsets

_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_CELL = re.compile(
    rf"(?:[-–−]?[$€£¥]\s?)?\(?\s?[$€£¥]?\s?[-–−]?(?:{_FIGURE})(?:\s?\)\s?%|\s?%\s?\)|\s?\)|\s?%)?(?=[\s)%]|$)"
    r"|(?<=\s)[$€£]?\s?[—–-](?=\s|$)(?:\s?%)?|(?<=\s)n/?[am](?=\s|$)",
    re.IGNORECASE,
)
_GAP = re.compile(r"[\s$€£%)]*$")
_YEARS_ONLY = re.compile(r"(?:(?:FY\s?)?(?:19|20)\d\d(?:\s|$))+$")
_MOST_HEAD_LINES = 14
_LABEL_WORDS = 18
_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with the figures at its end; `label_end` is where they begin."""

    start: int
    end: int
    text: str
    cells: tuple[Offsets, ...]
    label_end: int

    @property
    def label(self) -> str:
        return self.text[: self.label_end - self.start].strip(" .:$€£\t|")

    @property
    def prose(self) -> bool:
        """Whether it reads like running text."""
        return len(self.text.split()) > _LABEL_WORDS or bool(re.search(r"[a-z]{2}[.;]$", self.text))


def _line(start: int, raw: str) -> _Line:
    text = raw.rstrip()
    start += len(text) - len(text.lstrip())
    text = text.lstrip()
    matches = list(_CELL.finditer(text))
    cells: list[Offsets] = []
    cells_start = len(text)
    for match in reversed(matches):
        if not _GAP.match(text[match.end() : cells_start]):
            break
        cells.append(match.span())
        cells_start = match.start()
    cells.reverse()
    # "Balance at December 31, 2021  5,000": the year belongs to the label.
    while (
        cells
        and DAY_BEFORE_YEAR.search(text[: cells[0][0]].rstrip())
        and re.fullmatch(r"\s*(?:19|20)\d\d", text[slice(*cells[0])])
    ):
        cells.pop(0)
    if re.search(r"[.;,]$", text) and not cells:
        cells = []
    shifted = tuple((start + low, start + high) for low, high in cells)
    return _Line(start, start + len(text), text, shifted, shifted[0][0] if shifted else start + len(text))


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    line_start = 0
    for raw in text.split("\n"):
        lines.append(_line(line_start, raw))
        line_start += len(raw) + 1
    return lines


def _is_row(line: _Line) -> bool:
    if not line.cells or line.prose or _YEARS_ONLY.match(line.text) or _heads_only(line):
        return False
    figures = [line.text[low - line.start : high - line.start].strip() for low, high in line.cells]
    if len(figures) > 1 and all(re.fullmatch(r"(?:19|20)\d\d", figure) for figure in figures):
        return False  # "Plan 2023 2022" heads the rows below it
    return re.search(r"[^\W\d_]", line.label) is not None


def _heads_only(line: _Line) -> bool:
    """Whether a line holds heads and nothing else: "Three Months Ended June 30, 2022 2021"."""
    rest = SPAN_HEAD.sub(" ", PERIOD_HEAD.sub(" ", re.sub(DAY_OF_MONTH, " ", line.text)))
    return not re.search(r"[^\W\d_]{2}", rest) and not re.search(r"\d", rest)


def line_tables(text: str, skip: Sequence[Offsets] = ()) -> list[Table]:
    """Return the tables of a page's lines.

    Args:
        text: The page's text.
        skip: Spans of tables that are known already; lines in them are left out.
    """
    tables: list[Table] = []
    pending: list[_Line] = []
    rows: list[tuple[_Line, str]] = []
    heads: list[_Line] = []
    group = ""

    def close() -> None:
        nonlocal rows
        table = _table(text, heads, rows)
        if table is not None:
            tables.append(table)
        rows = []

    for line in _lines(text):
        if any(low <= line.start < high for low, high in skip):
            continue
        if _is_row(line):
            if not rows:
                heads, group = pending[-_MOST_HEAD_LINES:], _group_in(pending)
            elif pending:
                restart = (
                    any(PERIOD_HEAD.search(between.text) or between.prose for between in pending) or len(pending) > 3
                )
                if restart:
                    close()
                    heads = pending[-_MOST_HEAD_LINES:]
                group = _group_in(pending) or group
            rows.append((line, group))
            pending = []
        elif line.text:
            pending.append(line)
        elif rows and len(pending) > 3:
            close()
            pending = []
    close()
    return tables


def _group_in(lines: Sequence[_Line]) -> str:
    """The last short line that names the rows below it."""
    last = lines[-1] if lines else None
    short = last is not None and not last.prose and not PERIOD_HEAD.search(last.text) and len(last.text.split()) <= 8
    return last.text.strip(": ") if short and last is not None else ""


def _table(text: str, head_lines: Sequence[_Line], rows: Sequence[tuple[_Line, str]]) -> Table | None:
    if len(rows) < _FEWEST_ROWS:
        return None
    counts = [len(line.cells) for line, _ in rows]
    count = max(set(counts), key=lambda n: (counts.count(n), n))
    if count == 1 and len(rows) < _FEWEST_ROWS + 1:
        return None
    heads = column_heads([line.text for line in head_lines], count)
    made = tuple(_row(text, line, group, count) for line, group in rows)
    start = head_lines[0].start if head_lines else rows[0][0].start
    first, end = rows[0][0].start, rows[-1][0].end
    scale, scale_span = scale_of(text, start, first)
    named = [
        line for line in head_lines if not line.prose and (PERIOD_HEAD.search(line.text) or SPAN_HEAD.search(line.text))
    ]
    heads_span = (named[0].start, named[-1].end) if named and any(heads) else None
    if heads_span is None and any(heads):
        heads_span = (head_lines[-1].start, head_lines[-1].end)
    return Table(
        title=text[start:first].strip(),
        corner="",
        heads=heads,
        rows=made,
        scale=scale,
        scale_span=scale_span,
        currency=currency_of(text[start:end]),
        currency_above=bool(currency_of(text[start:first])),
        start=start,
        end=end,
        open_end=not text[end:].strip(" \n-0123456789"),
        heads_span=heads_span,
    )


def _row(text: str, line: _Line, group: str, count: int) -> TableRow:
    """A row of `count` cells; where it has another number of figures, the first of too many join its label."""
    spans = line.cells[-count:]
    label = text[line.start : spans[0][0]].strip(" .:$€£\t|")
    cells: list[TableCell | None] = [cell_of(text, *span) for span in spans]
    if len(cells) < count:
        cells = [None] * count if len(cells) != 1 else [cells[0], *[None] * (count - 1)]
    return TableRow(label, group, tuple(cells), line.start, line.end, (line.start, line.start + len(label)))


def column_heads(lines: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the heads of `count` columns from the lines above them, `""` where the lines do not tell."""
    usable = [line for line in lines if len(line.split()) <= _LABEL_WORDS]
    joined = "\n".join(usable)
    spans = [" ".join(match[0].split()) for match in SPAN_HEAD.finditer(joined)]
    periods = [" ".join(match[0].split()) for match in PERIOD_HEAD.finditer(joined)]
    if periods and count % len(periods) == 0:
        periods *= count // len(periods)
    if len(periods) > count and len(periods) % count == 0 and len(set(periods[:count])) > 1:
        periods = periods[-count:]
    if len(periods) != count:
        return _word_heads(usable, count)
    if spans and count % len(spans) == 0:
        width = count // len(spans)
        return tuple(f"{spans[column // width]} {period}" for column, period in enumerate(periods))
    return tuple(periods)


def _word_heads(lines: Sequence[str], count: int) -> tuple[str, ...]:
    """Heads that are words, one column each, from the last line that has as many."""
    for line in reversed(lines[-3:]):
        for parts in (re.split(r"\s{2,}|\t|\s?\|\s?", line.strip()), line.split()):
            if len(parts) in (count, count + 1) and not line.endswith((":", ".")):
                return tuple(parts[-count:])
    return ("",) * count
