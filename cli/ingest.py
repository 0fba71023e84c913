"""`kb ingest`: files, folders and their fate, one bar, one line at the end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options, screen
from cli.session import Session, begin
from kb.errors import DataError

if TYPE_CHECKING:
    from rag.ingest import FileResult, Progress


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files or folders to read.", metavar="PATH|DIR...")],
    glob: Annotated[str | None, typer.Option(help="Take files of a folder that match this.", metavar="GLOB")] = None,
    password: Annotated[
        str | None,
        typer.Option(help="Password of locked documents.", envvar="KB_PASSWORD", show_envvar=True, metavar="TEXT"),
    ] = None,
    ocr: Annotated[bool, typer.Option("--ocr", help="Read scanned pages from their image (kb[ocr]).")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="Also forget what is gone from the folders.")] = False,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    dry_run: options.DryRun = False,
) -> int:
    """Read documents into a collection; the same command goes on after an interruption."""
    session = begin(collection=collection, store=store, pairs=pairs)
    from rag.discover import find_files

    roots = [Path(path) for path in paths]
    files = [(path, str(path)) for path in find_files(roots, glob)]
    if dry_run:
        for path, _ in files:
            screen.say(str(path))
        return 0
    started = time.monotonic()
    results, forgotten = _run(session, files, roots if sync else [], password=password, ocr=ocr, quiet=quiet)
    if as_json:
        screen.document({"files": [_row(result) for result in results]})
    else:
        _tell(results)
    screen.note(_summary(results, forgotten, time.monotonic() - started, session), quiet=quiet)
    return DataError.exit_code if any(result.status == "refused" for result in results) else 0


def _run(
    session: Session, files: list[tuple[Path, str]], synced: list[Path], *, password: str | None, ocr: bool, quiet: bool
) -> tuple[list[FileResult], int]:
    from rag.catalogue.writer import Catalogue
    from rag.embed.open import open_embedder
    from rag.forget import forget_missing
    from rag.ingest import Ingest
    from rag.open import open_store, writing

    settings = session.settings
    embedder = open_embedder(settings.rag.embedder, session.home, precision=settings.rag.precision)
    wait = "another kb is writing here; waiting for it to finish (Ctrl-C gives up)"
    with (
        writing(session.home, lambda: screen.note(wait, quiet=quiet)),
        screen.bar("{task.fields[pages]} pages", "{task.fields[rate]}", quiet=quiet) as bar,
    ):
        catalogue = Catalogue(session.home.catalogue, create=True)
        index = open_store(session.home, session.collection, embedder.identity.dimension)
        run = Ingest(
            home=session.home,
            catalogue=catalogue,
            store=index,
            embedder=embedder,
            settings=settings,
            collection=session.collection,
            on_progress=_Meter(bar),
        )
        results = run.run(files, password=password, ocr=ocr)
        forgotten = forget_missing(session.home, catalogue, index, session.collection, synced, [s for _, s in files])
    return results, forgotten


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
        label = screen.plain(progress.doc)[:32] if progress.stage == "read" else "indexing"
        self._bar.update(
            self._task, completed=progress.share, description=label, pages=progress.pages, rate=f"{rate:.0f} pages/s"
        )


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
        line = f"{screen.plain(result.doc)}: {result.status}"
        if result.status in ("indexed", "no text"):
            line += f", {result.pages} page{'s' if result.pages != 1 else ''}"
        if result.reason:
            line += f" ({screen.plain(result.reason)})"
        if result.hidden:
            line += f"; {result.hidden} hidden characters removed (kb show {screen.plain(result.doc)} --hidden)"
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
    flag = "" if session.collection == "default" else f" --collection {session.collection}"
    return f'{", ".join(parts)}: {pages} pages in {seconds:.1f} s{rate}. Next: kb ask{flag} "QUESTION"'
