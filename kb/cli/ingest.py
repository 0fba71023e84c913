"""`kb ingest`: files, folders and their fate, one bar, one line at the end."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import DataError
from kb.cli import options, screen
from kb.cli.session import Session, begin

if TYPE_CHECKING:
    from rag.ingest.ingest import FileResult, Progress


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or URLs to read.", metavar="PATH|DIR|URL...")],
    glob: Annotated[str | None, typer.Option(help="Take files of a folder that match this.", metavar="GLOB")] = None,
    password: Annotated[
        str | None,
        typer.Option(help="Password of locked documents.", envvar="KB_PASSWORD", show_envvar=True, metavar="TEXT"),
    ] = None,
    ocr: Annotated[bool, typer.Option("--ocr", help="Read scanned pages from their image (kb[ocr]).")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="Also forget what is gone from the folders.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Fetch URLs from loopback and private addresses too.")
    ] = False,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    dry_run: options.DryRun = False,
) -> int:
    """Read documents into a collection; the same command goes on after an interruption."""
    session = begin(collection=collection, store=store, pairs=pairs)
    from rag.ingest.discover import Found, find_files
    from rag.ingest.fetch import is_url

    urls = [path for path in paths if is_url(path)]
    roots = [Path(path) for path in paths if not is_url(path)]
    found = find_files(roots, glob) if roots or not urls else Found((), ())
    if dry_run:
        for name in [*map(str, found.files), *urls]:
            screen.say(screen.line(name))
        for fault in found.faults:
            screen.note(f"kb: {fault}")
        return DataError.exit_code if found.faults else 0
    started = time.monotonic()
    job = _Job(session=session, password=password, ocr=ocr, allow_private=allow_private, quiet=quiet)
    if sync and found.faults:
        screen.note("kb: --sync forgets nothing this time: not every path could be read", quiet=quiet)
    results, forgotten = job.run(found.files, urls, roots if sync and not found.faults else [])
    results += [_refused(fault.path or "", fault) for fault in found.faults]
    if as_json:
        screen.document({"files": [_row(result) for result in results]})
    else:
        _tell(results)
    screen.note(_summary(results, forgotten, time.monotonic() - started, session), quiet=quiet)
    return DataError.exit_code if any(result.status == "refused" for result in results) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One ingest with its flags."""

    session: Session
    password: str | None
    ocr: bool
    allow_private: bool
    quiet: bool

    def run(self, files: Sequence[Path], urls: list[str], synced: list[Path]) -> tuple[list[FileResult], int]:
        """Return what became of every file and URL, and how many documents `--sync` forgot."""
        from rag.catalogue.forget import forget_missing
        from rag.catalogue.writer import Catalogue
        from rag.ingest.discover import source_of
        from rag.ingest.ingest import Ingest
        from rag.open import embedder_of, open_store, writing

        session, settings = self.session, self.session.settings
        embedder = embedder_of(settings, session.home)
        wait = "another kb is writing here; waiting for it to finish (Ctrl-C gives up)"
        with (
            writing(session.home, lambda: screen.note(wait, quiet=self.quiet)),
            tempfile.TemporaryDirectory(prefix="kb-fetch-") as folder,
            screen.bar("{task.fields[pages]} pages", "{task.fields[rate]}", quiet=self.quiet) as bar,
        ):
            fetched, refused = self._fetch(urls, Path(folder))
            catalogue = Catalogue(session.home.catalogue, create=True)
            index = open_store(settings, session.home, session.collection, embedder.identity.dimension)
            run = Ingest(
                home=session.home,
                catalogue=catalogue,
                store=index,
                embedder=embedder,
                settings=settings,
                collection=session.collection,
                on_progress=_Meter(bar),
            )
            sources = [(path, source_of(path)) for path in files]
            results = run.run([*sources, *fetched], password=self.password, ocr=self.ocr)
            present = [source for _, source in sources]
            forgotten = forget_missing(session.home, catalogue, index, session.collection, synced, present)
        return [*results, *refused], forgotten

    def _fetch(self, urls: list[str], folder: Path) -> tuple[list[tuple[Path, str]], list[FileResult]]:
        from rag.ingest.fetch import fetch

        fetched: list[tuple[Path, str]] = []
        refused: list[FileResult] = []
        for number, url in enumerate(urls):
            limits = self.session.settings.ingest
            try:
                path = fetch(url, folder / str(number), limits, allow_private=self.allow_private)
                fetched.append((path, url))
            except DataError as error:
                refused.append(_refused(url, error))
        return fetched, refused


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
            self._task, completed=progress.share, description=label, pages=progress.pages, rate=f"{rate:.0f} pages/s"
        )


def _refused(source: str, error: DataError) -> FileResult:
    from rag.ingest.ingest import FileResult

    return FileResult(
        doc=screen.line(source), source=source, sha256="", pages=0, status="refused", reason=error.message,
        hint=error.hint,
    )  # fmt: skip


def _row(result: FileResult) -> dict[str, Any]:
    return {
        "doc": result.doc,
        "source": result.source,
        "sha256": result.sha256,
        "pages": result.pages,
        "status": result.status,
        "reason": result.reason,
        "hidden": result.hidden,
    }


def _tell(results: list[FileResult]) -> None:
    for result in results:
        line = f"{screen.line(result.doc)}: {result.status}"
        if result.status in ("indexed", "no text"):
            line += f", {result.pages} page{'s' if result.pages != 1 else ''}"
        if result.reason:
            line += f" ({screen.line(result.reason)})"
        if result.hidden:
            line += (
                f"; {result.hidden} hidden characters removed (kb show {shlex.quote(screen.line(result.doc))} --hidden)"
            )
        screen.say(line)


def _summary(results: list[FileResult], forgotten: int, seconds: float, session: Session) -> str:
    counts = {
        status: sum(result.status == status for result in results)
        for status in ("indexed", "unchanged", "no text", "refused")
    }
    pages = sum(result.pages for result in results if result.status in ("indexed", "no text"))
    parts = [f"{count} {status}" for status, count in counts.items() if count]
    if forgotten:
        parts.append(f"{forgotten} forgotten")
    rate = f", {pages / seconds:.0f} pages/s" if pages else ""
    return f"{', '.join(parts)}: {pages} pages in {seconds:.1f} s{rate}. Next: {_next(results, session)}"


def _next(results: list[FileResult], session: Session) -> str:
    """Return the command that helps now: a question where something can answer it."""
    if any(result.status in ("indexed", "unchanged") for result in results):
        flag = "" if session.collection == "default" else f" --collection {session.collection}"
        return f'kb ask{flag} "QUESTION"'
    return next((result.hint for result in results if result.hint), "kb ingest PATH")
