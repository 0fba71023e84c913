"""One ingest job in a process of its own: `python -m serve.work.ingest_process`, the job on stdin, events on stdout.

A hostile document can harm this process only, and killing it loses seconds of work. Each line of stdout is a JSON
object with `event`: `waiting`, `progress`, and at the end `done` or `failed`.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import KbError
from core.files import Home
from core.settings import Settings
from core.telemetry import disable
from kb.ingest import ingest_files
from kb.workspace import Workspace
from rag.ingest.ingest import FileResult, Progress


def _send(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def run_job(workspace: Workspace, items: Sequence[Mapping[str, str]]) -> list[FileResult]:
    """Add a job's files and URLs to the workspace's collection; what is already there is left alone.

    Args:
        items: `{"path", "source"}` or `{"url"}`; a URL may not lead to a private address.

    Raises:
        KbError: As `kb.ingest.ingest_files`.
    """
    files = [(Path(item["path"]), item["source"]) for item in items if "path" in item]
    urls = [item["url"] for item in items if "url" in item]
    results, _ = ingest_files(
        workspace, files, urls, on_progress=_send_progress, on_wait=lambda: _send(event="waiting")
    )
    return results


def _send_progress(progress: Progress) -> None:
    _send(event="progress", pages=progress.pages, share=progress.share, doc=progress.doc)


def main() -> None:
    """Read a job from stdin, run it, and send its results."""
    disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the server, which ends this process itself
    job = json.load(sys.stdin)
    workspace = Workspace(settings=Settings.model_validate(job["settings"]), home=Home(Path(job["home"])))
    try:
        results = run_job(workspace.with_rag(collection=job["collection"]), job["items"])
    except KbError as error:
        _send(event="failed", error=error.message)
        return
    _send(event="done", results=[_row(result) for result in results])


def _row(result: FileResult) -> dict[str, Any]:
    return {name: value for name, value in asdict(result).items() if name not in {"source", "hint"}}


if __name__ == "__main__":
    main()
