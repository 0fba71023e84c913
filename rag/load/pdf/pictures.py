"""Parts of a page that are a picture and hold no text that can be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.survey import Rectangle

_LEAST = 0.02  # of the page: smaller pictures are logos and icons
_MAX_WORDS = 5  # a picture under more of them is a background
_MOST, _PART = 0.5, 0.3  # of the page


def pictures_without_text(images: Sequence[Rectangle], words: Words, page: Rectangle) -> list[Rectangle]:
    """Return the pictures that no text stands on, clipped to the page.

    Args:
        images: Boxes in page space: left, bottom, right, top.
        words: Words of the page.
        page: Its visible box.
    """
    x, y = _middles(words)
    pictures = []
    for left, bottom, right, top in images:
        box = max(left, page[0]), max(bottom, page[1]), min(right, page[2]), min(top, page[3])
        if box[2] - box[0] <= 0 or box[3] - box[1] <= 0 or _share([box], page) < _LEAST:
            continue
        inside = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
        if int(inside.sum()) <= _MAX_WORDS:
            pictures.append(box)
    return pictures


def picture_note(pictures: Sequence[Rectangle], page: Rectangle, index: int) -> str:
    """Return what to say of a page with pictures, `""` where they take little of it."""
    share = _share(pictures, page)
    if share < _PART:
        return ""
    return f"{'most' if share >= _MOST else 'part'} of page {index + 1} is an image"


def _share(boxes: Sequence[Rectangle], page: Rectangle) -> float:
    area = max(1.0, (page[2] - page[0]) * (page[3] - page[1]))
    return min(1.0, sum((right - left) * (top - bottom) for left, bottom, right, top in boxes) / area)


def _middles(words: Words) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of each word in page space."""
    across, down = (words.boxes[:, 0] + words.boxes[:, 2]) / 2, (words.boxes[:, 1] + words.boxes[:, 3]) / 2
    radians = np.radians(words.angle)
    cos, sin = np.cos(radians), np.sin(radians)
    return across * cos + down * sin, across * sin - down * cos
