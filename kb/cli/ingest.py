"""`kb ingest`: one line for every file, one bar, one line at the end."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import DataError
from kb.cli import options, screen
from kb.cli.session import begin, collection_flag

if TYPE_CHECKING:
    from kb.ingest import IngestPlan, IngestReport
    from kb.workspace import Workspace
    from rag.ingest.ingest import FileResult, Progress, Status

_STATUSES: tuple[Status, ...] = ("indexed", "unchanged", "no text", "refused")


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or URLs to read.", metavar="PATH|DIR|URL...")],
    glob: Annotated[str | None, typer.Option(help="Take files of a folder that match this.", metavar="GLOB")] = None,
    password: Annotated[
        str | None,
        typer.Option(help="Password of locked documents.", envvar="KB_PASSWORD", show_envvar=True, metavar="TEXT"),
    ] = None,
    ocr: Annotated[bool, typer.Option("--ocr", help="Read scanned pages from their image (extra: ocr).")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="Also forget what is gone from the folders.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Fetch URLs from loopback and private addresses too.")
    ] = False,
    on: options.On = None,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    dry_run: options.DryRun = False,
) -> int:
    """Read documents into a collection; after an interruption the same command resumes."""
    workspace = begin(collection=collection, store=store, pairs=pairs, flags={"ingest.on": on})
    from kb.ingest import ingest as run_ingest
    from kb.ingest import plan_ingest

    plan = plan_ingest(paths, glob)
    if dry_run:
        return _show_plan(plan, as_json=as_json)
    with screen.bar("{task.fields[pages]} pages", "{task.fields[rate]}", quiet=quiet) as bar:
        report = run_ingest(
            workspace,
            plan,
            password=password,
            ocr=ocr,
            sync=sync,
            allow_private=allow_private,
            on_progress=_Meter(bar),
            on_note=screen.notes(quiet=quiet),
        )
    if as_json:
        from kb.views.as_json import file_json

        screen.document({"files": [file_json(result) for result in report.files]})
    else:
        for result in report.files:
            screen.say(_file_line(result))
    screen.note(_summary(report, workspace), quiet=quiet)
    return DataError.exit_code if report.refused else 0


def _show_plan(plan: IngestPlan, *, as_json: bool) -> int:
    names = [*map(str, plan.listing.files), *plan.urls]
    screen.shown(
        {"files": names, "refused": list(map(str, plan.listing.faults))}, map(screen.line, names), as_json=as_json
    )
    if plan.listing.note:
        screen.note(f"kb: {plan.listing.note}")
    for fault in plan.listing.faults:
        screen.note(f"kb: {fault}")
    return DataError.exit_code if plan.listing.faults else 0


class _Meter:
    """Feeds the bar with pages and pages per second."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._started = time.monotonic()
        self._task = bar.add_task("reading", total=1.0, pages=0, rate="") if bar else None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            return
        rate = progress.pages / max(1e-9, time.monotonic() - self._started)
        label = screen.line(progress.doc)[:32] if progress.stage == "read" else "indexing"
        self._bar.update(
            self._task, completed=progress.share, description=label, pages=progress.pages, rate=f"{rate:.1f} pages/s"
        )


def _file_line(result: FileResult) -> str:
    name = screen.line(result.doc)
    line = f"{name}: {result.status}"
    if result.status in ("indexed", "no text"):
        line += f", {result.pages} page{'s' if result.pages != 1 else ''}"
    if result.reason:
        line += f" ({screen.line(result.reason)})"
    if result.hidden:
        line += f"; {result.hidden} hidden characters removed (kb show {shlex.quote(name)} --hidden)"
    return line


def _summary(report: IngestReport, workspace: Workspace) -> str:
    counts = Counter(result.status for result in report.files)
    parts = [f"{counts[status]} {status}" for status in _STATUSES if counts[status]]
    if report.forgotten:
        parts.append(f"{report.forgotten} forgotten")
    rate = f", {report.pages / report.seconds:.1f} pages/s" if report.pages else ""
    pages = f"{report.pages} page{'s' if report.pages != 1 else ''} in {report.seconds:.1f} s{rate}"
    return f"{', '.join(parts)}: {pages}. Next: {_next(report, workspace)}"


def _next(report: IngestReport, workspace: Workspace) -> str:
    """Return the command that helps now: a question where something can answer it."""
    if any(result.status in ("indexed", "unchanged") for result in report.files):
        return f'kb ask{collection_flag(workspace)} "QUESTION"'
    return next((result.hint for result in report.files if result.hint), "kb ingest PATH")
