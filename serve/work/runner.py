"""Does the jobs, one after another, each in a process of its own that may be killed without harm.

Owns the child process and the thread that follows it. Refuses to know what an ingest is.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from typing import Any

from core.errors import BackendError
from core.files import Home
from core.settings import Settings
from serve.observability.logs import log
from serve.work.jobs import IngestJob, JobQueue

_LOOK_AGAIN_S = 1.0
_KILL_AFTER_S = 10.0


class JobRunner:
    """A thread that takes jobs while there are any.

    Args:
        jobs: Where they stand.
        settings: Handed to the process.
        home: Handed to the process.
    """

    def __init__(self, jobs: JobQueue, settings: Settings, home: Home) -> None:
        self._jobs = jobs
        self._settings = settings
        self._home = home
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._loop, name="kb-jobs", daemon=True)

    def start(self) -> None:
        """Take up what was left, and wait for more."""
        log("jobs", waiting=self._jobs.recover())
        self._thread.start()

    def wake(self) -> None:
        """Say that there is a new job."""
        self._wake.set()

    def stop(self) -> None:
        """End the running process; its job goes on at the next start."""
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
                    self._do(job)
                    continue
            except BackendError as error:  # a full disk, for one: the job stays where it is and is tried again
                log("jobs cannot be kept", logging.ERROR, error=error)
            self._wake.wait(_LOOK_AGAIN_S)
            self._wake.clear()

    def _do(self, job: IngestJob) -> None:
        """Run a job to its end, or put it back where its process died."""
        log("job begins", job=job.id, attempt=job.attempts)
        ended: dict[str, Any] = {}
        with subprocess.Popen(
            [sys.executable, "-m", "serve.work.ingest_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
        ) as process:  # fmt: skip
            self._process = process
            if self._stopping.is_set():
                process.terminate()
            ended = self._follow(process, job)
        self._process = None
        if ended.get("event") == "done":
            self._jobs.finish(job.id, ended["results"])
        elif ended.get("event") == "failed":
            self._jobs.fail(job.id, ended["error"])
        else:
            self._jobs.release(job.id, counted=not self._stopping.is_set())
        log("job ends", job=job.id, outcome=ended.get("event", "released"), code=process.returncode)

    def _follow(self, process: subprocess.Popen[str], job: IngestJob) -> dict[str, Any]:
        """Send the job, note its progress and return how it said it ended; empty where it did not."""
        order = {
            "settings": self._settings.model_dump(mode="json"),
            "home": str(self._home.root),
            "collection": job.collection,
            "items": list(job.items),
        }
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps(order))
            process.stdin.close()
        except BrokenPipeError:  # it died already; its exit tells
            return {}
        said: dict[str, Any] = {}
        for line in process.stdout:
            if not line.endswith("\n"):  # cut off by its end
                return {}
            said = json.loads(line)
            if said["event"] == "progress":
                self._jobs.progress(job.id, pages=said["pages"], share=said["share"], doc=said["doc"])
        return said if said.get("event") in {"done", "failed"} else {}
