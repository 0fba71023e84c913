"""A cheap look at every object of a PDF page: which text might paint no ink?

Asks render mode, colour, bounds, clip and layer of each text object and compares them with the boxes that other
objects paint. It never decides: whatever is not plainly dark text on white becomes a suspect, and `rag.load.hidden`
looks at the pixels. A page without suspects costs this loop and nothing else.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass, field
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from rag.load import pdfium

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top in page space, points

TINY_PT = 2.0  # text under 2 pt cannot be read on paper; 4 pt is the smallest print in use
_SUSPECT_LUMA = 200  # of 255: darker text stands out on a white page
_SUSPECT_ALPHA = 128  # of 255
_SIMILAR = 64  # of 255 in every channel: fill and text too close to be sure
_THIN_PT = 2.0  # filled rectangles thinner than this are rules, not backgrounds
_SLACK_PT = 1.0
_MAX_PAIRS = 4_000_000
_MAX_FORM_DEPTH = 8


class Doubt(IntFlag):
    """Why a text object is a suspect."""

    INVISIBLE = 1  # render mode 3
    CLIP_MODE = 2  # render mode 7: a stencil, visible only through what is painted after
    COLOUR = 4  # light, transparent, or close to a fill below it
    COVERED = 8  # something opaque may be painted after it
    TINY = 16
    OFF_PAGE = 32
    CLIPPED = 64
    LAYER = 128  # optional content
    BLEND = 256  # soft mask or blend mode
    FORM = 512  # inside a form XObject, whose own clip and layer are not known


_TINY = int(Doubt.TINY)
_MODE_DOUBTS = {pdfium.INVISIBLE_MODE: int(Doubt.INVISIBLE), pdfium.CLIP_MODE: int(Doubt.CLIP_MODE)}


@dataclass(slots=True)
class Survey:
    """What one look at a page found.

    Attributes:
        suspects: Address of a text object to the reasons for doubt.
        actives: Addresses of all suspects, for switching them off in a rendering.
        images: Boxes of the images, in page space.
    """

    suspects: dict[int, Doubt] = field(default_factory=dict)
    images: list[Rectangle] = field(default_factory=list)


def survey(page: int, box: Rectangle) -> Survey:
    """Look at every object of a page.

    Args:
        page: Address of a loaded `FPDF_PAGE`.
        box: The visible box of the page.
    """
    count = max(0, pdfium.count_objects(page))
    found = Survey()
    colours = np.zeros((count, 4), np.uint32)
    bounds = np.zeros((count, 4), np.float32)
    doubts = np.zeros(count, np.int64)
    texts = np.zeros(count, np.int64)
    fills = np.zeros(count, bool)  # paths that paint an area
    pictures = np.zeros(count, bool)
    colour_at, bounds_at = colours.ctypes.data, bounds.ctypes.data
    blends = bool(pdfium.page_has_transparency(page))
    clips, layers = _Clips(), _Layers()
    for index in range(count):
        item = pdfium.get_object(page, index)
        kind = pdfium.object_type(item)
        pdfium.object_bounds(item, bounds_at, bounds_at + 4, bounds_at + 8, bounds_at + 12)
        if kind == pdfium.TEXT:
            texts[index] = item
            mode = pdfium.render_mode(item)
            colour_of = pdfium.stroke_color if mode in pdfium.STROKE_MODES else pdfium.fill_color
            known = colour_of(item, colour_at, colour_at + 4, colour_at + 8, colour_at + 12)
            doubt = _MODE_DOUBTS.get(mode, 0) if known else int(Doubt.COLOUR) | _MODE_DOUBTS.get(mode, 0)
            if pdfium.count_clip_paths(pdfium.clip_path(item)) >= 0 and clips.cut(item, bounds[index]):
                doubt |= Doubt.CLIPPED
            if pdfium.count_marks(item) > 0 and layers.holds(item):
                doubt |= Doubt.LAYER
            if blends and pdfium.has_transparency(item):
                doubt |= Doubt.BLEND
            doubts[index] = doubt
        elif kind == pdfium.PATH:
            pdfium.fill_color(item, colour_at, colour_at + 4, colour_at + 8, colour_at + 12)
            left, bottom, right, top = bounds[index]
            fills[index] = right - left > _THIN_PT and top - bottom > _THIN_PT and _is_filled(item)
        elif kind == pdfium.FORM:
            _survey_form(item, np.eye(3), found, 0)
            pictures[index] = True
        elif kind in (pdfium.IMAGE, pdfium.SHADING):
            pictures[index] = True
            if kind == pdfium.IMAGE:
                found.images.append(_rectangle(bounds[index]))
        colour_at += 16
        bounds_at += 16
    at = np.flatnonzero(texts)
    if at.size:
        doubts[at] |= _look_doubts(colours[at], bounds[at], box)
        doubts[at] |= _neighbour_doubts(at, np.flatnonzero(fills), np.flatnonzero(pictures), colours, bounds)
        sizes = _Sizes()
        for item, doubt in zip(texts[at].tolist(), doubts[at].tolist(), strict=True):
            if doubt & _TINY and not sizes.tiny(item):
                doubt &= ~_TINY
            if doubt:
                found.suspects[item] = Doubt(doubt)
    return found


def _rectangle(bounds: NDArray[np.float32]) -> Rectangle:
    left, bottom, right, top = (float(value) for value in bounds)
    return left, bottom, right, top


def _look_doubts(colours: NDArray[np.uint32], bounds: NDArray[np.float32], box: Rectangle) -> NDArray[np.int64]:
    """Doubts that need only the object itself: colour, size, place."""
    luma = colours[:, :3] @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    doubts = np.where((luma > _SUSPECT_LUMA) | (colours[:, 3] < _SUSPECT_ALPHA), int(Doubt.COLOUR), 0)
    left, bottom, right, top = bounds.T
    inside = (left >= box[0] - _SLACK_PT) & (right <= box[2] + _SLACK_PT)
    inside &= (bottom >= box[1] - _SLACK_PT) & (top <= box[3] + _SLACK_PT)
    doubts |= np.where(inside, 0, int(Doubt.OFF_PAGE))
    low = np.minimum(right - left, top - bottom) < TINY_PT + 0.5  # a dash is low too: the font size settles it
    doubts |= np.where(low, int(Doubt.TINY), 0)
    return doubts.astype(np.int64)


def _neighbour_doubts(
    texts: NDArray[np.int64],
    fills: NDArray[np.int64],
    pictures: NDArray[np.int64],
    colours: NDArray[np.uint32],
    bounds: NDArray[np.float32],
) -> NDArray[np.int64]:
    """Doubts from what is painted where the text stands: a similar fill below, anything above."""
    doubts = np.zeros(texts.size, np.int64)
    if texts.size * (fills.size + pictures.size) > _MAX_PAIRS:
        return doubts | int(Doubt.COLOUR | Doubt.COVERED)
    for index in np.concatenate([fills, pictures]):
        left, bottom, right, top = bounds[index]
        touch = (bounds[texts, 0] < right) & (bounds[texts, 2] > left)
        touch &= (bounds[texts, 1] < top) & (bounds[texts, 3] > bottom)
        after = touch & (texts < index)
        doubts[after] |= int(Doubt.COVERED)
        before = touch & (texts > index)
        if before.any():
            apart = np.abs(colours[texts, :3].astype(np.int64) - colours[index, :3].astype(np.int64)).max(axis=1)
            similar = before & (apart < _SIMILAR) if index in fills else before
            doubts[similar] |= int(Doubt.COLOUR)
    return doubts


def _is_filled(path: int) -> bool:
    fill_mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.path_draw_mode(path, ctypes.addressof(fill_mode), ctypes.addressof(stroke))
    return fill_mode.value != 0


def effective_size(font_size: float, a: float, b: float, c: float, d: float) -> float:
    """Return the smaller of a glyph's sizes along and across the line, in points.

    Args:
        font_size: As set by `Tf`.
        a, b, c, d: The linear part of the text's matrix (ISO 32000-1, 9.4.4).
    """
    return abs(font_size) * min(math.hypot(a, b), math.hypot(c, d))


class _Sizes:
    """Whether a text object of little extent is set too small to read; a dash or a blank has little extent too."""

    def __init__(self) -> None:
        self._size, self._matrix = ctypes.c_float(), (ctypes.c_float * 6)()
        self._size_at, self._matrix_at = ctypes.addressof(self._size), ctypes.addressof(self._matrix)

    def tiny(self, item: int) -> bool:
        pdfium.object_font_size(item, self._size_at)
        pdfium.object_matrix(item, self._matrix_at)
        return effective_size(self._size.value, *self._matrix[:4]) < TINY_PT


def _survey_form(form: int, outer: NDArray[np.float64], found: Survey, depth: int) -> None:
    """Doubt every text of a form XObject; note its images in page space."""
    values = (ctypes.c_float * 6)(1, 0, 0, 1, 0, 0)
    pdfium.object_matrix(form, ctypes.addressof(values))
    a, b, c, d, e, f = values
    inner = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ outer  # row vectors (x, y, 1)
    for index in range(max(0, pdfium.count_form_objects(form))):
        item = pdfium.get_form_object(form, index)
        kind = pdfium.object_type(item)
        if kind == pdfium.TEXT:
            found.suspects[item] = Doubt(Doubt.FORM | _MODE_DOUBTS.get(pdfium.render_mode(item), 0))
        elif kind == pdfium.FORM and depth < _MAX_FORM_DEPTH:
            _survey_form(item, inner, found, depth + 1)
        elif kind == pdfium.IMAGE:
            sides = (ctypes.c_float * 4)()
            at = ctypes.addressof(sides)
            pdfium.object_bounds(item, at, at + 4, at + 8, at + 12)
            corners = np.array([[x, y, 1] for x in (sides[0], sides[2]) for y in (sides[1], sides[3])]) @ inner
            low, high = corners.min(axis=0), corners.max(axis=0)
            found.images.append((float(low[0]), float(low[1]), float(high[0]), float(high[1])))


class _Clips:
    """Whether clip paths may cut a text; only plain rectangles are understood, others count as a cut."""

    def __init__(self) -> None:
        self._x, self._y = ctypes.c_float(), ctypes.c_float()

    def cut(self, item: int, bounds: NDArray[np.float32]) -> bool:
        path = pdfium.clip_path(item)
        count = pdfium.count_clip_paths(path)
        if not 1 <= count <= 4:
            return True
        for index in range(count):
            segments = pdfium.count_clip_segments(path, index)
            if not 4 <= segments <= 6:
                return True
            corners = [self._point(path, index, segment) for segment in range(segments)]
            xs, ys = [x for x, _ in corners], [y for _, y in corners]
            if len(set(xs)) > 2 or len(set(ys)) > 2:
                return True
            if min(xs) > bounds[0] + _SLACK_PT or max(xs) < bounds[2] - _SLACK_PT:
                return True
            if min(ys) > bounds[1] + _SLACK_PT or max(ys) < bounds[3] - _SLACK_PT:
                return True
        return False

    def _point(self, path: int, index: int, segment: int) -> tuple[float, float]:
        at = pdfium.clip_segment(path, index, segment)
        pdfium.segment_point(at, ctypes.addressof(self._x), ctypes.addressof(self._y))
        return self._x.value, self._y.value


class _Layers:
    """Whether a text is marked as optional content; marks are shared by neighbours, so answers are kept."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}
        self._name = ctypes.create_string_buffer(16)
        self._size = ctypes.c_ulong()

    def holds(self, item: int) -> bool:
        return any(self._is_layer(pdfium.get_mark(item, index)) for index in range(pdfium.count_marks(item)))

    def _is_layer(self, mark: int) -> bool:
        if mark not in self._known:
            fits = pdfium.mark_name(mark, ctypes.addressof(self._name), 16, ctypes.addressof(self._size))
            self._known[mark] = bool(fits) and self._name.raw[: self._size.value] == "OC\0".encode("utf-16-le")
        return self._known[mark]
