"""What a terminal shows of a dataset that was made or imported: its checks as a table, and lines on what it holds."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.rows import columns_not_used, records_skipped

if TYPE_CHECKING:
    from synth.importing.load import ImportReport, SourceReport

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


def import_lines(report: ImportReport, out: Path) -> Iterator[str]:
    """Yield what became of every source, and what the dataset holds now.

    Args:
        report: Of the import.
        out: Folder of the dataset.
    """
    for read in report.reads:
        yield from _source_lines(read)
    if report.duplicates:
        yield f"  left out {report.duplicates}: there already, or twice in the sources"
    if report.leaking:
        yield f"  left out {report.leaking}: on a passage or question that another split has"
    counts = report.manifest["counts"]
    splits = ", ".join(f"{name} {count}" for name, count in counts["splits"].items())
    splits += f"; {counts['preferences']} preferences" if counts["preferences"] else ""
    yield f"added {report.added} rows to {out}, which now has {splits}, in {counts['groups']} groups"
    if report.added > 1 and counts["groups"] == 1:
        yield "  all rows share a document or a passage: nothing can be held out"
    if report.is_loosened:
        yield "  a few passages hold most rows: rows on one of them are held out from the others"
    yield f"Next: kb synth review {shlex.quote(str(out))}"


def _source_lines(read: SourceReport) -> Iterator[str]:
    yield f"{read.source}: {read.container}, {read.shape}; {read.rows} rows"
    for reason, count in sorted(read.skipped.items(), key=lambda item: -item[1]):
        yield f"  {records_skipped(reason, count, [line for line, why in read.examples if why == reason])}"
    for name, count in read.left_out.items():
        yield f"  left out {count}: {name}"
    if read.unused:
        yield f"  {columns_not_used(read.unused)}"
