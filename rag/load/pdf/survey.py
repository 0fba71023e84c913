"""A cheap look at every object of a PDF page: which text might paint no ink?

Asks render mode, colour, bounds, clip and layer of each text object and compares them with the boxes that other
objects paint. It never decides: whatever is not plainly dark text on white becomes a suspect, and `rag.load.pdf.hidden`
looks at the pixels. A page without suspects costs this loop and nothing else.
"""

from __future__ import annotations

import ctypes
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from itertools import compress, repeat

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf import pdfium
from rag.load.pdf.pdfium import (  # bare names: they are called thousands of times a page
    clip_path,
    count_clip_paths,
    count_marks,
    fill_color,
    get_mark,
    get_object,
    render_mode,
    rotated_bounds,
)
from rag.load.web.visible import TINY_PT

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top in page space, points

_SUSPECT_LUMA = 200  # of 255: darker text stands out on a white page
_SUSPECT_ALPHA = 128  # of 255
_SIMILAR = 64  # of 255 in every channel: fill and text too close to be sure
_THIN_PT = 2.0  # filled rectangles thinner than this are rules, not backgrounds
_SLACK_PT = 1.0
_MAX_PAIRS = 4_000_000
_MAX_FORM_DEPTH = 8
_MAX_CLIPS = 4


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


_TINY, _COLOUR, _CLIPPED = int(Doubt.TINY), int(Doubt.COLOUR), int(Doubt.CLIPPED)
_LAYER, _BLEND = int(Doubt.LAYER), int(Doubt.BLEND)
_MODE_DOUBTS = {pdfium.INVISIBLE_MODE: int(Doubt.INVISIBLE), pdfium.CLIP_MODE: int(Doubt.CLIP_MODE)}


@dataclass(slots=True)
class Survey:
    """What one look at a page found.

    Attributes:
        suspects: Address of a text object to the reasons for doubt, `Doubt` flags.
        images: Boxes of the images, in page space.
        forms: Boxes of the drawings that are placed as one object.
        paths: Boxes of lines, rectangles and other paths, `(n, 4)` left, bottom, right, top in page space.
    """

    suspects: dict[int, int] = field(default_factory=dict)
    images: list[Rectangle] = field(default_factory=list)
    forms: list[Rectangle] = field(default_factory=list)
    paths: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))


def survey(page: int, box: Rectangle) -> Survey:
    """Look at every object of a page.

    Args:
        page: Address of a loaded `FPDF_PAGE`.
        box: The visible box of the page.
    """
    objects = _Objects(page)
    result = Survey()
    for form in objects.forms:
        _survey_form(form, np.eye(3), result, 0)
    result.paths = objects.bounds[objects.paths].astype(np.float64)
    result.images += [_rectangle(objects.bounds[index]) for index in objects.images]
    placed = set(objects.pictures) - set(objects.images)
    result.forms = [_rectangle(objects.bounds[index]) for index in sorted(placed)]
    texts = objects.texts
    if texts.size:
        colours, bounds, heights = objects.colours[texts], objects.bounds[texts], objects.heights[texts]
        doubts = objects.doubts | _look_doubts(colours, bounds, heights, box)
        fills, pictures = np.array(objects.fills, np.int64), np.array(objects.pictures, np.int64)
        doubts |= _neighbour_doubts(texts, fills, pictures, objects.colours, objects.bounds)
        low = np.flatnonzero(doubts & _TINY)
        items = [objects.items[place] for place in low.tolist()]
        doubts[low[~_tiny(items)]] &= ~_TINY
        for where in np.flatnonzero(doubts).tolist():
            result.suspects[objects.items[where]] = int(doubts[where])
    return result


class _Objects:
    """Facts of a page's objects, read in one pass.

    Attributes:
        colours: Fill (or stroke) red, green, blue, alpha of each object, `(n, 4)`, 0 to 255.
        bounds: Left, bottom, right, top of each object in page space, `(n, 4)`, points.
        heights: The shorter side of each object as it stands, turned or not, `(n,)`, points.
        texts: Indices of the text objects; `items` and `doubts` run beside it.
        items: Their addresses.
        doubts: What one object by itself gives away: mode, clip, layer, blend.
        fills: Indices of paths that paint an area.
        pictures: Indices of images, shadings and forms, whose colours are not known.
        images: Indices of images.
        forms: Addresses of form XObjects.
        paths: Indices of paths.
    """

    def __init__(self, page: int) -> None:
        self._page = page
        self.count = max(0, pdfium.count_objects(page))
        self.colours = np.zeros((self.count, 4), np.uint32)
        self._corners = (ctypes.c_float * (8 * self.count + 8))()  # x, y of four corners
        self.doubts = np.zeros(0, np.int64)
        self.fills: list[int] = []
        self.pictures: list[int] = []
        self.images: list[int] = []
        self.forms: list[int] = []
        self.paths: list[int] = []
        self._read()
        x, y = self._sides().reshape(-1, 4, 2).transpose(2, 1, 0).copy()
        # Pairs of corners: a reduction over an axis of four takes ten times as long.
        low_x, low_y = (np.minimum(np.minimum(v[0], v[1]), np.minimum(v[2], v[3])) for v in (x, y))
        high_x, high_y = (np.maximum(np.maximum(v[0], v[1]), np.maximum(v[2], v[3])) for v in (x, y))
        self.bounds = np.stack([low_x, low_y, high_x, high_y], axis=1)
        self.heights = np.minimum(np.hypot(x[1] - x[0], y[1] - y[0]), np.hypot(x[2] - x[1], y[2] - y[1]))

    def _read(self) -> None:
        """Ask every object what it is: the same question to all of them at a time, which is what keeps it fast."""
        items = list(map(get_object, repeat(self._page), range(self.count)))
        modes = np.array(list(map(render_mode, items)), np.int64)
        is_text = modes >= 0
        self.texts = np.flatnonzero(is_text)
        self.items = list(compress(items, is_text.tolist()))
        colours, corners = self.colours.ctypes.data, ctypes.addressof(self._corners)
        deque(map(rotated_bounds, self.items, (corners + 32 * self.texts).tolist()), maxlen=0)
        for index in np.flatnonzero(~is_text).tolist():
            self._read_other(items[index], index, colours + 16 * index, corners + 32 * index)
        sides = self._sides()[self.texts]
        # A blank, or text of size 0, has no extent and no doubts.
        shown = (sides[:, 0] != sides[:, 4]) | (sides[:, 1] != sides[:, 5])
        visible = self.texts[shown]
        items = list(compress(self.items, shown.tolist()))
        self.doubts = np.zeros(self.texts.size, np.int64)
        self.doubts[shown], self.colours[visible] = _Look(self._page).looks(items, modes[visible], sides[shown])

    def _sides(self) -> NDArray[np.float32]:
        return np.frombuffer(self._corners, np.float32)[: 8 * self.count].reshape(-1, 8)

    def _read_other(self, item: int, index: int, colour: int, bounds: int) -> None:
        kind = pdfium.object_type(item)
        corner_index = 8 * index
        pdfium.object_bounds(item, bounds, bounds + 4, bounds + 8, bounds + 12)
        left, bottom, right, top = self._corners[corner_index : corner_index + 4]
        self._corners[corner_index : corner_index + 8] = [left, bottom, right, top] * 2
        if kind == pdfium.PATH:
            self.paths.append(index)
            if right - left > _THIN_PT and top - bottom > _THIN_PT and _is_filled(item):
                pdfium.fill_color(item, colour, colour + 4, colour + 8, colour + 12)
                self.fills.append(index)
            return
        self.pictures.append(index)
        if kind == pdfium.IMAGE:
            self.images.append(index)
        elif kind == pdfium.FORM:
            self.forms.append(item)


def _rectangle(bounds: NDArray[np.float32]) -> Rectangle:
    left, bottom, right, top = (float(value) for value in bounds)
    return left, bottom, right, top


def _look_doubts(
    colours: NDArray[np.uint32], bounds: NDArray[np.float32], heights: NDArray[np.float32], box: Rectangle
) -> NDArray[np.int64]:
    """Doubts from how the object looks: colour, size, place."""
    luma = colours[:, :3] @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    left, bottom, right, top = bounds.T
    seen = (left != right) | (bottom != top)
    doubts = np.where(seen & ((luma > _SUSPECT_LUMA) | (colours[:, 3] < _SUSPECT_ALPHA)), _COLOUR, 0)
    inside = (left >= box[0] - _SLACK_PT) & (right <= box[2] + _SLACK_PT)
    inside &= (bottom >= box[1] - _SLACK_PT) & (top <= box[3] + _SLACK_PT)
    doubts |= np.where(inside, 0, int(Doubt.OFF_PAGE))
    low = heights < TINY_PT + 0.5  # a dash is low too: the font size settles it
    doubts |= np.where(low, _TINY, 0)
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
    boxes = np.concatenate([fills, pictures])
    if not boxes.size:
        return doubts
    if texts.size * boxes.size > _MAX_PAIRS:
        return doubts | int(Doubt.COLOUR | Doubt.COVERED)
    # By height first: few boxes reach over a line of text.
    text, box = bounds[texts].T.copy(), bounds[boxes].T.copy()
    order = np.argsort(text[1], kind="stable")
    low = np.searchsorted(text[1][order], box[1] - (text[3] - text[1]).max(), "left")
    after = np.searchsorted(text[1][order], box[3], "left")
    n_near = np.maximum(after - low, 0)
    column = np.repeat(np.arange(boxes.size), n_near)
    row = order[np.arange(column.size) - np.repeat(np.cumsum(n_near) - n_near - low, n_near)]
    meets = (text[0][row] < box[2][column]) & (text[2][row] > box[0][column])
    meets &= (text[1][row] < box[3][column]) & (text[3][row] > box[1][column])
    row, column = row[meets], column[meets]
    above = boxes[column] > texts[row]
    doubts[row[above]] |= int(Doubt.COVERED)
    row, column = row[~above], column[~above]
    apart = np.abs(colours[texts[row], :3].astype(np.int64) - colours[boxes[column], :3].astype(np.int64)).max(axis=1)
    doubts[row[(column >= fills.size) | (apart < _SIMILAR)]] |= _COLOUR
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


def _tiny(items: list[int]) -> NDArray[np.bool_]:
    """Tell of text objects of little extent which are set too small to read; a dash has little extent too."""
    sizes, matrices = np.zeros(len(items), np.float32), np.zeros((len(items), 6), np.float32)
    first, first_matrix = sizes.ctypes.data, matrices.ctypes.data
    deque(map(pdfium.object_font_size, items, range(first, first + 4 * len(items), 4)), maxlen=0)
    deque(map(pdfium.object_matrix, items, range(first_matrix, first_matrix + 24 * len(items), 24)), maxlen=0)
    a, b, c, d = matrices[:, :4].T
    return np.asarray(np.abs(sizes) * np.minimum(np.hypot(a, b), np.hypot(c, d)) < TINY_PT)


def _survey_form(form: int, outer: NDArray[np.float64], result: Survey, depth: int) -> None:
    """Doubt every text of a form XObject; note its images in page space."""
    values = (ctypes.c_float * 6)(1, 0, 0, 1, 0, 0)
    pdfium.object_matrix(form, ctypes.addressof(values))
    a, b, c, d, e, f = values
    inner = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ outer  # row vectors (x, y, 1)
    for index in range(max(0, pdfium.count_form_objects(form))):
        item = pdfium.get_form_object(form, index)
        kind = pdfium.object_type(item)
        if kind == pdfium.TEXT:
            result.suspects[item] = Doubt(Doubt.FORM | _MODE_DOUBTS.get(pdfium.render_mode(item), 0))
        elif kind == pdfium.FORM and depth < _MAX_FORM_DEPTH:
            _survey_form(item, inner, result, depth + 1)
        elif kind == pdfium.IMAGE:
            sides = (ctypes.c_float * 4)()
            address = ctypes.addressof(sides)
            pdfium.object_bounds(item, address, address + 4, address + 8, address + 12)
            corners = np.array([[x, y, 1] for x in (sides[0], sides[2]) for y in (sides[1], sides[3])]) @ inner
            low, high = corners.min(axis=0), corners.max(axis=0)
            result.images.append((float(low[0]), float(low[1]), float(high[0]), float(high[1])))


class _Look:
    """What one text object by itself gives away: mode, colour space, clip, layer, blend."""

    def __init__(self, page: int) -> None:
        self._blends = bool(pdfium.page_has_transparency(page))
        self._x, self._y = ctypes.c_float(), ctypes.c_float()
        self._name, self._size = ctypes.create_string_buffer(16), ctypes.c_ulong()

    def looks(
        self, items: list[int], modes: NDArray[np.int64], corners: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Return the doubts of text objects, `(n,)`, and their red, green, blue and alpha, `(n, 4)`.

        Args:
            items: Addresses of the objects.
            modes: Their render modes, `(n,)`.
            corners: Four corners of each, `(n, 8)`.
        """
        colours = np.zeros((len(items), 4), np.uint32)
        first, after = colours.ctypes.data, colours.ctypes.data + 16 * len(items)
        places = (range(first + side, after, 16) for side in (0, 4, 8, 12))
        known = np.array(list(map(fill_color, items, *places)), np.int64)
        doubts = np.where(known != 0, 0, _COLOUR)
        for index in np.flatnonzero(modes).tolist():
            doubts[index] = self._mode_doubt(items[index], int(modes[index]), first + 16 * index)
        paths = list(map(clip_path, items))
        n_clips = np.array(list(map(count_clip_paths, paths)), np.int64)
        for index in np.flatnonzero(n_clips >= 0).tolist():
            if self._cuts(paths[index], int(n_clips[index]), corners[index].tolist()):
                doubts[index] |= _CLIPPED
        doubts |= self._layer_doubts(items)
        if self._blends:
            blends = np.array(list(map(pdfium.has_transparency, items)), np.int64)
            doubts |= np.where(blends != 0, _BLEND, 0)
        return doubts, colours

    def _layer_doubts(self, items: list[int]) -> NDArray[np.int64]:
        """Tell of text objects which belong to optional content; neighbours share marks, so each mark is asked once."""
        doubts = np.zeros(len(items), np.int64)
        n_marks = np.array(list(map(count_marks, items)), np.int64)
        for level in range(int(n_marks.max(initial=0))):
            marked = np.flatnonzero(n_marks > level)
            marks = list(map(get_mark, compress(items, (n_marks > level).tolist()), repeat(level)))
            layers = {mark for mark in set(marks) if self._is_layer(mark)}
            if layers:
                doubts[marked[[mark in layers for mark in marks]]] |= _LAYER
        return doubts

    def _mode_doubt(self, item: int, mode: int, colour: int) -> int:
        colour_of = pdfium.stroke_color if mode in pdfium.STROKE_MODES else fill_color
        known = colour_of(item, colour, colour + 4, colour + 8, colour + 12)
        return _MODE_DOUBTS.get(mode, 0) | (0 if known else _COLOUR)

    def _cuts(self, path: int, count: int, corners: Sequence[float]) -> bool:
        """Tell whether clip paths may cut a text; only plain rectangles are understood, others count as a cut."""
        if not 1 <= count <= _MAX_CLIPS:
            return True
        for index in range(count):
            segments = pdfium.count_clip_segments(path, index)
            if not 4 <= segments <= 6:
                return True
            points = [self._point(path, index, segment) for segment in range(segments)]
            for axis in (0, 1):
                sides = {point[axis] for point in points}
                low, high = min(corners[axis::2]), max(corners[axis::2])
                if len(sides) > 2 or min(sides) > low + _SLACK_PT or max(sides) < high - _SLACK_PT:
                    return True
        return False

    def _point(self, path: int, index: int, segment: int) -> tuple[float, float]:
        segment_address = pdfium.clip_segment(path, index, segment)
        pdfium.segment_point(segment_address, ctypes.addressof(self._x), ctypes.addressof(self._y))
        return self._x.value, self._y.value

    def _is_layer(self, mark: int) -> bool:
        named = pdfium.mark_name(mark, ctypes.addressof(self._name), 16, ctypes.addressof(self._size))
        return bool(named) and self._name.raw[: self._size.value] == "OC\0".encode("utf-16-le")
