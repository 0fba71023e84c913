"""Reading order of a page: parts it into regions that are read one after the other, columns left to right.

A gutter is a vertical strip that no row crosses and that has running text on both sides. Columns of a table are not
parted: their texts do not run on from line to line.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rag.load.pdf.layout.beside import heads_figures, is_text_beside, without_far_lines
from rag.load.pdf.layout.glyphs import DASHES, HYPHENS
from rag.load.pdf.layout.panels import are_panels
from rag.load.pdf.layout.rows import LIST_MARK, Segment, TextRow, row_of
from rag.load.pdf.layout.rules import Rules

_MIN_LINES = 3  # so many lines begin at a column's left edge
_EDGE_SLACK = 2.5  # points
_MIN_WORDS = 2.4  # a line, of running text
_MIN_FLOW = 0.5  # of the pairs of lines: the text runs on
_MIN_INNER_FLOW = 0.6  # the same inside paragraphs that stand apart
_WIDER = 1.2  # of the smallest step from line to line: a wider one ends a paragraph
_COMMON_STARTS = 0.8  # of the paragraphs begin on the line of one beside them: cells of a table
_ALONE = 0.25  # of the lines of either side have no line beside them
_LIST_STEP = 1.7  # of the height: from line to line of a list in the margin
_ROOM, _NUMBER_ROOM = 40.0, 12.0  # points: least width of a column, and of numbers of lines
_NUMBERED = 0.9  # of the lines have a number
_MIN_NUMBERS = 5  # of lines
_MIN_LETTERS = 0.6
_AS_WIDE = 0.85  # of the lines above: text that goes on in one column
_MAX_DEPTH = 8
_LEADING = 2.2  # of the height: lines further apart do not belong together
_STOPS = ".!?:;"
_FURNITURE_CHARS, _MOST_FURNITURE = 60, 4  # of a text in a line; lines from the top and from the foot of the page
_SMALLER, _LARGER = 0.94, 1.06  # of the columns' height: furniture is set smaller than they are, and never larger
_FURTHER = 1.6  # of the widest step between their lines: what stands apart from columns in their own type
_FOLIO = re.compile(r"\W*(?:[^\W\d_]{1,6}\.?\s*)?\d{1,4}\W*(?:(?:/|[^\W\d_]{1,4})\s*\d{1,4}\W*)?")
# What a hyphen joins goes on in the next line; so does a range of figures. A minus may stand behind an amount and a
# grade.
_BROKEN_WORD = re.compile(rf"[^\W\d_]{{2}}[{HYPHENS}]\Z")
_BROKEN_RANGE = re.compile(rf"(?<![.,])\b\d+[{DASHES}{HYPHENS}]\Z")


@dataclass(frozen=True, slots=True)
class _Cut:
    x: float
    first: int  # rows, half open
    after: int
    score: float


def regions(rows: list[TextRow], rules: Rules, depth: int = 0) -> list[list[TextRow]]:
    """Return groups of rows, each read from top to bottom, in reading order."""
    cut = _best_cut(rows, rules) if depth < _MAX_DEPTH and len(rows) >= _MIN_LINES else None
    if cut is None:
        return [rows] if rows else []
    left, right = _parted(rows[cut.first : cut.after], cut.x)
    below = _rest_of_column(left, rows[cut.after :], cut.x)
    parts = (rows[: cut.first], [*left, *below], right, rows[cut.after + len(below) :])
    return [region for part in parts for region in regions(part, rules, depth + 1)]


def _parted(rows: Sequence[TextRow], x: float) -> tuple[list[TextRow], list[TextRow]]:
    left, right = [], []
    for row in rows:
        before = [segment for segment in row.segments if segment.center < x]
        behind = [segment for segment in row.segments if segment.center >= x]
        if before:
            left.append(row if len(before) == len(row.segments) else row_of(before))
        if behind:
            right.append(row if len(behind) == len(row.segments) else row_of(behind))
    return left, right


def _rest_of_column(left: Sequence[TextRow], below: Sequence[TextRow], x: float) -> list[TextRow]:
    """Return the rows under two columns that belong to the left one, which is longer: running text as wide as it."""
    start, edge = min(row.x0 for row in left), max(row.x1 for row in left)
    rest = list(itertools.takewhile(lambda row: row.x1 <= x - _EDGE_SLACK, below))
    body = _usual_height(left)
    if len(rest) == len(below):
        rest = rest[: len(rest) - _n_furniture(rest[::-1], body, _MOST_FURNITURE)]
    wide = max((row.x1 for row in rest), default=start) - start >= _AS_WIDE * (edge - start)
    if len(rest) < _MIN_LINES or not wide or not _is_prose(rest):
        return []
    return rest if _runs_on(rest) or _runs_on(rest, inner=True) else []


def _best_cut(rows: Sequence[TextRow], rules: Rules) -> _Cut | None:
    cuts = [cut for x in _edges(rows) for cut in _cuts_at(rows, x, rules)]
    return max(cuts, key=lambda cut: (cut.score, -cut.x), default=None)


def _edges(rows: Sequence[TextRow]) -> list[float]:
    """Return x where several segments begin that have something to their left, or room for it."""
    page_left = min(row.x0 for row in rows)
    n_numbers = sum(row.segments[0].text.isdecimal() for row in rows)
    room = _ROOM if n_numbers < _MIN_NUMBERS else _NUMBER_ROOM
    starts = sorted(
        (segment.x0, len(segment.words) > 2)
        for row in rows
        for segment in row.segments
        if segment.x0 > page_left + room and (len(segment.words) > 2 or segment.text[:1].isalpha())
    )
    edges: list[float] = []
    first = 0
    while first < len(starts):
        after = first
        while after < len(starts) and starts[after][0] - starts[first][0] <= _EDGE_SLACK:
            after += 1
        if after - first >= _MIN_LINES or (after - first > 1 and all(long for _, long in starts[first:after])):
            edges.append(starts[first][0])
        first = after
    return edges


def _cuts_at(rows: Sequence[TextRow], x: float, rules: Rules) -> list[_Cut]:
    """Return the runs of rows that a gutter left of `x` parts into running text on both sides."""
    cuts = []
    start = 0
    for index in range(len(rows) + 1):
        if index < len(rows) and not _crosses(rows[index], x):
            continue
        cut = _cut_in(rows, start, index, x, rules)
        if cut:
            cuts.append(cut)
        start = index + 1
    return cuts


def _crosses(row: TextRow, x: float) -> bool:
    return any(segment.x0 < x - 1 and segment.x1 > x - 2 for segment in row.segments)


def _cut_in(rows: Sequence[TextRow], start: int, after: int, x: float, rules: Rules) -> _Cut | None:
    """Return the cut of a run of rows, narrowed to where both sides hold text."""
    right_rows = [index for index in range(start, after) if rows[index].x1 > x]
    left_rows = [index for index in range(start, after) if rows[index].x0 < x - 1]
    if len(right_rows) < 2 or len(left_rows) < 2:
        return None
    first = _reach(rows, max(left_rows[0], right_rows[0]), start - 1, -1)
    last = _reach(rows, min(left_rows[-1], right_rows[-1]), after, 1)
    first, last = _without_furniture(rows, min(first, last), max(first, last))
    first, last = without_far_lines(rows, first, last)
    left, right = _parted(rows[first : last + 1], x)
    if len(left) < 2 or len(right) < 2 or rules.tabular(rows[first].top, rows[last].bottom, x):
        return None
    score = float(min(len(left), len(right)))
    if are_panels(left, right):
        return _Cut(x, first, last + 1, score)
    if _side_by_side(left, right):
        return None
    if (is_text_beside(left, right) or is_text_beside(right, left)) and not heads_figures(rows, last):
        return _Cut(x, first, last + 1, score)
    if sum(segment.x0 - x <= _EDGE_SLACK for row in right for segment in row.segments) < _MIN_LINES:
        return None
    n_both = len(left) + len(right) - (last + 1 - first)
    if _is_margin(left, right, n_both) or _is_margin(right, left, n_both):
        return _Cut(x, first, last + 1, score)
    if not (_is_prose(left) and _is_prose(right)):
        return None
    if not (_runs_on(left) and _runs_on(right)) and not (_runs_on(left, inner=True) and _runs_on(right, inner=True)):
        return None
    return _Cut(x, first, last + 1, score)


def _reach(rows: Sequence[TextRow], index: int, stop: int, step: int) -> int:
    """Go on from a row while the lines of either column follow each other closely."""
    while index + step != stop and abs(rows[index + step].base - rows[index].base) <= _LEADING * rows[index].height:
        index += step
    return index


def _without_furniture(rows: Sequence[TextRow], first: int, last: int) -> tuple[int, int]:
    """Leave out the lines over and below columns that belong to none: names and dates of an issue, page numbers."""
    body = _usual_height(rows[first : last + 1])
    first += _n_furniture(rows[first : last + 1], body, _MOST_FURNITURE - first)
    behind = len(rows) - 1 - last
    return first, last - _n_furniture(rows[first : last + 1][::-1], body, _MOST_FURNITURE - behind)


def _n_furniture(rows: Sequence[TextRow], body: float, most: int) -> int:
    """Return how many of the rows at one end of columns, that end first, are furniture or a title over it."""
    for n in range(min(most, len(rows) - _MIN_LINES), 0, -1):
        outer = all(len(row.segments) == 1 or row.height <= _LARGER * body for row in rows[: n - 1])
        if outer and all(map(_is_short, rows[:n])) and _is_furniture(rows[n - 1], rows[n:], body):
            return n
    return 0


def _usual_height(rows: Sequence[TextRow]) -> float:
    heights = sorted(row.height for row in rows)
    return heights[len(heights) // 2]


def _is_furniture(row: TextRow, beside: Sequence[TextRow], body: float) -> bool:
    """Tell whether a row stands apart from columns and is none of their lines.

    Args:
        row: It stands at one end of columns.
        beside: Their rows, the next one first.
        body: The height of most of them.
    """
    gap = abs(row.base - beside[0].base)
    if gap <= _LEADING * max(row.height, beside[0].height) or row.height > _LARGER * body:
        return False
    if row.height < _SMALLER * body or any(_FOLIO.fullmatch(segment.text) for segment in row.segments):
        return True
    # Texts that begin where columns do head them, or end them.
    starts = [segment.x0 for other in beside for segment in other.segments]
    if len(row.segments) > 1 and all(any(abs(s.x0 - x0) <= _EDGE_SLACK for x0 in starts) for s in row.segments):
        return False
    widest = max((abs(below.base - above.base) for above, below in itertools.pairwise(beside)), default=0.0)
    return gap > _FURTHER * widest


def _is_short(row: TextRow) -> bool:
    """Tell whether the texts of a row are no lines of a paragraph and no items of a list."""
    texts = [segment.text for segment in row.segments]
    return not any(len(text) > _FURNITURE_CHARS or text[-1] in _STOPS or LIST_MARK.match(text) for text in texts)


def _is_margin(short: Sequence[TextRow], prose: Sequence[TextRow], n_both: int) -> bool:
    """Tell whether short lines stand beside running text: on lines of their own, or numbers that count its lines."""
    if not _is_prose(prose) or not (_runs_on(prose) or _runs_on(prose, inner=True)):
        return False
    if n_both >= _NUMBERED * len(prose) and _counts_lines(short):
        return True
    alone = [len(side) - n_both for side in (short, prose)]
    if alone[0] < _ALONE * len(short) or alone[1] < _ALONE * len(prose):
        return False
    close = sum(below.base - above.base <= _LIST_STEP * above.height for above, below in itertools.pairwise(short))
    return all(len(row.segments) == 1 for row in short) and 2 * close >= len(short)


def _counts_lines(rows: Sequence[TextRow]) -> bool:
    """Tell whether lines are numbers of lines: one more from line to line."""
    texts = [row.segments[0].text for row in rows]
    if len(texts) < _MIN_NUMBERS or any(len(row.segments) > 1 for row in rows) or not all(map(str.isdecimal, texts)):
        return False
    return all(int(after) == int(before) + 1 for before, after in itertools.pairwise(texts))


def _is_prose(rows: Sequence[TextRow]) -> bool:
    """Tell whether lines hold several words each, mostly letters."""
    segments = [segment for row in rows for segment in row.segments]
    n_words = sum(len(segment.text.split()) for segment in segments)
    if n_words < _MIN_WORDS * len(segments):
        return False
    text = "".join(segment.text for segment in segments)
    return sum(map(str.isalpha, text)) >= _MIN_LETTERS * sum(not sign.isspace() for sign in text)


def _runs_on(rows: Sequence[TextRow], *, inner: bool = False) -> bool:
    """Tell whether lines are filled to the edge or end mid sentence; `inner` asks those of one paragraph alone."""
    pairs = flowing = 0
    for lines in _by_edge(rows):
        edge = max(segment.x1 for _, segment in lines)
        tight = _tight_step(lines) if inner else _LEADING
        for (row, segment), (next_row, following) in itertools.pairwise(lines):
            if next_row.base - row.base > tight * row.height:
                continue
            pairs += 1
            flowing += flows(segment, following, edge)
    return pairs > (2 if inner else 0) and flowing >= (_MIN_INNER_FLOW if inner else _MIN_FLOW) * pairs


def _by_edge(rows: Sequence[TextRow]) -> list[list[tuple[TextRow, Segment]]]:
    """Return lines that begin at one left edge together."""
    columns: dict[int, list[tuple[TextRow, Segment]]] = defaultdict(list)
    for row in rows:
        for segment in row.segments:
            columns[round(segment.x0 / 4)].append((row, segment))
    return list(columns.values())


def _tight_step(lines: Sequence[tuple[TextRow, Segment]]) -> float:
    """Return the largest step, as a share of the height, from line to line of one paragraph."""
    steps = [(below.base - above.base) / above.height for (above, _), (below, _) in itertools.pairwise(lines)]
    usual = [step for step in steps if 0.7 < step < _LEADING]
    return _WIDER * min(usual) if usual else 0.0


def _side_by_side(left: Sequence[TextRow], right: Sequence[TextRow]) -> bool:
    """Tell whether the paragraphs of either side begin on common lines, as the cells of a table do."""
    starts = [_paragraph_starts(side) for side in (left, right)]
    fewer, more = sorted(starts, key=len)
    if len(fewer) < _MIN_LINES:
        return False
    common = sum(any(abs(start - other) <= _EDGE_SLACK for other in more) for start in fewer)
    return common >= _COMMON_STARTS * len(fewer)


def _paragraph_starts(rows: Sequence[TextRow]) -> list[float]:
    """Return the baselines of the lines that stand further below the one before than most do."""
    lines = [(row, segment) for row in rows for segment in row.segments[:1]]
    tight = _tight_step(lines)
    if not tight:
        return []
    return [rows[0].base] + [
        below.base for above, below in itertools.pairwise(rows) if below.base - above.base > tight * above.height
    ]


def flows(line: Segment, following: Segment, edge: float) -> bool:
    """Tell whether a line goes on in the next: no room was left for its first word, or a sentence is open."""
    word = following.words[0]
    if line.text[-1] not in _STOPS and following.text[0].islower():
        return True
    if following.text[0].isalnum() and _BROKEN_WORD.search(line.text):
        return True
    if following.text[0].isdecimal() and word.text[-1] not in HYPHENS and _BROKEN_RANGE.search(line.text):
        return True
    return edge - line.x1 < (word.x1 - word.x0) + 0.25 * word.height and len(line.words) > 1
