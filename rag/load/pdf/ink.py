"""Does text leave ink? Renders a PDF page with and without some text objects and compares the pixels.

What paints nothing changes nothing, whatever the trick: white on white, alpha 0, a cover, a clip, a layer that is
off. Knows pixels, not text.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from rag.load.pdf import pdfium
from rag.load.web.visible import MIN_CONTRAST

Image = NDArray[np.uint8]  # (height, width, 3), top row first

_MAX_PIXELS = 6_000_000
_MARGIN_PT = 4.0
_GLYPH_PX = 6.0  # height at which a stroke is about a pixel wide and so paints at nearly full strength
# A glyph shows when this share of its box changes; a neighbour's edge changes less.
_SHARE = 0.05


class Frame:
    """A part of a page at one scale: page space to pixels, rotation and crop box included.

    Args:
        page: The loaded page.
        boxes: What must be inside, `(n, 4)` left, bottom, right, top in page space.
        scale: Pixels per point; lowered where the part would hold too many pixels.
    """

    def __init__(self, page: pypdfium2.PdfPage, boxes: NDArray[np.float64], scale: float) -> None:
        self.page = page
        self._box = page.get_bbox()
        self._rotation = page.get_rotation()
        self._size = np.array(page.get_size())
        shown = self._displayed(boxes)
        low = np.clip(shown[:, :2].min(axis=0) - _MARGIN_PT, 0, self._size - 1)
        high = np.clip(shown[:, 2:].max(axis=0) + _MARGIN_PT, low + 1, self._size)
        self._low, self._high = low, high
        self.scale = min(scale, (_MAX_PIXELS / float(np.prod(high - low))) ** 0.5)

    @cached_property
    def drawn(self) -> Image:
        """The part as a reader sees it."""
        return self.render()

    @cached_property
    def grey(self) -> NDArray[np.float64]:
        """The same in one channel, 0 to 255."""
        return np.asarray(self.drawn.mean(axis=2))

    def render(self, *, with_annotations: bool = False) -> Image:
        """Draw the part on white; with `with_annotations` also notes, stamps and the values of form fields."""
        (left, top), (right, bottom) = self._low, self._size - self._high
        bitmap = self.page.render(
            scale=self.scale,
            crop=(left, bottom, right, top),
            may_draw_forms=with_annotations,
            draw_annots=with_annotations,
            rev_byteorder=True,
        )
        return np.array(bitmap.to_numpy()[:, :, :3])

    def pixels(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn boxes `(n, 4)` left, bottom, right, top into pixel boxes left, top, right, bottom."""
        return np.asarray((self._displayed(boxes) - np.tile(self._low, 2)) * self.scale)

    def _displayed(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn boxes into left, top, right, bottom from the upper left corner of the page as shown, points."""
        left, bottom, right, top = self._box
        x0, y0, x1, y1 = boxes.T
        turned = {
            0: (x0 - left, top - y1, x1 - left, top - y0),
            90: (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
            180: (right - x1, y0 - bottom, right - x0, y1 - bottom),
            270: (top - y1, right - x1, top - y0, right - x0),
        }[self._rotation]
        return np.stack(turned, axis=1)


def scale_for(heights: NDArray[np.float64]) -> float:
    """Return a scale that draws words of these heights (points) tall enough to judge."""
    return float(np.clip(_GLYPH_PX / max(1.0, float(np.median(heights))), 1.0, 4.0))


def changes(
    frame: Frame, boxes: NDArray[np.float64], objects: Iterable[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count the pixels of each box that change when `objects` are switched off.

    Returns:
        Changed pixels and all pixels per box, each `(n,)`.
    """
    listed = list(objects)
    seen = frame.drawn
    for item in listed:
        pdfium.set_active(item, 0)
    without = frame.render()
    for item in listed:
        pdfium.set_active(item, 1)
    apart = np.maximum(seen, without) - np.minimum(seen, without) >= MIN_CONTRAST
    return _box_sums(apart[..., 0] | apart[..., 1] | apart[..., 2], frame.pixels(boxes))


def enough(changed: float, area: float) -> bool:
    """Tell whether so many changed pixels in a box of this area are a visible glyph."""
    return changed > 0 and changed >= _SHARE * area


def varies(frame: Frame, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for each box whether the page as drawn shows both dark and light in it."""
    grey = frame.grey
    out = np.zeros(len(boxes), bool)
    for index, (left, top, right, bottom) in enumerate(_clipped(frame.pixels(boxes), grey.shape)):
        part = grey[top:bottom, left:right]
        out[index] = part.size > 0 and float(part.max() - part.min()) >= 2 * MIN_CONTRAST
    return out


def _clipped(boxes: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    low, high = np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])
    limit = np.array([shape[1], shape[0]], np.float64)
    return np.concatenate([np.clip(low, 0, limit), np.clip(high, 0, limit)], axis=1).astype(np.int64)


def _box_sums(mask: NDArray[np.bool_], boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
    table[1:, 1:] = mask.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    left, top, right, bottom = _clipped(boxes, mask.shape).T
    sums = table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
    area = (right - left) * (bottom - top)
    return sums.astype(np.float64), area.astype(np.float64)
