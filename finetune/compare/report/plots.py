"""Plots of a report as coordinates: a forest plot per table, latency against quality.

`templates/plots.html` draws them. Drawings are 360 units wide, so that text stays readable on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Anchor = Literal["start", "middle", "end"]
_ROW_HEIGHT, _TOP, _AXIS_HEIGHT = 36, 6, 22
_LEFT, _RIGHT = 8, 352
_PLOT_TOP, _PLOT_HEIGHT, _PLOT_LEFT = 12, 220, 40
_LABEL_GAP, _LETTER_WIDTH, _POINT_GAP = 14, 7, 9
_TICKS_S = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label on an axis at a distance along it."""

    offset: float
    text: str
    anchor: Anchor = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One pair of arms: its interval from `low` to `high` and its mean, as distances from the left."""

    name: str
    figures: str
    top: float
    low: float
    high: float
    mean: float
    significant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestPlot:
    """Differences between arms, one row per pair."""

    height: float
    top: float
    zero: float
    rows: Sequence[ForestRow]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPoint:
    """One arm: seconds across, share of right answers up, with the interval of the share."""

    name: str
    x: float
    y: float
    low: float
    high: float
    text_x: float
    anchor: Anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPlot:
    """Candidates by the median time of an answer (logarithmic) and the share of right answers."""

    height: float
    left: float
    right: float
    top: float
    bottom: float
    shares: Sequence[Tick]
    seconds: Sequence[Tick]
    points: Sequence[ArmPoint]


def forest_plot(pairs: Sequence[Mapping[str, Any]]) -> ForestPlot:
    """Place the differences of a table in percentage points, each with its interval.

    Args:
        pairs: `pairs` of a table of `report.json`.
    """
    reach = max([_reach(pair) for pair in pairs], default=0.1)

    def x(value: float) -> float:
        return (_LEFT + _RIGHT) / 2 + max(-reach, min(reach, value)) / reach * (_RIGHT - _LEFT) / 2

    rows = [
        ForestRow(
            name=f"{pair['left']} − {pair['right']}",
            figures=f"{signed(pair['mean'])} ({span(pair['low'], pair['high'])})",
            top=_TOP + number * _ROW_HEIGHT,
            low=x(-reach if pair["low"] is None else pair["low"]),
            high=x(reach if pair["high"] is None else pair["high"]),
            mean=x(pair["mean"]),
            significant=pair["significant"],
        )
        for number, pair in enumerate(pairs)
    ]
    anchors: dict[float, Anchor] = {-reach: "start", reach: "end"}
    ticks = [
        Tick(offset=x(value), text=signed(value), anchor=anchors.get(value, "middle"))
        for value in (-reach, -reach / 2, 0.0, reach / 2, reach)
    ]
    height = _TOP + _ROW_HEIGHT * len(pairs) + _AXIS_HEIGHT
    return ForestPlot(height=height, top=_TOP, zero=x(0.0), rows=rows, ticks=ticks)


def _reach(pair: Mapping[str, Any]) -> float:
    """Return the end of the axis that a pair needs: a multiple of ten points, at most one hundred."""
    ends = [abs(pair[name]) for name in ("low", "high", "mean") if pair[name] is not None]
    return float(min(1.0, math.ceil(max([*ends, 0.05]) * 10) / 10))


def span(low: float | None, high: float | None) -> str:
    """Return an interval in percentage points, with signs."""
    if low is None or high is None:
        return "no interval"
    return f"{signed(low)} to {signed(high)}"


def signed(value: float) -> str:
    """Return a difference in percentage points, with its sign."""
    points = round(100 * value)
    return f"+{points}" if points > 0 else f"−{-points}" if points else "0"


def latency_plot(report: Mapping[str, Any]) -> LatencyPlot | None:
    """Place arms by median seconds of an answer and share of right answers, experiments left out; None for no arm."""
    table = report["measures"].get("right") or {"arms": {}}
    cells = {
        arm["name"]: table["arms"][arm["name"]]
        for arm in report["arms"]
        if (arm["candidate"] or arm.get("reference")) and arm["name"] in table["arms"]
    }
    if not cells:
        return None
    seconds = {name: max(report["cost"][name]["total_s"][0], _TICKS_S[0]) for name in cells}
    low = 10 ** math.floor(math.log10(min(seconds.values())))
    high = max(10 ** math.ceil(math.log10(max(seconds.values()))), low * 10)

    def x(value: float) -> float:
        return _PLOT_LEFT + math.log10(value / low) / math.log10(high / low) * (_RIGHT - _PLOT_LEFT)

    return LatencyPlot(
        height=_PLOT_TOP + _PLOT_HEIGHT + 36,
        left=_PLOT_LEFT,
        right=_RIGHT,
        top=_PLOT_TOP,
        bottom=_share_y(0.0),
        shares=[Tick(offset=_share_y(share), text=f"{100 * share:.0f}%") for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        seconds=[
            Tick(offset=x(tick), text=f"{tick:g} s", anchor="end" if tick >= high * 0.999 else "middle")
            for tick in _TICKS_S
            if low * 0.999 <= tick <= high * 1.001
        ],
        points=list(_arm_points(cells, {name: x(value) for name, value in seconds.items()})),
    )


def _share_y(share: float) -> float:
    return _PLOT_TOP + (1 - max(0.0, min(1.0, share))) * _PLOT_HEIGHT


def _arm_points(cells: Mapping[str, Mapping[str, Any]], across: Mapping[str, float]) -> Iterator[ArmPoint]:
    """Yield one point per arm, with its name on the side where no other point is near."""
    heights = {name: _share_y(cell["value"]) for name, cell in cells.items()}
    for name, cell in cells.items():
        x, y = across[name], heights[name]
        low, high = (y if end is None else _share_y(end) for end in (cell["low"], cell["high"]))
        width = _LETTER_WIDTH * len(name)
        crowded = any(
            0 <= across[other] - x < width + 15 and abs(heights[other] - y) < _LABEL_GAP
            for other in cells
            if other != name
        )
        name_is_left = x + width > _RIGHT or (crowded and x - width > _PLOT_LEFT)
        yield ArmPoint(
            name=name,
            x=x,
            y=y,
            low=low,
            high=high,
            text_x=x - _POINT_GAP if name_is_left else x + _POINT_GAP,
            anchor="end" if name_is_left else "start",
        )
