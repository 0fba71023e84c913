"""Pictures of a report as inline SVG: a forest plot per table, latency against quality.

Drawn 360 units wide, so that letters stay readable on a phone; colours are the page's own variables, so that they
follow light and dark. Knows the record of `report.json`; refuses to know the page around it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH = 360
_ROW, _TOP, _AXIS = 36, 6, 22
_LEFT, _RIGHT = 8, 352
_PLOT_TOP, _PLOT_HEIGHT, _PLOT_LEFT = 12, 220, 40
_LABEL_GAP, _LETTER = 14, 7
_TICKS_S = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


def forest(pairs: Sequence[Mapping[str, Any]], label: str) -> str:
    """Draw the differences of a table in percentage points, each with its interval.

    Args:
        pairs: `pairs` of a table.
        label: What a reader who cannot see it is told.
    """
    reach = max([_reach(pair) for pair in pairs], default=0.1)
    height = _TOP + _ROW * len(pairs) + _AXIS

    def x(value: float) -> float:
        return (_LEFT + _RIGHT) / 2 + max(-reach, min(reach, value)) / reach * (_RIGHT - _LEFT) / 2

    bottom = height - _AXIS
    parts = [f'<line class="zero" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{_TOP}" y2="{bottom}"/>']
    for at, pair in enumerate(pairs):
        parts += _forest_row(pair, _TOP + at * _ROW, x, reach)
    for value in (-reach, -reach / 2, 0.0, reach / 2, reach):
        anchor = "start" if value == -reach else "end" if value == reach else "middle"
        parts.append(f'<text class="tick" x="{x(value):.1f}" y="{height - 6}" text-anchor="{anchor}">'
                     f"{signed(value)}</text>")  # fmt: skip
    return _svg(height, label, parts)


def _reach(pair: Mapping[str, Any]) -> float:
    ends = [abs(pair[name]) for name in ("low", "high", "mean") if pair[name] is not None]
    return float(min(1.0, math.ceil(max([*ends, 0.05]) * 10) / 10))


def _forest_row(pair: Mapping[str, Any], top: float, x: Any, reach: float) -> list[str]:
    low = -reach if pair["low"] is None else pair["low"]
    high = reach if pair["high"] is None else pair["high"]
    kind = "sure" if pair["significant"] else "unsure"
    middle = top + 26
    name = escape(f"{pair['left']} − {pair['right']}")
    figures = f"{signed(pair['mean'])} ({span(pair['low'], pair['high'])})"
    return [
        f'<text x="{_LEFT}" y="{top + 13}">{name}</text>',
        f'<text class="figure" x="{_RIGHT}" y="{top + 13}" text-anchor="end">{figures}</text>',
        f'<line class="interval {kind}" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{middle}" y2="{middle}"/>',
        f'<circle class="{kind}" cx="{x(pair["mean"]):.1f}" cy="{middle}" r="4.5"/>',
    ]


def span(low: float | None, high: float | None) -> str:
    """Return an interval in percentage points, with signs."""
    if low is None or high is None:
        return "no interval"
    return f"{signed(max(-1.0, low))} to {signed(min(1.0, high))}"


def signed(value: float) -> str:
    """Return a difference in percentage points, with its sign."""
    points = round(100 * value)
    return f"+{points}" if points > 0 else f"−{-points}" if points else "0"


def latency_quality(report: Mapping[str, Any]) -> str:
    """Draw every candidate: median seconds of an answer across, share of right answers up."""
    table = report["measures"].get("right")
    names = [arm["name"] for arm in report["arms"] if arm["candidate"] and table and arm["name"] in table["arms"]]
    if not names or table is None:
        return ""
    seconds = {name: max(report["cost"][name]["total_s"][0], _TICKS_S[0]) for name in names}
    low = 10 ** math.floor(math.log10(min(seconds.values())))
    high = max(10 ** math.ceil(math.log10(max(seconds.values()))), low * 10)

    def x(value: float) -> float:
        share = math.log10(value / low) / math.log10(high / low)
        return _PLOT_LEFT + share * (_RIGHT - _PLOT_LEFT)

    def y(value: float) -> float:
        return _PLOT_TOP + (1 - value) * _PLOT_HEIGHT

    parts = _axes(x, y, low, high)
    points = {name: (x(seconds[name]), y(table["arms"][name]["value"])) for name in names}
    for name in names:
        parts += _point(name, table["arms"][name], points, y)
    return _svg(_PLOT_TOP + _PLOT_HEIGHT + 36, "Median seconds of an answer against the share of right answers", parts)


def _axes(x: Any, y: Any, low: float, high: float) -> list[str]:
    bottom = _PLOT_TOP + _PLOT_HEIGHT
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line class="grid" x1="{_PLOT_LEFT}" x2="{_RIGHT}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>')
        parts.append(f'<text class="tick" x="{_PLOT_LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">'
                     f"{100 * share:.0f}%</text>")  # fmt: skip
    for tick in (tick for tick in _TICKS_S if low * 0.999 <= tick <= high * 1.001):
        parts.append(f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_PLOT_TOP}" y2="{bottom}"/>')
        anchor = "end" if tick >= high * 0.999 else "middle"
        parts.append(f'<text class="tick" x="{x(tick):.1f}" y="{bottom + 15}" text-anchor="{anchor}">{tick:g} s</text>')
    middle = (_PLOT_LEFT + _RIGHT) / 2
    parts.append(f'<text class="tick" x="{middle}" y="{bottom + 31}" text-anchor="middle">median time to answer</text>')
    return parts


def _point(name: str, cell: Mapping[str, Any], points: Mapping[str, tuple[float, float]], y: Any) -> list[str]:
    """Draw one arm with its interval, its name on the side where no other point is near."""
    across, up = points[name]
    low, high = (y(max(0.0, min(1.0, end))) if end is not None else up for end in (cell["low"], cell["high"]))
    width = _LETTER * len(name)
    crowded = any(0 <= other - across < width + 15 and abs(height - up) < _LABEL_GAP
                  for one, (other, height) in points.items() if one != name)  # fmt: skip
    left = across + width > _RIGHT or (crowded and across - width > _PLOT_LEFT)
    place = f'x="{across - 9:.1f}" text-anchor="end"' if left else f'x="{across + 9:.1f}"'
    return [
        f'<line class="interval unsure" x1="{across:.1f}" x2="{across:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>',
        f'<circle class="sure" cx="{across:.1f}" cy="{up:.1f}" r="4.5"/>',
        f'<text {place} y="{up + 4:.1f}">{escape(name)}</text>',
    ]


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )
