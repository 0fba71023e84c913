"""The short form of a report for a terminal: one table and a few lines, made of `report.json` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finetune.compare.report.view import break_even_lines, detectable

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
    return f"{cell['low']:.2f} to {cell['high']:.2f}"


def _value(report: Report, measure: str, name: str) -> str:
    cell = report["measures"].get(measure, {}).get("arms", {}).get(name)
    return f"{cell['value']:.2f}" if cell else "-"


def lines(report: Report) -> list[str]:
    """Return the notes below the table."""
    table = report["measures"].get("right") or report["measures"].get("abstention_recall") or {"pairs": []}
    least = detectable(table) if table["pairs"] else None
    amount = "none with so few questions" if least is None or least > 1 else f"{100 * least:.0f} points"
    return [*report["verdict"]["notes"], f"smallest detectable difference: {amount}", *break_even_lines(report)]
