"""One long task at a time (rows, training, export, comparison, knowledge map), each a child process `python -m kb.job`.

The child outlives the server, which finds it again when it starts; what it does is read from the file of its events.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import STDOUT
from typing import Any, Literal, get_args

import psutil
from filelock import FileLock

from core.errors import ConfigError
from core.files import atomic_write
from finetune.runs import check_name
from kb.job import job_line
from kb.workspace import Workspace
from serve.work.task_log import TaskLog, read_task_log

TaskKind = Literal["synthesize", "train", "export", "compare", "know"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTask:
    """A child process that works on a run or a dataset.

    Attributes:
        kind: What it does.
        name: Of the run or the dataset.
        process: A `psutil.Popen`, or a plain `psutil.Process` where an earlier server started it.
        stopping: Whether it was told to stop.
    """

    kind: TaskKind
    name: str
    process: psutil.Process
    stopping: bool = False

    @property
    def running(self) -> bool:
        """Whether it still runs; a zombie does not."""
        if isinstance(self.process, psutil.Popen):
            return self.process.poll() is None
        try:
            return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


class BackgroundTasks:
    """The long tasks of a home.

    Args:
        workspace: Settings and home, passed to the child processes.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = workspace.home.root / "serve" / "tasks"
        self._record = self._folder / "task.json"
        self._task = self._recorded()

    def begin(self, kind: TaskKind, name: str, **fields: Any) -> BackgroundTask:
        """Start a task.

        Args:
            kind: What it does.
            name: Of the run or the dataset.
            fields: The job, as `kb.job.job_line` takes it.

        Raises:
            ConfigError: The name is not valid, or another task is running.
        """
        check_name(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "task.lock"):  # another server of this home may begin one
            current = self.current()
            if current is not None:
                raise ConfigError(
                    f"{current.name} is still being worked on; only one task runs at a time",
                    click="wait, or press Stop",
                )
            return self._begin(kind, name, **fields)

    def _begin(self, kind: TaskKind, name: str, **fields: Any) -> BackgroundTask:
        job = self._job_path(name)
        job.write_text(job_line(self._workspace, kind, **fields), encoding="utf-8")
        with job.open("rb") as stdin, self._log_path(name).open("wb") as stdout, _interrupts_kept():
            process = psutil.Popen(
                [sys.executable, "-m", "kb.job"],
                env={**os.environ, "KB_HOME": str(self._workspace.home.root)},
                stdin=stdin,
                stdout=stdout,
                stderr=STDOUT,
                start_new_session=True,
            )
        self._task = BackgroundTask(kind=kind, name=name, process=process)
        record = {"kind": kind, "name": name, "pid": process.pid, "since": process.create_time()}
        with atomic_write(self._record) as handle:
            handle.write(json.dumps(record).encode())
        return self._task

    def stop(self) -> None:
        """Interrupt the current task as Ctrl-C would; it can be resumed."""
        task = self.current()
        if task is not None:
            task.process.send_signal(signal.SIGINT)
            self._task = replace(task, stopping=True)

    def current(self) -> BackgroundTask | None:
        """Return the task that runs; another server of this home may have begun it."""
        if self._task is None or not self._task.running:
            self._task = self._recorded() or self._task
        return self._task if self._task and self._task.running else None

    def latest(self) -> BackgroundTask | None:
        """Return the task that was started last, whether it runs or not."""
        return self._task

    def log(self, name: str) -> TaskLog:
        """Return what the latest task on a run or a dataset reported."""
        return read_task_log(self._log_path(name))

    def job(self, name: str) -> dict[str, Any]:
        """Return the job of the latest task on a run or a dataset as it was begun; empty where it cannot be read."""
        try:
            job = json.loads(self._job_path(name).read_bytes())
        except (OSError, ValueError):
            return {}
        return job if isinstance(job, dict) else {}

    def _recorded(self) -> BackgroundTask | None:
        """Return the task of an earlier server if it still runs; the process id may be of another process by now."""
        try:
            record = json.loads(self._record.read_bytes())
            process = psutil.Process(record["pid"])
            if process.create_time() != record["since"] or record["kind"] not in get_args(TaskKind):
                return None
            task = BackgroundTask(kind=record["kind"], name=record["name"], process=process)
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        return task if task.running else None

    def _job_path(self, name: str) -> Path:
        return self._folder / f"{check_name(name)}.job.json"

    def _log_path(self, name: str) -> Path:
        return self._folder / f"{check_name(name)}.log"


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Start a child with SIGINT blocked: one that arrives before the child handles it is delivered when it does.

    Where this server ignores SIGINT, as one that a script starts with `&` does, the child would ignore it, too.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
