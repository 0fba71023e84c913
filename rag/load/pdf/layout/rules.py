"""Lines and frames drawn on a page, in the reader's space: x to the right, y down, points."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_THIN = 2.5  # points
_SHORT = 8.0  # points: shorter lines are dashes and ticks
_MAX_PATHS = 3000  # drawings of maps and charts hold more
_MAX_FRAME_SHARE = 0.9  # of the page: larger rectangles are its background


@dataclass(frozen=True, slots=True)
class Rules:
    """Drawn lines and the sides of drawn rectangles.

    Attributes:
        level: Horizontal ones: y, left, right, `(n, 3)`, by y.
        upright: Vertical ones: x, top, bottom, `(m, 3)`.
        strokes: Those of them that are lines and no sides of rectangles.
    """

    level: NDArray[np.float64]
    upright: NDArray[np.float64]
    strokes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))

    def tabular(self, top: float, bottom: float, x: float) -> bool:
        """Tell whether several horizontal lines at different heights cross `x` inside a stretch: rows of a table."""
        return len(self.crossing(top, bottom, x - 8, x + 8)) >= 2

    def crossing(self, top: float, bottom: float, left: float, right: float) -> list[float]:
        """Return the heights, ascending, of horizontal lines inside a stretch that reach over `left` to `right`."""
        if not len(self.level):
            return []
        y, x0, x1 = self.level.T
        heights = np.sort(y[(y > top) & (y < bottom) & (x0 <= left) & (x1 >= right)])
        return _distinct(heights.tolist())

    def under(self, bottom: float, x0: float, x1: float, within: float) -> tuple[float, float] | None:
        """Return left and right of the shortest line below a text that holds its extent, at most `within` below."""
        if not len(self.level):
            return None
        y, left, right = self.level.T
        near = np.flatnonzero(
            (y >= bottom - 0.4 * within) & (y <= bottom + within) & (left <= x0 + 2) & (right >= x1 - 2)
        )
        if not near.size:
            return None
        best = near[np.argmin(right[near] - left[near])]
        return float(left[best]), float(right[best])

    def beside(self, y: float, x: float) -> tuple[float, float]:
        """Return x of the nearest upright strokes to the left and right of a point, infinite where there is none."""
        if not len(self.strokes):
            return float("-inf"), float("inf")
        at, top, bottom = self.strokes.T
        near = at[(top <= y) & (bottom >= y)]
        left, right = near[near <= x], near[near > x]
        return float(left.max(initial=float("-inf"))), float(right.min(initial=float("inf")))


def _distinct(heights: list[float]) -> list[float]:
    out: list[float] = []
    for height in heights:
        if not out or height - out[-1] > _THIN:
            out.append(height)
    return out


def make_rules(paths: NDArray[np.float64], size: tuple[float, float], angle: float) -> Rules:
    """Return the rules among the boxes of paths.

    Args:
        paths: Left, bottom, right, top in page space, `(n, 4)`.
        size: Width and height of the page, points.
        angle: Direction of reading in degrees, a multiple of 90; others have no rules.
    """
    none = Rules(np.zeros((0, 3)), np.zeros((0, 3)))
    if not len(paths) or len(paths) > _MAX_PATHS or angle % 90:
        return none
    left, bottom, right, top = _turned(paths.astype(np.float64), angle)
    width, height = right - left, bottom - top
    if angle % 180:
        size = (size[1], size[0])
    large = (width > _MAX_FRAME_SHARE * size[0]) & (height > _MAX_FRAME_SHARE * size[1])
    flat, narrow = (height <= _THIN) & (width > _SHORT), (width <= _THIN) & (height > _SHORT)
    frame = (width > _SHORT) & (height > _THIN) & ~narrow & ~large
    # Lines and the sides of rectangles are joined apart: a shaded row ends where the line below a head begins.
    lines = np.stack([(top[flat] + bottom[flat]) / 2, left[flat], right[flat]], axis=1)
    sides = [np.stack([side[frame], left[frame], right[frame]], axis=1) for side in (top, bottom)]
    level = np.concatenate([_joined(lines), _joined(np.concatenate(sides))])
    tall = frame & (height > _SHORT) & (width > _SHORT)
    strokes = np.stack([(left[narrow] + right[narrow]) / 2, top[narrow], bottom[narrow]], axis=1)
    upright = np.concatenate(
        [
            strokes,
            np.stack([left[tall], top[tall], bottom[tall]], axis=1),
            np.stack([right[tall], top[tall], bottom[tall]], axis=1),
        ]
    )
    return Rules(level, upright, strokes)


def turned_box(box: tuple[float, float, float, float], angle: float) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom in the reader's space of a box left, bottom, right, top in page space."""
    left, bottom, right, top = (float(side[0]) for side in _turned(np.array([box]), angle))
    return left, top, right, bottom


def _joined(level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join lines at one height that touch: sides of neighbouring cells are one line."""
    if not len(level):
        return level
    ordered = level[np.lexsort((level[:, 1], np.round(level[:, 0])))].tolist()
    out = [ordered[0]]
    for y, left, right in ordered[1:]:
        if abs(y - out[-1][0]) <= 1.0 and left <= out[-1][2] + 1.0:
            out[-1][2] = max(out[-1][2], right)
        else:
            out.append([y, left, right])
    return np.array(out)


def _turned(paths: NDArray[np.float64], angle: float) -> tuple[NDArray[np.float64], ...]:
    """Return left, bottom, right, top of boxes in the space in which text of this direction runs to the right."""
    left, bottom, right, top = paths.T
    if angle == 90:
        return bottom, right, top, left
    if angle == 180:
        return -right, top, -left, bottom
    if angle == 270:
        return -top, -left, -bottom, -right
    return left, -bottom, right, -top
