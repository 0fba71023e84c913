"""Reading order of a page: parts it into regions that are read one after the other, columns left to right.

A gutter is a vertical strip that no row crosses and that has running text on both sides. Columns of a table are not
parted: their texts do not run on from line to line.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rag.load.pdf.layout.rows import Row, Segment
from rag.load.pdf.layout.rules import Rules

_MIN_LINES = 3  # so many lines begin at a column's left edge
_EDGE_SLACK = 2.5  # points
_MIN_WORDS = 2.4  # a line, of running text
_MIN_FLOW = 0.5  # of the pairs of lines: the text runs on
_MIN_LETTERS = 0.6
_MAX_DEPTH = 8
_LEADING = 2.2  # of the height: lines further apart do not belong together
_STOPS = ".!?:;"


@dataclass(frozen=True, slots=True)
class _Cut:
    x: float
    first: int  # rows, half open
    after: int
    score: float


def regions(rows: list[Row], rules: Rules, depth: int = 0) -> list[list[Row]]:
    """Return groups of rows, each read from top to bottom, in reading order."""
    cut = _best_cut(rows, rules) if depth < _MAX_DEPTH and len(rows) >= _MIN_LINES else None
    if cut is None:
        return [rows] if rows else []
    left, right = _parted(rows[cut.first : cut.after], cut.x)
    parts = (rows[: cut.first], left, right, rows[cut.after :])
    return [region for part in parts for region in regions(part, rules, depth + 1)]


def _parted(rows: Sequence[Row], x: float) -> tuple[list[Row], list[Row]]:
    left, right = [], []
    for row in rows:
        before = [segment for segment in row.segments if segment.center < x]
        behind = [segment for segment in row.segments if segment.center >= x]
        if before:
            left.append(row.part(before))
        if behind:
            right.append(row.part(behind))
    return left, right


def _best_cut(rows: Sequence[Row], rules: Rules) -> _Cut | None:
    cuts = [cut for x in _edges(rows) for cut in _cuts_at(rows, x, rules)]
    return max(cuts, key=lambda cut: (cut.score, -cut.x), default=None)


def _edges(rows: Sequence[Row]) -> list[float]:
    """Return x where several segments begin that have something to their left, or room for it."""
    page_left = min(row.x0 for row in rows)
    starts = sorted(
        segment.x0
        for row in rows
        for segment in row.segments
        if segment.x0 > page_left + 40 and (len(segment.words) > 2 or segment.text[:1].isalpha())
    )
    edges: list[float] = []
    at = 0
    while at < len(starts):
        after = at
        while after < len(starts) and starts[after] - starts[at] <= _EDGE_SLACK:
            after += 1
        if after - at >= _MIN_LINES:
            edges.append(starts[at])
        at = after
    return edges


def _cuts_at(rows: Sequence[Row], x: float, rules: Rules) -> list[_Cut]:
    """Return the runs of rows that a gutter left of `x` parts into running text on both sides."""
    cuts = []
    start = 0
    for at in range(len(rows) + 1):
        if at < len(rows) and not _crosses(rows[at], x):
            continue
        cut = _cut_in(rows, start, at, x, rules)
        if cut:
            cuts.append(cut)
        start = at + 1
    return cuts


def _crosses(row: Row, x: float) -> bool:
    return any(segment.x0 < x - 1 and segment.x1 > x - 2 for segment in row.segments)


def _cut_in(rows: Sequence[Row], start: int, after: int, x: float, rules: Rules) -> _Cut | None:
    """Return the cut of a run of rows, narrowed to where both sides hold text."""
    right_rows = [at for at in range(start, after) if rows[at].x1 > x]
    left_rows = [at for at in range(start, after) if rows[at].x0 < x - 1]
    if len(right_rows) < _MIN_LINES or len(left_rows) < 2:
        return None
    first = _reach(rows, max(left_rows[0], right_rows[0]), start - 1, -1)
    last = _reach(rows, min(left_rows[-1], right_rows[-1]), after, 1)
    first, last = min(first, last), max(first, last)
    left, right = _parted(rows[first : last + 1], x)
    if len(left) < 2 or len(right) < _MIN_LINES or rules.tabular(rows[first].top, rows[last].bottom, x):
        return None
    if not (_runs_on(left) and _runs_on(right)):
        return None
    return _Cut(x, first, last + 1, float(min(len(left), len(right))))


def _reach(rows: Sequence[Row], at: int, stop: int, step: int) -> int:
    """Go on from a row while the lines of either column follow each other closely."""
    while at + step != stop and abs(rows[at + step].base - rows[at].base) <= _LEADING * rows[at].height:
        at += step
    return at


def _runs_on(rows: Sequence[Row]) -> bool:
    """Tell whether lines are running text: several words each, mostly letters, filled to the edge or mid sentence."""
    segments = [segment for row in rows for segment in row.segments]
    n_words = sum(len(segment.text.split()) for segment in segments)
    if n_words < _MIN_WORDS * len(segments):
        return False
    text = "".join(segment.text for segment in segments)
    if sum(map(str.isalpha, text)) < _MIN_LETTERS * sum(not sign.isspace() for sign in text):
        return False
    columns: dict[int, list[tuple[Row, Segment]]] = defaultdict(list)
    for row in rows:
        for segment in row.segments:
            columns[round(segment.x0 / 4)].append((row, segment))
    pairs = flowing = 0
    for lines in columns.values():
        edge = max(segment.x1 for _, segment in lines)
        for (row, segment), (next_row, following) in itertools.pairwise(lines):
            if next_row.base - row.base > _LEADING * row.height:
                continue
            pairs += 1
            flowing += flows(segment, following, edge)
    return pairs > 0 and flowing >= _MIN_FLOW * pairs


def flows(line: Segment, following: Segment, edge: float) -> bool:
    """Tell whether a line goes on in the next: no room was left for its first word, or a sentence is open."""
    word = following.words[0]
    if line.text[-1] not in _STOPS and following.text[0].islower():
        return True
    return edge - line.x1 < (word.x1 - word.x0) + 0.25 * word.height and len(line.words) > 1
