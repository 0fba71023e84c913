"""How a long task is shown: while it runs, once it is done, and after it ended early."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from core.errors import ConfigError
from serve.ui.task_panel import task_html
from serve.work.task_log import TaskLog
from serve.work.tasks import BackgroundTask, TaskKind


@pytest.fixture
def ended() -> psutil.Process:
    """A process that has ended."""
    process = psutil.Popen([sys.executable, "-c", ""])
    process.wait(60)
    return process


@pytest.fixture
def running() -> Iterator[psutil.Process]:
    """This process, which runs."""
    yield psutil.Process(os.getpid())


def _task(process: psutil.Process, kind: TaskKind = "train") -> BackgroundTask:
    return BackgroundTask(kind=kind, name="one", process=process)


def test_progress_has_a_bar_and_words(running: psutil.Process) -> None:
    html = task_html(_task(running), TaskLog(share=0.25, doing="sft 12/48  3:20 left", lines=["sft <starts>"]))
    assert "Training: one." in html and 'value="25"' in html and "3:20 left" in html
    assert "sft &lt;starts&gt;" in html
    assert "Starting" in task_html(_task(running), TaskLog())
    assert "<progress" not in task_html(_task(running), TaskLog(doing="reading: 3 of ?"))


def test_a_task_that_was_stopping_to_stop_says_so_until_it_ends(running: psutil.Process, ended: psutil.Process) -> None:
    log = TaskLog(share=0.25, doing="sft 12/48")
    stopping = replace(_task(running), stopping=True)
    assert "Stopping one …" in task_html(stopping, log) and "<progress" not in task_html(stopping, log)
    assert "interrupted" in task_html(replace(_task(ended), stopping=True), log)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("synthesize", "ready"), ("train", "Trained"), ("export", "Exported: one."), ("compare", "under Report")],
)
def test_what_is_done_leads_to_the_next_click(ended: psutil.Process, kind: TaskKind, words: str) -> None:
    result = {"verdict": "Use the tuned model."} if kind == "compare" else {}
    html = task_html(_task(ended, kind), TaskLog(done=True, result=result))
    assert words in html and 'role="alert"' not in html
    assert ("Use the tuned model." in html) == (kind == "compare")


def test_an_error_shows_its_click_and_not_its_command(ended: psutil.Process) -> None:
    error = ConfigError("no rows in 'mine'", hint="kb synth --out DIR", click="make training data under Data")
    html = task_html(_task(ended), TaskLog(error=error))
    assert 'role="alert"' in html and "Make training data under Data." in html and "kb synth" not in html


def test_a_process_that_was_killed_is_interrupted(ended: psutil.Process) -> None:
    html = task_html(_task(ended), TaskLog(lines=["sft starts"]))
    assert "interrupted" in html and "sft starts" in html


def test_a_zombie_of_another_parent_does_not_run() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', '']);"
            "print(p.pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert parent.stdout
    with parent, parent.stdout as stdout:
        try:
            child = psutil.Process(int(stdout.readline()))
            while child.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
            assert not _task(child).running
        finally:
            parent.kill()
