"""Reads PDFium's characters of a page as words with boxes, baselines and directions.

A word is a row of characters that PDFium lists without a blank between and that stand side by side at one size on one
baseline: a raised mark, or a figure of the next column that PDFium glued on, is a word of its own.
"""

from __future__ import annotations

import ctypes
from collections import deque
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf import pdfium

LEADER_DOTS = 4  # so many lead from a title to its page
HYPHEN_MARK = "\ufffe"  # PDFium's sign for a hyphen at the end of a line
HYPHENS = f"\u2010{HYPHEN_MARK}-"
DASHES = "\u2012\u2013"  # between the figures of a range

_BLANK = np.zeros(65536, bool)
_BLANK[[*range(0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]] = True
_BLANK[2] = False  # the hyphen mark as some builds write it
_MAX_NAME = 128
_NAME, _FLAGS = ctypes.create_string_buffer(_MAX_NAME), ctypes.c_int()
_NAME_AT, _FLAGS_AT = ctypes.addressof(_NAME), ctypes.addressof(_FLAGS)
_STEP = 0.1  # of the height: a larger change of size or baseline begins a word
_GLUED_GAP = 0.5  # of the height: more space than this inside a word parts it
_BACK = 0.6  # of the height: a jump to the left of this size parts a word
_TURNED_PAIRS = 3  # so many neighbours that step up or down make the directions worth asking for
_RIGHT_ANGLE_SLACK = 10.0  # degrees
_COARSE_ANGLE = 15.0  # degrees: other directions are told apart in such steps


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a page in PDFium's order. Their space: x to the right along the line, y down, points.

    Attributes:
        signs: Characters of all words, one code point each.
        chars: PDFium index of each character, `(n_signs,)`.
        start: First character of each word, `(n,)`.
        end: One past its last.
        boxes: Left, top, right, bottom, `(n, 4)`; advance width by height of the font.
        base: Baseline, `(n,)`.
        angle: Direction of writing in page space, degrees counter-clockwise, `(n,)`; boxes are turned back by it.
        cells: Form fields whose values are cells of a grid.
    """

    signs: str
    chars: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    boxes: NDArray[np.float64]
    base: NDArray[np.float64]
    angle: NDArray[np.float64]
    cells: frozenset[int] = frozenset()


def read_words(textpage: int, signs: str, chars: NDArray[np.int64], dropped: NDArray[np.bool_] | None) -> Words:
    """Return the words among PDFium's characters.

    Args:
        textpage: Address of an `FPDF_TEXTPAGE`.
        signs: Its characters, one code point each.
        chars: PDFium index of each of `signs`.
        dropped: Which of `signs` no reader sees; they belong to no word.
    """
    codes = np.frombuffer(signs.encode("utf-32-le", "surrogatepass"), np.uint32)
    kept = ~_BLANK[np.minimum(codes, 0xFFFF)]
    if dropped is not None:
        kept &= ~dropped
    places = np.flatnonzero(kept)
    index = chars[places]
    kept_signs = "".join(map(signs.__getitem__, places.tolist())) if places.size < len(signs) else signs
    if not places.size:
        none, no_words = np.zeros((0, 4)), np.zeros(0, np.int64)
        return Words("", index, no_words, no_words, none, np.zeros(0), np.zeros(0))
    boxes = _loose_boxes(textpage, index)
    angle = _angles(textpage, index, boxes, places)
    boxes = _turned(boxes, angle)
    cut = _cuts(boxes, angle, places)
    if LEADER_DOTS * "." in kept_signs:
        cut |= _leader_borders(codes[places])
    start = np.flatnonzero(cut)
    end = np.append(start[1:], index.size)
    union = np.concatenate(
        [np.minimum.reduceat(boxes[:, :2], start), np.maximum.reduceat(boxes[:, 2:], start)],
        axis=1,
    )
    base = _baselines(textpage, index[start], angle[start])
    return Words(kept_signs, index, start, end, union, base, angle[start])


def _loose_boxes(textpage: int, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return left, bottom, right, top in page space, `(n, 4)`: advance by font height."""
    sides = np.zeros((index.size, 4), np.float32)  # PDFium's order: left, top, right, bottom
    first = sides.ctypes.data
    places = range(first, first + 16 * index.size, 16)
    deque(map(pdfium.loose_char_box, repeat(textpage), index.tolist(), places), maxlen=0)
    return sides[:, [0, 3, 2, 1]].astype(np.float64)


def _angles(
    textpage: int, index: NDArray[np.int64], boxes: NDArray[np.float64], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return each character's direction in degrees; asked for only where neighbours step up or down, or back."""
    angle = np.zeros(index.size)
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 0.1)
    joined = np.diff(places) == 1
    climbs = np.abs(np.diff((boxes[:, 1] + boxes[:, 3]) / 2)) > 0.25 * height[1:]
    backs = boxes[1:, 0] < boxes[:-1, 0] - 0.1 * height[1:]
    if int((joined & (climbs | backs)).sum()) < _TURNED_PAIRS:
        return angle
    values = np.zeros((index.size, 6), np.float32)
    first = values.ctypes.data
    deque(
        map(pdfium.char_matrix, repeat(textpage), index.tolist(), range(first, first + 24 * index.size, 24)), maxlen=0
    )
    exact = np.degrees(np.arctan2(values[:, 1], values[:, 0])) % 360
    right = np.round(exact / 90) * 90
    coarse = np.round(exact / _COARSE_ANGLE) * _COARSE_ANGLE
    return np.where(np.abs(exact - right) <= _RIGHT_ANGLE_SLACK, right, coarse) % 360


def _turned(boxes: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn boxes so that writing runs to the right, with y down: left, top, right, bottom."""
    left, bottom, right, top = boxes.T
    if not angle.any():
        return np.stack([left, -top, right, -bottom], axis=1)
    radians = np.radians(angle)
    cos, sin = np.cos(radians), np.sin(radians)
    x, y = (left + right) / 2, (bottom + top) / 2
    middle_x, middle_y = x * cos + y * sin, -x * sin + y * cos
    width, height = right - left, top - bottom
    upright = np.isin(angle, (0.0, 180.0))
    level = np.isin(angle, (90.0, 270.0))
    side = np.sqrt(np.maximum(width * height, 0.01)) * 0.8  # the box of a slanted character is wider than it
    across = np.where(upright, width, np.where(level, height, side)) / 2
    along = np.where(upright, height, np.where(level, width, side)) / 2
    return np.stack([middle_x - across, -middle_y - along, middle_x + across, -middle_y + along], axis=1)


def _cuts(boxes: NDArray[np.float64], angle: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell for each character whether it begins a word."""
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 0.1)
    step = _STEP * np.maximum(height[1:], height[:-1])
    gap = boxes[1:, 0] - boxes[:-1, 2]
    cut = np.ones(len(boxes), bool)
    cut[1:] = (
        (np.diff(places) != 1)
        | (np.abs(np.diff(boxes[:, 3])) > step)
        | (np.abs(np.diff(height)) > step)
        | (gap > _GLUED_GAP * height[1:])
        | (boxes[1:, 0] < boxes[:-1, 0] - _BACK * height[1:])
        | (np.diff(angle) != 0)
    )
    return cut


def _leader_borders(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell for each character whether a long row of dots begins or ends before it."""
    dot = codes == ord(".")
    borders = np.flatnonzero(np.diff(dot, prepend=False, append=False))  # begins and ends of rows, in turns
    starts, ends = borders[::2], borders[1::2]
    long = ends - starts >= LEADER_DOTS
    cut = np.zeros(codes.size + 1, bool)
    cut[starts[long]] = cut[ends[long]] = True
    return cut[:-1]


def _baselines(textpage: int, index: NDArray[np.int64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the baseline of each character in its own turned space, y down."""
    points = np.zeros((index.size, 2), np.float64)
    first = points.ctypes.data
    size = 16 * index.size
    deque(
        map(
            pdfium.char_origin,
            repeat(textpage),
            index.tolist(),
            range(first, first + size, 16),
            range(first + 8, first + size, 16),
        ),
        maxlen=0,
    )
    radians = np.radians(angle)
    return np.asarray(points[:, 0] * np.sin(radians) - points[:, 1] * np.cos(radians))


def font_name(textpage: int, char: int) -> str:
    """Return the name of a character's font, `""` where there is none."""
    size = pdfium.char_font(textpage, char, _NAME_AT, _MAX_NAME, _FLAGS_AT)
    return _NAME.value.decode("utf-8", "replace") if 0 < size <= _MAX_NAME else ""
