"""The short form of a report, for a terminal: the verdict, one table, the differences that matter.

Made of `report.json` alone; gives rows and lines, prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Any]
HEADS = ["arm", "right", "95% interval", "token F1", "declines rightly", "needlessly", "p50", "tokens in/out"]


def rows(report: Report) -> list[list[str]]:
    """Return one row per arm, under `HEADS`."""
    return [_row(report, arm["name"]) for arm in report["arms"]]


def _row(report: Report, name: str) -> list[str]:
    right = report["measures"].get("right", {}).get("arms", {}).get(name)
    cost = report["cost"].get(name)
    return [
        name,
        f"{right['value']:.2f}" if right else "-",
        _interval(right) if right else "-",
        _value(report, "token_f1", name),
        _value(report, "abstention_recall", name),
        _value(report, "needless_refusal", name),
        f"{cost['total_s'][0]:.2f} s" if cost else "-",
        f"{cost['prompt_tokens']:.0f}/{cost['completion_tokens']:.0f}" if cost else "-",
    ]


def _interval(cell: Mapping[str, Any]) -> str:
    if cell["low"] is None or cell["high"] is None:
        return "none"
    return f"{max(0.0, cell['low']):.2f} to {min(1.0, cell['high']):.2f}"


def _value(report: Report, measure: str, name: str) -> str:
    cell = report["measures"].get(measure, {}).get("arms", {}).get(name)
    return f"{cell['value']:.2f}" if cell else "-"


def lines(report: Report) -> list[str]:
    """Return the notes that stand below the table."""
    verdict = report["verdict"]
    table = report["measures"].get("right") or report["measures"].get("abstention_recall") or {"pairs": []}
    seen = [pair["detectable"] for pair in table["pairs"]]
    least = (
        "smallest difference that would be seen: none with so few questions"
        if not seen or None in seen or max(seen) > 1
        else f"smallest difference that would be seen: {100 * max(seen):.0f} points"
    )
    spent = [
        f"{one['trained']} has paid for its training against {one['against']} "
        + (f"after {one['questions']:,} questions" if one["questions"] is not None else "never")
        for one in report["break_even"]
    ]
    return [*verdict["notes"], least, *spent]
