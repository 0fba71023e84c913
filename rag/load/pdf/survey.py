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
from itertools import repeat

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
        paths: Boxes of lines, rectangles and other paths, `(n, 4)` left, bottom, right, top in page space.
    """

    suspects: dict[int, int] = field(default_factory=dict)
    images: list[Rectangle] = field(default_factory=list)
    paths: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))


def survey(page: int, box: Rectangle) -> Survey:
    """Look at every object of a page.

    Args:
        page: Address of a loaded `FPDF_PAGE`.
        box: The visible box of the page.
    """
    objects = _Objects(page)
    found = Survey()
    for form in objects.forms:
        _survey_form(form, np.eye(3), found, 0)
    found.paths = objects.bounds[objects.paths].astype(np.float64)
    found.images += [_rectangle(objects.bounds[index]) for index in objects.images]
    at = np.array(objects.texts, np.int64)
    if at.size:
        doubts = np.array(objects.doubts, np.int64)
        doubts |= _look_doubts(objects.colours[at], objects.bounds[at], objects.heights[at], box)
        fills, pictures = np.array(objects.fills, np.int64), np.array(objects.pictures, np.int64)
        doubts |= _neighbour_doubts(at, fills, pictures, objects.colours, objects.bounds)
        low = np.flatnonzero(doubts & _TINY)
        items = [objects.items[place] for place in low.tolist()]
        doubts[low[~_tiny(items)]] &= ~_TINY
        for where in np.flatnonzero(doubts).tolist():
            found.suspects[objects.items[where]] = int(doubts[where])
    return found


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
        self.texts: list[int] = []
        self.items: list[int] = []
        self.doubts: list[int] = []
        self.fills: list[int] = []
        self.pictures: list[int] = []
        self.images: list[int] = []
        self.forms: list[int] = []
        self.paths: list[int] = []
        self._read()
        corners = np.frombuffer(self._corners, np.float32).reshape(-1, 4, 2)[: self.count]
        self.bounds = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        sides = np.hypot(*np.moveaxis(corners[:, 1:3] - corners[:, 0:2], 2, 0))
        self.heights = sides.min(axis=1)

    def _read(self) -> None:
        """Ask every object what it is: the same question to all of them at a time, which is what keeps it fast."""
        items = list(map(get_object, repeat(self._page), range(self.count)))
        modes = list(map(render_mode, items))
        colours, corners = self.colours.ctypes.data, ctypes.addressof(self._corners)
        self.texts = [index for index, mode in enumerate(modes) if mode >= 0]
        self.items = [items[index] for index in self.texts]
        places = [corners + 32 * index for index in self.texts]
        deque(map(rotated_bounds, self.items, places), maxlen=0)
        for index, mode in enumerate(modes):
            if mode < 0:
                self._read_other(items[index], index, colours + 16 * index, corners + 32 * index)
        at = np.array(self.texts, np.int64)
        sides = np.frombuffer(self._corners, np.float32)[: 8 * self.count].reshape(-1, 8)[at]
        # A blank, or text of size 0, has no extent and no doubts.
        shown = (sides[:, 0] != sides[:, 4]) | (sides[:, 1] != sides[:, 5])
        asked = np.flatnonzero(shown).tolist()
        doubts = _Look(self._page).doubts(
            [self.items[place] for place in asked],
            [modes[self.texts[place]] for place in asked],
            [colours + 16 * self.texts[place] for place in asked],
            sides[shown],
        )
        self.doubts = [0] * len(self.items)
        for place, doubt in zip(asked, doubts, strict=True):
            self.doubts[place] = doubt

    def _read_other(self, item: int, index: int, colour: int, bounds: int) -> None:
        kind = pdfium.object_type(item)
        at = 8 * index
        pdfium.object_bounds(item, bounds, bounds + 4, bounds + 8, bounds + 12)
        left, bottom, right, top = self._corners[at : at + 4]
        self._corners[at : at + 8] = [left, bottom, right, top] * 2
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
    text, box = bounds[texts].T[:, :, None], bounds[boxes].T[:, None, :]
    row, column = np.nonzero((text[0] < box[2]) & (text[2] > box[0]) & (text[1] < box[3]) & (text[3] > box[1]))
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


class _Look:
    """What one text object by itself gives away: mode, colour space, clip, layer, blend."""

    def __init__(self, page: int) -> None:
        self._blends = bool(pdfium.page_has_transparency(page))
        self._x, self._y = ctypes.c_float(), ctypes.c_float()
        self._layers: dict[int, bool] = {}  # by mark; neighbours share marks
        self._name, self._size = ctypes.create_string_buffer(16), ctypes.c_ulong()

    def doubts(self, items: list[int], modes: list[int], colours: list[int], corners: NDArray[np.float32]) -> list[int]:
        """Return the doubts of text objects, and write the colour of each at its address.

        Args:
            items: Addresses of the objects.
            modes: Their render modes.
            colours: Where to write red, green, blue and alpha of each.
            corners: Four corners of each, `(n, 8)`.
        """
        greens, blues, alphas = ([place + step for place in colours] for step in (4, 8, 12))
        known = list(map(fill_color, items, colours, greens, blues, alphas))
        doubts = [0 if got else _COLOUR for got in known]
        for at, mode in enumerate(modes):
            if mode:
                doubts[at] = self._mode_doubt(items[at], mode, colours[at])
        paths = list(map(clip_path, items))
        for at, clips in enumerate(map(count_clip_paths, paths)):
            if clips >= 0 and self._cuts(paths[at], clips, corners[at].tolist()):
                doubts[at] |= _CLIPPED
        counts = list(map(count_marks, items))
        firsts = list(map(get_mark, items, repeat(0))) if any(counts) else []
        plain: set[int] = set()  # marks that are no layer
        for at, (marks, first) in enumerate(zip(counts, firsts, strict=False)):
            if marks == 1 and first in plain:
                continue
            if marks > 0 and self._in_layer(items[at], marks):
                doubts[at] |= _LAYER
            elif marks == 1:
                plain.add(first)
        if self._blends:
            for at, blends in enumerate(map(pdfium.has_transparency, items)):
                if blends:
                    doubts[at] |= _BLEND
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
        at = pdfium.clip_segment(path, index, segment)
        pdfium.segment_point(at, ctypes.addressof(self._x), ctypes.addressof(self._y))
        return self._x.value, self._y.value

    def _in_layer(self, item: int, marks: int) -> bool:
        for index in range(marks):
            mark = get_mark(item, index)
            layer = self._layers.get(mark)
            if layer is None:
                layer = self._layers[mark] = self._is_layer(mark)
            if layer:
                return True
        return False

    def _is_layer(self, mark: int) -> bool:
        named = pdfium.mark_name(mark, ctypes.addressof(self._name), 16, ctypes.addressof(self._size))
        return bool(named) and self._name.raw[: self._size.value] == "OC\0".encode("utf-16-le")
