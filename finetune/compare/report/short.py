"""The short form of a report for a terminal: one table and a few lines, made of `report.json` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finetune.compare.origins import LABELS
from finetune.compare.report.known import KNOWN_HEADS, map_rows
from finetune.compare.report.view import break_even_lines, detectable, scope_title

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


WHY_HEADS = ["statements were", *LABELS, "statements"]
SKILL_HEADS = ["what it cost", "base", "tuned", "points", "95% interval", "probes"]


def skill_rows(report: Report) -> list[list[str]]:
    """Return one row per skill that probes measured, under `SKILL_HEADS`."""
    return [
        [
            row["title"],
            f"{row['before']['value']:.2f}",
            f"{row['after']['value']:.2f}",
            f"{100 * row['change']['mean']:+.0f}",
            f"{100 * row['change']['low']:+.0f} to {100 * row['change']['high']:+.0f}",
            str(row["before"]["n"]),
        ]
        for row in report.get("skills", ())
    ]


# Strata that show how passages are treated, beside the kinds of documents.
_TREATED = {
    "contradicting passage": "passage differs from what was taught: followed",
    "unanswerable": "nobody can answer: declined",
}


def scope_rows(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of the share of right answers per kind of documents, with the arm to use."""
    scopes = [scope for scope in report["verdict"].get("scopes", ()) if scope["right"]]
    names = [arm["name"] for arm in report["arms"] if arm["candidate"]]
    heads = ["questions about", *names, "use", "n"]
    if not scopes:
        return heads, []
    rows = [
        [scope_title(report, scope), *_shares(scope["right"], names), _use(scope), str(scope["questions"])]
        for scope in scopes
    ]
    rows += [
        [title, *_shares(report["strata"][name], names), "", str(report["strata"][name]["questions"])]
        for name, title in _TREATED.items()
        if name in report["strata"]
    ]
    return heads, rows


def _shares(table: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [f"{table['arms'][name]['value']:.2f}" if name in table["arms"] else "-" for name in names]


def _use(scope: Mapping[str, Any]) -> str:
    undecided = scope["outcome"] == "too few questions to tell"
    return f"{scope['recommended']} (not decided)" if undecided else str(scope["recommended"])


def why_rows(report: Report) -> list[list[str]]:
    """Return one row per arm that was asked a second way, under `WHY_HEADS`."""
    return [
        [
            row["arm"],
            *(f"{row['shares'][label]['value']:.2f}" if row["shares"] else "-" for label in LABELS),
            str(row["statements"]),
        ]
        for row in report.get("why", ())
    ]


def tables(report: Report) -> list[tuple[list[str], list[list[str]]]]:
    """Return heads and rows of every table that has rows: arms, kinds of documents, what training cost, what is known.

    What a run answers closed book is in a report where `kb knows` was called before.
    """
    every = [(HEADS, rows(report)), scope_rows(report), (SKILL_HEADS, skill_rows(report))]
    every += [(KNOWN_HEADS, map_rows(report["knows"], with_sections=False))] if report.get("knows") else []
    every.append((WHY_HEADS, why_rows(report)))
    return [(heads, body) for heads, body in every if body]


def lines(report: Report) -> list[str]:
    """Return the notes below the table."""
    table = report["measures"].get("right") or report["measures"].get("abstention_recall") or {"pairs": []}
    least = detectable(table) if table["pairs"] else None
    amount = "none with so few questions" if least is None or least > 1 else f"{100 * least:.0f} points"
    return [*report["verdict"]["notes"], f"smallest detectable difference: {amount}", *break_even_lines(report)]
