"""Narrow gutters between columns: gaps hardly wider than a word's that stand above each other in several rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from rag.load.pdf.layout.rows import TextRow, Word, segment_of

_LEAST = 0.65  # of the height: a narrower gap is a blank
_WIDER = 1.8  # of the usual gap between the words of the row
_ALIGNED = 1.0  # points
_FEWEST_ROWS = 3  # with a gap before the same place
_LEADING = 2.2  # of the height: rows further apart are not of one column
_FEWEST_WORDS = 4  # a row, whose usual gap tells

_Gap = tuple[int, float, float]  # row, right edge of the word before, left edge of the word behind


def parted_at_gutters(rows: list[TextRow]) -> list[TextRow]:
    """Return rows whose segments are parted where words behind a gap begin below each other in rows that follow.

    Args:
        rows: Top to bottom.
    """
    narrow = [gap for index, row in enumerate(rows) for gap in _narrow_gaps(index, row)]
    if not narrow:
        return rows
    wide = [(index, left.x1, right.x0) for index, row in enumerate(rows) for left, right in pairwise(row.segments)]
    by_place = sorted([*narrow, *wide], key=lambda gap: gap[2])
    places = [gap[2] for gap in by_place]
    cuts: dict[int, list[float]] = {}
    for index, _, x in narrow:
        low = bisect_left(places, x - _ALIGNED)
        if _is_gutter(index, by_place[low : bisect_left(places, x + _ALIGNED)], rows):
            cuts.setdefault(index, []).append(x)
    return [_parted(row, cuts[index]) if index in cuts else row for index, row in enumerate(rows)]


def _narrow_gaps(index: int, row: TextRow) -> list[_Gap]:
    """Return the gaps inside segments that are wider than those between most words of the row."""
    gaps = sorted(
        right.x0 - left.x1 for segment in row.segments for left, right in pairwise(segment.words) if right.spaced
    )
    if len(gaps) < _FEWEST_WORDS:
        return []
    least = max(_LEAST * row.height, _WIDER * gaps[len(gaps) // 2])
    if gaps[-1] < least:
        return []
    return [
        (index, left.x1, right.x0)
        for segment in row.segments
        for left, right in pairwise(segment.words)
        if right.x0 - left.x1 >= least
        and not (left.shift or right.shift)
        and right.text[0].isalpha()
        and any(map(str.isalnum, left.text))  # no sign of a currency, no mark of a list
    ]


def _is_gutter(index: int, gaps: Sequence[_Gap], rows: Sequence[TextRow]) -> bool:
    """Tell whether rows around a row have a gap before one place, each of them close to the next."""
    own = sorted({row for row, _, _ in gaps} | {index})
    place = own.index(index)
    first = last = place
    while first > 0 and _follows(rows, own[first - 1], own[first]):
        first -= 1
    while last + 1 < len(own) and _follows(rows, own[last], own[last + 1]):
        last += 1
    return last - first + 1 >= _FEWEST_ROWS


def _follows(rows: Sequence[TextRow], above: int, below: int) -> bool:
    return rows[below].base - rows[above].base <= _LEADING * rows[above].height


def _parted(row: TextRow, cuts: Sequence[float]) -> TextRow:
    segments = []
    for segment in row.segments:
        groups: list[list[Word]] = [[]]
        for word in segment.words:
            if groups[-1] and word.x0 in cuts:
                groups.append([])
            groups[-1].append(word)
        segments += [segment_of(group) for group in groups] if len(groups) > 1 else [segment]
    return row.part(segments)
