"""Where a long task stands, in one sentence: running, stopped by a person, failed, done."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import get_args

import psutil
import pytest

from core.errors import ConfigError, KbError
from serve.work.task_log import TaskLog
from serve.work.task_words import task_headline
from serve.work.tasks import BackgroundTask, TaskKind
from tests.support.commands import COMMAND

INTERRUPTED = TaskLog(error=KbError("interrupted; start it again to resume"), interrupted=True)


@pytest.fixture(scope="module")
def ended() -> psutil.Process:
    """A process that has ended."""
    process = psutil.Popen([sys.executable, "-c", ""])
    process.wait(60)
    return process


def _task(process: psutil.Process, kind: TaskKind = "train") -> BackgroundTask:
    return BackgroundTask(kind=kind, name="one", process=process)


@pytest.mark.parametrize("kind", get_args(TaskKind))
def test_every_kind_has_words_for_every_state(kind: TaskKind, ended: psutil.Process) -> None:
    here = _task(psutil.Process(os.getpid()), kind)
    error = ConfigError("no rows", hint="kb synth --out DIR", click="make training data under Data")
    lines = [
        task_headline(here, TaskLog()),
        task_headline(replace(here, stopping=True), TaskLog()),
        task_headline(_task(ended, kind), INTERRUPTED),
        task_headline(_task(ended, kind), TaskLog(error=error)),
        task_headline(_task(ended, kind), TaskLog(done=True)),
    ]
    assert [line.state for line in lines] == ["running", "stopping", "stopped", "failed", "done"]
    assert [line.is_fault for line in lines] == [False, False, False, True, False]
    assert "Make training data under Data." in lines[3].text
    assert not any(COMMAND.search(line.text) for line in lines)


def test_a_process_that_died_unasked_is_a_fault(ended: psutil.Process) -> None:
    assert task_headline(_task(ended), TaskLog()).is_fault
    assert not task_headline(replace(_task(ended), stopping=True), TaskLog()).is_fault
