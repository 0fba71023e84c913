"""Runs ingest jobs one after another, each in a child process that may be killed without harm to the server."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from typing import Any

from core.errors import BackendError, error_from_json
from kb.job import job_line
from kb.workspace import Workspace
from serve.errors import page_text
from serve.observability.logs import log
from serve.work.jobs import IngestJob, JobQueue

_POLL_S = 1.0
_KILL_AFTER_S = 10.0


class JobRunner:
    """A thread that runs the jobs of a queue.

    Args:
        jobs: The queue.
        workspace: Settings and home, passed to the child process.
    """

    def __init__(self, jobs: JobQueue, workspace: Workspace) -> None:
        self._jobs = jobs
        self._workspace = workspace
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._loop, name="kb-jobs", daemon=True)

    def start(self) -> None:
        """Resume interrupted jobs, and wait for new ones."""
        log("jobs", waiting=self._jobs.recover())
        self._thread.start()

    def wake(self) -> None:
        """Look for a new job at once."""
        self._wake.set()

    def stop(self) -> None:
        """End the child process; its job is resumed at the next start of the server."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            process = self._process
            if process is not None:
                process.terminate()
            self._thread.join(_KILL_AFTER_S)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()
            self._thread.join(_KILL_AFTER_S)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                job = self._jobs.begin_next()
                if job is not None:
                    self._run(job)
                    continue
            except BackendError as error:  # a full disk, for example: the job stays queued and is tried again
                log("job database", logging.ERROR, error=error)
            self._wake.wait(_POLL_S)
            self._wake.clear()

    def _run(self, job: IngestJob) -> None:
        """Run a job to its end; queue it again where its process died."""
        log("job begins", job=job.id, attempt=job.attempts)
        outcome: dict[str, Any] = {}
        with subprocess.Popen(
            [sys.executable, "-m", "kb.job"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C stops the server, which ends this process itself
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        ) as process:
            self._process = process
            if self._stopping.is_set():
                process.terminate()
            outcome = self._follow(process, job)
        self._process = None
        if outcome.get("event") == "done":
            self._jobs.finish(job.id, outcome["result"])
        elif outcome.get("event") == "failed":
            self._jobs.fail(job.id, page_text(error_from_json(outcome["error"])))
        else:
            self._jobs.release(job.id, counted=not self._stopping.is_set())
        log("job ends", job=job.id, outcome=outcome.get("event", "released"), code=process.returncode)

    def _follow(self, process: subprocess.Popen[str], job: IngestJob) -> dict[str, Any]:
        """Send the job, store its progress, and return its last event; empty where the process died before the end."""
        workspace = self._workspace.with_rag(collection=job.collection)
        try:
            assert process.stdin and process.stdout
            password = self._jobs.password(job.id)
            process.stdin.write(job_line(workspace, "ingest", items=list(job.items), ocr=job.ocr, password=password))
            process.stdin.close()
        except BrokenPipeError:  # it died already
            return {}
        event: dict[str, Any] = {}
        for line in process.stdout:
            if not line.endswith("\n"):  # the process died while it wrote
                return {}
            event = json.loads(line)
            if event["event"] == "progress":
                self._jobs.progress(job.id, pages=event["pages"], share=event["share"], doc=event["doc"])
        return event if event.get("event") in {"done", "failed"} else {}
