"""What a terminal shows of a dataset that was made: its checks as a table, and lines on what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHECK_HEADS = ["check", "seen", "dropped", "passed"]


def check_rows(manifest: Mapping[str, Any]) -> list[list[str]]:
    """Return one row per check, under `CHECK_HEADS`."""
    return [
        [name, str(check["seen"]), str(check["dropped"]), f"{check['pass_rate']:.0%}"]
        for name, check in manifest["checks"].items()
    ]


def manifest_lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return the lines below the table: kinds, splits, preferences, coverage, and an audit where one was made."""
    counts, coverage, split = manifest["counts"], manifest["coverage"], manifest["split"]
    splits = ", ".join(f"{name} {count}" for name, count in counts["splits"].items())
    by = ", ".join(f"{name} {count}" for name, count in counts["rejected_by"].items())
    return [
        f"kinds: {', '.join(f'{kind} {count}' for kind, count in counts['kinds'].items())}",
        f"splits: {splits} ({manifest['mode']})",
        f"preferences: {counts['preferences']}; rejected: {counts['rejected']}{f' ({by})' if by else ''}",
        f"covered by {coverage['enough']} rows or more: {coverage['facts']['share']:.0%} of {coverage['facts']['all']}"
        f" facts, {coverage['sentences']['share']:.0%} of {coverage['sentences']['all']} sentences",
        f"shared between splits: {split['shared_groups']} groups, {split['shared_grams']} rows",
        *_audit_lines(manifest.get("audit", {})),
    ]


def _audit_lines(audit: Mapping[str, Any]) -> list[str]:
    lines = []
    for title, part in (("planted error", "recall"), ("harmless change", "false_alarms")):
        for name, outcome in audit.get(part, {}).items():
            alone = ", ".join(f"{check} {share:.0%}" for check, share in outcome["alone"].items() if share)
            caught = f"{outcome['caught']} of {outcome['planted']} dropped ({outcome['share']:.1%})"
            lines.append(f"{title}: {name}: {caught}; each check alone: {alone or 'none'}")
    return lines
