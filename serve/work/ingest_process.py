"""One ingest in a process of its own: `python -m serve.ingest_process`, the job on stdin, progress on stdout.

What a hostile document can do to a parser, it does here and not to the server; killing it loses seconds of work. Knows
how documents come in; refuses to know who asked.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import DataError, KbError
from core.files import Home
from core.settings import Settings
from core.telemetry import disable
from rag.catalogue.writer import Catalogue
from rag.ingest.fetch import fetch
from rag.ingest.ingest import FileResult, Ingest, Progress
from rag.open import embedder_of, open_store, writing


def _tell(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def ingest(settings: Settings, home: Home, collection: str, items: Sequence[Mapping[str, str]]) -> list[FileResult]:
    """Bring a job's files and URLs into a collection; those that are in already are left alone.

    Args:
        items: `{"path", "source"}` or `{"url"}`; a URL may not lead to a private address.

    Raises:
        KbError: As `rag.ingest.ingest.Ingest.run`.
    """
    embedder = embedder_of(settings, home)
    with (
        tempfile.TemporaryDirectory(prefix="kb-fetch-") as folder,
        writing(home, lambda: _tell(event="waiting")),
    ):
        files: list[tuple[Path, str]] = []
        refused: list[FileResult] = []
        for number, item in enumerate(items):
            if "url" not in item:
                files.append((Path(item["path"]), item["source"]))
                continue
            try:
                files.append((fetch(item["url"], Path(folder) / str(number), settings.ingest), item["url"]))
            except DataError as error:
                refused.append(_refused(item["url"], error))
        run = Ingest(
            home=home,
            catalogue=Catalogue(home.catalogue, create=True),
            store=open_store(settings, home, collection, embedder.identity.dimension),
            embedder=embedder,
            settings=settings,
            collection=collection,
            on_progress=_report,
        )
        return [*run.run(files), *refused]


def _report(progress: Progress) -> None:
    _tell(event="progress", pages=progress.pages, share=progress.share, doc=progress.doc)


def _refused(url: str, error: DataError) -> FileResult:
    return FileResult(doc=url, source=url, sha256="", pages=0, status="refused", reason=error.message)


def main() -> None:
    """Read a job from stdin, do it, and say how it ended."""
    disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us in its own time
    job = json.load(sys.stdin)
    settings = Settings.model_validate(job["settings"])
    try:
        results = ingest(settings, Home(Path(job["home"])), job["collection"], job["items"])
    except KbError as error:
        _tell(event="failed", error=error.message)
        return
    _tell(event="done", results=[_row(result) for result in results])


def _row(result: FileResult) -> dict[str, Any]:
    return {name: value for name, value in asdict(result).items() if name not in {"source", "hint"}}


if __name__ == "__main__":
    main()
