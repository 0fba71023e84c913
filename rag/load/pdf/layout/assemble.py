"""Words to rows of segments: what stands on one baseline, parted where a gap is wider than between words.

Finds raised and lowered marks first (footnote numbers, exponents, indices), so that they stand on the row of the word
they belong to. Geometry only; what a row means is decided elsewhere.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.layout.glyphs import LEADER_DOTS, Words
from rag.load.pdf.layout.gutters import parted_at_gutters
from rag.load.pdf.layout.rows import Segment, Shift, TextRow, Word, begins_with_figure, segment_of, words_text

_SMALL = 0.86  # of the neighbour's height: a mark is set smaller than what it belongs to
_RAISED = 0.12  # of the neighbour's height: least lift of a raised mark
_MAX_LIFT = 0.65
_MAX_DROP = 0.35
_GLUED_DROP = 0.5  # the same of a mark that touches the word that PDFium lists before it
_TOUCHING = 0.12  # of the neighbour's height
_MARK = re.compile(r"[\d\W_]+|\W?[^\W\d_]{1,2}\W?|[+-]?\d*[a-z]\d*")
_MARK_GAP = 0.45  # of the neighbour's height, to either side
_MAX_MARK_SIGNS = 6
_NO_FIELD = -2  # see `rag.load.pdf.fields.FIRST_FIELD`
_LINE_FIELDS = 2  # a drawn row of more fields is of a table to fill in
_INITIAL = 1.8  # of the usual height: a letter over two lines
_ROW_STEP = 0.22  # of the height: baselines closer than this are one row
_ROW_DRIFT = 0.45  # of the height: most that the baselines of one row differ
_SEGMENT_GAP = 0.88  # of the height: a wider gap parts segments
_SPACED_LETTERS = 6
_SPACED_WORD = 1.5  # of the usual gap between spaced letters
_JUSTIFIED_WORDS = 7
_STRETCHED = 0.6  # of the height: most of the gaps between words, however far they are stretched
_JUSTIFIED_GAP = 1.1  # of the height: the same in a line whose gaps are all stretched
_WORD_GAP = 0.12  # of the height: space between words that PDFium did not list one after the other
_GLUED_GAP = 0.3  # of the height: space between words that PDFium listed without a blank
_SHIFT_GAP = 0.15  # of the height: space beside a mark
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_CURRENCY = re.compile(r"(?:US|C|A|NZ|HK|R)?[$€£¥₹]|\(")
_TAIL = re.compile(r"[)%]+")
_SHIFTS: tuple[Shift, ...] = ("", "raised", "lowered")

Dividers = Sequence[tuple[float, float, float]]


def make_rows(words: Words, chosen: NDArray[np.int64], dividers: Dividers = ()) -> list[TextRow]:
    """Return the rows of the chosen words, which are of one direction, top to bottom.

    Args:
        words: Words of a page.
        chosen: Places of some of them.
        dividers: Drawn vertical lines: x, top, bottom; they part segments whatever the gap.
    """
    if not chosen.size:
        return []
    height = np.maximum(words.boxes[chosen, 3] - words.boxes[chosen, 1], 0.1)
    base = words.base[chosen].copy()
    initials = _lift_initials(words, chosen, base, height)
    base, shift = _with_marks(words, chosen, base, height)
    order = np.argsort(base, kind="stable")
    row = np.empty(order.size, np.int64)
    row[order] = _row_numbers(base[order], height[order])
    order = np.lexsort((words.boxes[chosen, 0], row))
    spaced, gap = _spaces(words, chosen[order], height[order], shift[order], row[order])
    spaced[1:] &= ~np.isin(order[:-1], initials)  # the rest of the word follows
    placed = _placed(words, chosen[order], base[order], height[order], shift[order], spaced)
    starts = np.flatnonzero(np.diff(row[order], prepend=-1)).tolist()
    right_to_left = bool(_RTL.search(words.signs))
    gaps = gap.tolist()
    rows = [
        _row(placed[start:end], gaps[start + 1 : end], dividers, right_to_left)
        for start, end in pairwise([*starts, order.size])
    ]
    return rows if right_to_left else parted_at_gutters(rows)


def _with_marks(
    words: Words, chosen: NDArray[np.int64], lines: NDArray[np.float64], height: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return baselines, those of marks moved to the word they belong to, and places in `_SHIFTS`.

    A mark is smaller than its neighbour and stands above or below its baseline.
    """
    left, _, right, _ = words.boxes[chosen].T.copy()
    base = lines.copy()
    shift = np.zeros(chosen.size, np.int64)
    starts, ends = words.start[chosen], words.end[chosen]
    own = words.chars[starts] > _NO_FIELD if len(words.chars) else np.zeros(0, bool)
    small = height < _SMALL * max(float(np.median(height)), float(height.max()))
    by_end = dict(zip(words.chars[ends - 1].tolist(), range(chosen.size), strict=True)) if small.any() else {}
    order = np.argsort(lines, kind="stable")
    ordered, tallest = lines[order], float(height.max())
    for mark in np.flatnonzero(own & small & (ends - starts <= _MAX_MARK_SIGNS)).tolist():
        if not _MARK.fullmatch(words.signs[starts[mark] : ends[mark]]):
            continue
        glued = by_end.get(int(words.chars[starts[mark]]) - 1)
        if glued is not None and _sinks_below(mark, glued, left, right, lines, height) and not shift[glued]:
            shift[mark], base[mark] = 2, lines[glued]
            continue
        # What stands on a line that is near enough, whatever its height.
        low = ordered.searchsorted(lines[mark] - _MAX_DROP * tallest)
        near = order[low : ordered.searchsorted(lines[mark] + _MAX_LIFT * tallest, "right")]
        tall, x0, x1 = height[near], left[near], right[near]
        near = near[
            (height[mark] < _SMALL * tall)
            & (x0 - right[mark] < _MARK_GAP * tall)
            & (left[mark] - x1 < _MARK_GAP * tall)
            & (shift[near] == 0)
        ]
        if near.size:
            _give_owner(mark, np.sort(near), left, right, base, height, shift)
    return base, shift


def _sinks_below(
    mark: int,
    word: int,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    lines: NDArray[np.float64],
    height: NDArray[np.float64],
) -> bool:
    """Tell whether a mark touches the end of a word and stands lower, as an index does."""
    drop = lines[mark] - lines[word]
    touches = abs(left[mark] - right[word]) <= _TOUCHING * height[word]
    deep = _RAISED * height[word] < drop <= _GLUED_DROP * height[word]
    return bool(touches and deep and height[mark] < _SMALL * height[word])


def _give_owner(
    mark: int,
    near: NDArray[np.int64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    base: NDArray[np.float64],
    height: NDArray[np.float64],
    shift: NDArray[np.int64],
) -> None:
    """Move a mark to the baseline of the word it belongs to, where there is one among the taller words beside it."""
    gap = np.maximum(left[mark] - right[near], left[near] - right[mark])  # negative where they overlap
    lift, tall = base[near] - base[mark], height[near]
    fits = (gap < _MARK_GAP * tall) & (gap > -0.3 * tall) & (np.abs(lift) > _RAISED * tall)
    fits &= (lift < _MAX_LIFT * tall) & (lift > -_MAX_DROP * tall)
    owners, gap, lift = near[fits], gap[fits], lift[fits]
    if owners.size:
        # What stands to the left owns the mark.
        before = np.flatnonzero(left[owners] < left[mark])
        best = int(before[np.argmin(gap[before])] if before.size else np.argmin(gap))
        shift[mark] = 1 if lift[best] > 0 else 2
        base[mark] = base[owners[best]]


def _lift_initials(
    words: Words, chosen: NDArray[np.int64], base: NDArray[np.float64], height: NDArray[np.float64]
) -> list[int]:
    """Move large first letters that reach over several lines to the baseline of the first; return their places."""
    moved = []
    usual = float(np.median(height))
    single = words.end[chosen] - words.start[chosen] == 1
    for initial in np.flatnonzero(single & (height > _INITIAL * usual)).tolist():
        if not words.signs[words.start[chosen[initial]]].isupper():
            continue
        _, top, right, _ = words.boxes[chosen[initial]]
        gap = words.boxes[chosen, 0] - right
        beside = (gap > -0.3 * usual) & (gap < usual) & (base > top) & (base < base[initial] + 0.5 * usual)
        lines = base[beside & (height < _SMALL * height[initial])]
        if lines.size and lines.max() - lines.min() > 0.5 * usual:
            base[initial] = lines.min()
            moved.append(initial)
    return moved


def _row_numbers(base: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the rows of words that are sorted by baseline."""
    cut = np.zeros(base.size, bool)
    cut[1:] = np.diff(base) > _ROW_STEP * height[1:]
    first = np.maximum.accumulate(np.where(cut, np.arange(base.size), 0))
    if ((base - base[first]) > _ROW_DRIFT * height).any():
        start = 0
        for row in range(1, base.size):
            if cut[row] or base[row] - base[start] > _ROW_DRIFT * height[row]:
                cut[row], start = True, row
    return np.cumsum(cut)


def _spaces(
    words: Words,
    chosen: NDArray[np.int64],
    height: NDArray[np.float64],
    shift: NDArray[np.int64],
    row: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Tell for words in order of reading whether a blank stands before each, and how wide the gap is."""
    gap = np.zeros(chosen.size)
    gap[1:] = words.boxes[chosen[1:], 0] - words.boxes[chosen[:-1], 2]
    spaced = np.ones(chosen.size, bool)
    start, end = words.start[chosen[1:]], words.end[chosen[:-1]]
    listed = start == end  # PDFium lists one right after the other, with or without a blank
    glued = listed & (words.chars[start] == words.chars[end - 1] + 1)
    marked = (shift[1:] > 0) | (shift[:-1] > 0)
    least = np.where(marked, _SHIFT_GAP, np.where(glued, _GLUED_GAP, np.where(listed, -0.3, _WORD_GAP)))
    spaced[1:] = (gap[1:] > least * np.maximum(height[1:], height[:-1])) | (np.diff(row) > 0)
    return spaced, gap


def _placed(
    words: Words,
    chosen: NDArray[np.int64],
    base: NDArray[np.float64],
    height: NDArray[np.float64],
    shift: NDArray[np.int64],
    spaced: NDArray[np.bool_],
) -> list[Word]:
    signs = words.signs
    starts = words.start[chosen].tolist()
    ends = words.end[chosen].tolist()
    first_chars = words.chars[words.start[chosen]]
    fields = np.where(first_chars <= _NO_FIELD, _NO_FIELD - first_chars, -1).tolist()
    boxes = words.boxes[chosen].tolist()
    return [
        Word(
            signs[start:end], start, x0, top, x1, bottom, line, tall, blank, _SHIFTS[mark], field, field in words.cells
        )
        for start, end, (x0, top, x1, bottom), line, tall, blank, mark, field in zip(
            starts, ends, boxes, base.tolist(), height.tolist(), spaced.tolist(), shift.tolist(), fields, strict=True
        )
    ]


def _row(words: list[Word], gaps: list[float], dividers: Dividers, right_to_left: bool) -> TextRow:
    """Return a row; `gaps` are those before its words but the first."""
    plain = [word for word in words if not word.shift] or words
    heights = sorted([word.height for word in plain])
    height = heights[len(heights) // 2]
    top, bottom = min([word.top for word in plain]), max([word.bottom for word in plain])
    least = _SEGMENT_GAP * height
    if len(words) >= _JUSTIFIED_WORDS:
        usual = sorted(gaps)[len(gaps) // 2]
        if usual < _STRETCHED * height:
            least = max(least, min(_JUSTIFIED_GAP * height, 2.2 * usual))
    if len(words) >= _SPACED_LETTERS:
        _close_letters(words, gaps)
    cuts = [place for place, gap in enumerate(gaps, 1) if gap > least or _ends_leader(words, place)]
    if dividers:
        middle = (top + bottom) / 2
        lines = [x for x, low, high in dividers if low <= middle <= high]
        if lines:
            cuts = sorted({*cuts, *_divided(words, lines)})
    fields = {word.field for word in words if word.field >= 0}
    if any(word.cell for word in words):
        parts = [place for place in range(1, len(words)) if words[place].field != words[place - 1].field]
        inside = {place for place in cuts if words[place].field == words[place - 1].field >= 0}
        cuts = sorted({*cuts, *parts} - inside)
    elif cuts and fields and (len(fields) <= _LINE_FIELDS or not dividers):
        cuts = []  # fields and their labels
    groups = [words[start:end] for start, end in pairwise([0, *cuts, len(words)])]
    if right_to_left:
        groups = [_logical(group) for group in groups]
    segments = [Segment(group, group[0].x0, max([w.x1 for w in group]), words_text(group)) for group in groups]
    return TextRow(_with_signs_joined(segments) if len(segments) > 1 else segments, words[0].base, top, bottom, height)


def _close_letters(words: Sequence[Word], gaps: Sequence[float]) -> None:
    """Take out the blanks between letters that are spaced out for effect; wider gaps part words."""
    letters = [word.text for word in words]
    if any(len(text) > 1 or not text.isalpha() for text in letters) or letters == sorted(letters):
        return
    usual = sorted(gaps)[len(gaps) // 2]
    for word, gap in zip(words[1:], gaps, strict=True):
        word.spaced = gap > _SPACED_WORD * usual


def _ends_leader(words: Sequence[Word], index: int) -> bool:
    """Tell whether a word follows the dots that lead from a title to its page."""
    if words[index - 1].text[-1] != "." or words[index].text[0] == ".":
        return False
    dots = itertools.takewhile(lambda word: not word.text.strip("."), reversed(words[max(0, index - 4) : index]))
    return sum(len(word.text) for word in dots) >= LEADER_DOTS


def _divided(words: Sequence[Word], lines: Sequence[float]) -> list[int]:
    """Return the places of words that a drawn line parts from the word before."""
    return [
        place
        for place, (word, next_word) in enumerate(pairwise(words), 1)
        if next_word.x0 > word.x1 and any(word.x1 - 0.5 <= x <= next_word.x0 + 0.5 for x in lines)
    ]


def _logical(words: list[Word]) -> list[Word]:
    """Return words left to right, or as PDFium read them where most are written right to left."""
    if 2 * sum(bool(_RTL.search(word.text)) for word in words) <= len(words):
        return words
    ordered = sorted(words, key=lambda word: word.first)
    for word in ordered:
        word.spaced = True
    return ordered


def _with_signs_joined(segments: list[Segment]) -> list[Segment]:
    """Join a currency sign to the figure behind it, and a lone bracket or percent sign to the figure before it."""
    out: list[Segment] = []
    for segment in segments:
        last = out[-1] if out else None
        if last is None:
            out.append(segment)
            continue
        figure = begins_with_figure(segment.text)
        if figure and len(last.words) > 1 and _CURRENCY.fullmatch(last.words[-1].text):
            out[-1] = segment_of(last.words[:-1])
            out.append(segment_of([last.words[-1], *segment.words]))
        elif (figure and len(last.words) == 1 and _CURRENCY.fullmatch(last.text)) or (
            _TAIL.fullmatch(segment.text) and begins_with_figure(last.words[-1].text)
        ):
            out[-1] = segment_of(last.words + segment.words)
        else:
            out.append(segment)
    return out
