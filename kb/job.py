"""One long piece of work in a process of its own: `python -m kb.job`, the job as JSON on stdin, events on stdout.

What a hostile document can do to a parser, or training to a machine's memory, it does here and not to the process that
asked. Every event is one line of JSON: `{"event": "note", "text"}`, `{"event": "progress", ...}`, what training
processes report, and last `{"event": "done", "result"}` or `{"event": "failed", "error"}` with the fields of
`core.errors.KbError.to_json` and, after SIGINT, `"interrupted": true`. SIGINT ends it as Ctrl-C would; the same job
resumes.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from core.errors import ConfigError, KbError
from core.files import Home
from core.settings import Settings
from core.telemetry import disable
from kb.workspace import Workspace

_INTERRUPTED = 128 + signal.SIGINT
_KINDS = ("ingest", "train", "export", "synthesize", "compare", "know", "estimate")


def job_line(workspace: Workspace, kind: str, **fields: Any) -> str:
    """Return what a child process reads: one job as JSON.

    Args:
        kind: `ingest` with `items` (`{"path", "source"}` or `{"url"}`), `ocr` and `password`; `train` with `request`
            (`TrainingRequest.to_json`) and `resume`; `export` with `run`, `to` and `quantize`; `synthesize` with
            `folder`, `pairs` and `weak` (a run); `compare` with `run` and `limit`; `know` with `run`; `estimate` with
            `requests`, as `train` has one. All take `collection`, the settings' own without it.
    """
    settings = workspace.settings.model_dump(mode="json")
    return json.dumps({"job": kind, "settings": settings, "home": str(workspace.home.root), **fields})


class EventWriter:
    """Writes events, one line each.

    Args:
        stream: Where they go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Write one event at once."""
        self._stream.write(json.dumps(event, ensure_ascii=True) + "\n")
        self._stream.flush()

    def note(self, text: str) -> None:
        """Write a note for a person."""
        self({"event": "note", "text": text})


def do_job(job: Mapping[str, Any], write: EventWriter) -> Any:
    """Do one job and return its result as JSON values.

    Raises:
        ConfigError: There is no such kind of job.
        KbError: As the workflow says.
    """
    settings = Settings.model_validate(job["settings"])
    workspace = Workspace(settings=settings, home=Home(Path(job["home"]), settings.ingest.originals))
    if job.get("collection"):
        workspace = workspace.with_rag(collection=job["collection"])
    kind = job.get("job")
    if kind == "ingest":
        return _ingest(workspace, job, write)
    if kind == "train":
        return _train(workspace, job, write)
    if kind == "export":
        from kb.exporting import export_run

        quantize = job.get("quantize") or None
        return export_run(workspace, job["run"], job["to"], quantize=quantize, on_note=write.note).to_json()
    if kind == "synthesize":
        return _synthesize(workspace, job, write)
    if kind == "compare":
        return _compare(workspace, job, write)
    if kind == "know":
        return _know(workspace, job, write)
    if kind == "estimate":
        return _estimate(workspace, job, write)
    raise ConfigError(f"unknown job {kind!r}; use one of {', '.join(_KINDS)}")


def _ingest(workspace: Workspace, job: Mapping[str, Any], write: EventWriter) -> list[dict[str, Any]]:
    from kb.ingest import WAITING, ingest_files

    items = job["items"]
    results, _ = ingest_files(
        workspace,
        [(Path(item["path"]), item["source"]) for item in items if "url" not in item],
        [item["url"] for item in items if "url" in item],
        password=job.get("password") or None,
        ocr=bool(job.get("ocr")),
        on_progress=lambda progress: write({"event": "progress", **asdict(progress)}),
        on_wait=lambda: write.note(WAITING),
        on_note=write.note,
    )
    # A source is a path of this machine, and a hint is for a terminal.
    rows = [asdict(result) for result in results]
    return [{key: value for key, value in row.items() if key not in ("source", "hint")} for row in rows]


def _train(workspace: Workspace, job: Mapping[str, Any], write: EventWriter) -> dict[str, Any]:
    from kb.training.job import TrainingJob
    from kb.training.request import TrainingRequest

    request = TrainingRequest.from_json(job["request"])
    training = TrainingJob(
        workspace,
        request,
        on_note=write.note,
        on_event=write,
        on_rows=lambda progress: write({"event": "rows", **asdict(progress)}),
    )
    return training.train(resume=bool(job.get("resume"))).to_json()


def _synthesize(workspace: Workspace, job: Mapping[str, Any], write: EventWriter) -> dict[str, Any]:
    from kb.data.datasets import DatasetRequest, synthesize

    weak = None
    if job.get("weak"):
        from kb.knowledge.weak import weak_facts

        weak = weak_facts(workspace, job["weak"], write.note)
    return synthesize(
        workspace,
        Path(job["folder"]),
        DatasetRequest(pairs=job.get("pairs"), weak=weak),
        on_progress=lambda progress: write({"event": "rows", **asdict(progress)}),
        on_note=write.note,
    )


def _compare(workspace: Workspace, job: Mapping[str, Any], write: EventWriter) -> dict[str, Any]:
    from kb.comparison.job import ComparisonRequest, compare

    comparison = compare(
        workspace,
        ComparisonRequest(run=job["run"], limit=job.get("limit")),
        on_progress=lambda progress: write({"event": "answers", **asdict(progress)}),
        on_note=write.note,
    )
    return {"folder": str(comparison.folder), "verdict": comparison.verdict}


def _know(workspace: Workspace, job: Mapping[str, Any], write: EventWriter) -> dict[str, Any]:
    from kb.knowledge.map import knowledge_map

    def asked_facts(done: int, total: int) -> None:
        write({"event": "facts", "done": done, "total": total})

    return {"total": knowledge_map(workspace, job["run"], on_progress=asked_facts)["total"]}


def _estimate(workspace: Workspace, job: Mapping[str, Any], write: EventWriter) -> None:
    """Estimate one run after the other; one that cannot be trained is an event with its error, and the next follows."""
    from finetune.load_recipe import default_recipe
    from finetune.training.machine import this_machine
    from kb.training.examine import estimate_training
    from kb.training.request import TrainingRequest

    default = default_recipe(this_machine())
    write({"event": "machine", "default": default})
    requests = [TrainingRequest.from_json(values) for values in job["requests"]]
    for request in sorted(requests, key=lambda request: request.recipe != default):  # what most people take is first
        notes: list[str] = []
        try:
            examined = estimate_training(workspace, request, on_note=notes.append)
        except KbError as error:
            write({"event": "estimate", "recipe": request.recipe, "error": error.to_json()})
            continue
        recipe = examined.recipe
        figures = {**examined.estimate.to_json(), "base": recipe.base, "method": recipe.training_method.title}
        write({"event": "estimate", "recipe": request.recipe, "estimate": figures, "notes": notes})


def _accept_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt, also where the parent ignores it or started this process with it blocked."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def main() -> int:
    """Read a job from stdin, do it and write how it ended; returns the exit code."""
    disable()
    write = EventWriter(sys.stdout)
    try:
        _accept_interrupts()
        result = do_job(json.load(sys.stdin), write)
    except KbError as error:
        write({"event": "failed", "error": error.to_json()})
        return error.exit_code
    except KeyboardInterrupt:
        stopped = KbError("interrupted; start it again to resume")
        write({"event": "failed", "error": stopped.to_json(), "interrupted": True})
        return _INTERRUPTED
    write({"event": "done", "result": result})
    return 0


if __name__ == "__main__":
    sys.exit(main())
