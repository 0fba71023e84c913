"""Long jobs in a process of their own: events as lines of JSON, failures with their kind, the end in the exit code."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfWriter

from core.errors import ConfigError, error_from_json
from core.files import Home
from kb.job import EventWriter, do_job, job_line
from kb.training.request import TrainingRequest
from kb.workspace import open_workspace
from rag.catalogue.reader import CatalogueReader
from tests.kb.conftest import EXAMPLES


def run(line: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "kb.job"],
        input=line,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [json.loads(event) for event in done.stdout.splitlines()]


@pytest.mark.weights
def test_an_ingest_reports_progress_and_every_file(model_home: Home, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_text("not a PDF")
    items = [{"path": str(path), "source": str(path)} for path in (EXAMPLES / "update.pdf", tmp_path / "broken.pdf")]
    items.append({"url": "http://127.0.0.1:9/private.pdf"})
    code, events = run(job_line(open_workspace(model_home.root), "ingest", items=items))
    assert code == 0 and {"progress", "done"} <= {event["event"] for event in events}
    results = events[-1]["result"]
    assert [(one["doc"], one["status"]) for one in results[:2]] == [
        ("update.pdf", "indexed"),
        ("broken.pdf", "refused"),
    ]
    assert results[2]["status"] == "refused" and all("hint" not in one and "source" not in one for one in results)
    assert [d.doc for d in CatalogueReader(model_home.catalogue).documents("default")] == ["update.pdf"]


@pytest.mark.weights
def test_a_locked_document_is_read_with_its_password(model_home: Home, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=EXAMPLES / "update.pdf")
    writer.encrypt("tide", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    items = [{"path": str(tmp_path / "locked.pdf"), "source": "upload:locked.pdf"}]
    workspace = open_workspace(model_home.root)
    for password, status in (("", "refused"), ("ebb", "refused"), ("tide", "indexed")):
        code, events = run(job_line(workspace, "ingest", items=items, password=password))
        assert code == 0 and [row["status"] for row in events[-1]["result"]] == [status]
        assert status == "indexed" or "is locked" in events[-1]["result"][0]["reason"]


def test_a_failure_keeps_its_kind_and_is_the_exit_code(home: Home) -> None:
    workspace = open_workspace()
    request = TrainingRequest(name="none-such", skip=frozenset({"dpo"})).to_json()
    code, events = run(job_line(workspace, "train", request=request, resume=True))
    error = error_from_json(events[-1]["error"])
    assert code == 2 and isinstance(error, ConfigError) and "none-such" in error.message
    with pytest.raises(ConfigError, match="none-such"):
        do_job(json.loads(job_line(workspace, "export", run="none-such", to="gguf")), EventWriter(io.StringIO()))


def test_recipes_that_cannot_be_used_are_events_and_not_the_end(home: Home, tmp_path: Path) -> None:
    requests = [TrainingRequest(recipe=name, data=str(tmp_path / "none")).to_json() for name in ("quick", "no-such")]
    stream = io.StringIO()
    do_job(json.loads(job_line(open_workspace(), "estimate", requests=requests)), EventWriter(stream))
    machine, *estimates = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert machine["event"] == "machine" and machine["default"]
    assert [(event["event"], event["recipe"]) for event in estimates] == [
        ("estimate", "quick"),
        ("estimate", "no-such"),
    ]
    assert "none" in estimates[0]["error"]["message"] and "unknown recipe" in estimates[1]["error"]["message"]


def test_an_unknown_job_is_refused(home: Home) -> None:
    job = json.loads(job_line(open_workspace(), "dance"))
    with pytest.raises(ConfigError, match="unknown job 'dance'; use one of ingest, train, export"):
        do_job(job, EventWriter(io.StringIO()))


def test_events_are_lines_of_ascii() -> None:
    stream = io.StringIO()
    EventWriter(stream).note("“Überlingen”\n")
    assert stream.getvalue().isascii() and stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {"event": "note", "text": "“Überlingen”\n"}
