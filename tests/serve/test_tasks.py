"""Long tasks as child processes: one at a time, followed to their end, found again after a restart, stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from serve.errors import page_text
from serve.ui.task_panel import task_html
from serve.work.tasks import BackgroundTasks

WAIT_S = 120


def _tasks(root: Path) -> BackgroundTasks:
    return BackgroundTasks(Workspace(settings=Settings(), home=Home(root)))


def _train(root: Path, name: str = "one") -> dict:
    return TrainingRequest(name=name, data=str(root / "nothing"), choices={"base": "smollm2"}).to_json()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_failed_task_is_shown_with_its_error_and_the_next_can_begin(tmp_path: Path) -> None:
    tasks = _tasks(tmp_path)
    task = tasks.begin("train", "one", request=_train(tmp_path))
    assert tasks.current() is tasks.latest() is task
    with pytest.raises(ConfigError, match="only one task runs at a time") as caught:
        tasks.begin("train", "two", request=_train(tmp_path, "two"))
    assert "Stop" in page_text(caught.value)
    assert task.process.wait(WAIT_S) != 0
    log = tasks.log("one")
    assert tasks.current() is None and log.error is not None and "smollm2" in str(log.error)
    assert 'role="alert"' in task_html(task, log)
    assert tasks.begin("export", "two", run="two", to="gguf").process.wait(WAIT_S) != 0


def test_training_data_is_made_from_the_documents(stocked: Home, tmp_path: Path) -> None:
    tasks = BackgroundTasks(Workspace(settings=Settings(), home=stocked))
    folder = tmp_path / "made"
    task = tasks.begin("synthesize", "made", folder=str(folder), pairs=10)
    assert task.process.wait(WAIT_S) == 0
    log = tasks.log("made")
    assert log.done and log.result["counts"]["pairs"] > 0
    assert (folder / "manifest.json").is_file() and (folder / "pairs.jsonl").is_file()
    assert "ready" in task_html(task, log)


@pytest.mark.parametrize("disposition", [signal.SIG_IGN, signal.default_int_handler], ids=["ignored", "default"])
def test_a_task_is_stopped_from_its_first_moment(stocked: Home, tmp_path: Path, disposition: Any) -> None:
    """Also where the server ignores SIGINT, as a process does that a script starts with `&`."""
    tasks = BackgroundTasks(Workspace(settings=Settings(), home=stocked))
    before = signal.signal(signal.SIGINT, disposition)
    try:
        task = tasks.begin("synthesize", "stopped", folder=str(tmp_path / "made"))
        tasks.stop()
        assert task.process.wait(WAIT_S) == 128 + signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, before)
    log = tasks.log("stopped")
    assert not log.done and "interrupted" in str(log.error)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize("name", ["../x", "A", "", "-x"])
def test_a_name_that_is_not_a_folder_name_begins_nothing(tmp_path: Path, name: str) -> None:
    tasks = _tasks(tmp_path)
    with pytest.raises(ConfigError):
        tasks.begin("train", name, request={})
    assert tasks.latest() is None


def test_a_server_finds_the_task_of_an_earlier_one_again(tmp_path: Path) -> None:
    slow = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(signal.SIGINT, signal.default_int_handler); time.sleep(60)",
    ]
    # A child of another parent, as after a restart: it is started by a process that ends at once.
    started = subprocess.run(
        [sys.executable, "-c", f"import subprocess; print(subprocess.Popen({slow!r}, stdout=-3).pid)"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    process = psutil.Process(int(started.stdout))
    record = tmp_path / "serve" / "tasks" / "task.json"
    record.parent.mkdir(parents=True)
    values = {"kind": "train", "name": "one", "pid": process.pid, "since": process.create_time()}
    record.write_text(json.dumps(values | {"since": 0.0}))
    assert _tasks(tmp_path).latest() is None  # the process id belongs to another process now
    record.write_text(json.dumps(values))
    later = _tasks(tmp_path)
    task = later.current()
    assert task is not None and (task.kind, task.name) == ("train", "one")
    with pytest.raises(ConfigError, match="one is still being worked on"):
        later.begin("train", "two", request=_train(tmp_path, "two"))
    assert "Starting" in task_html(task, later.log("one"))
    later.stop()
    _until(lambda: not task.running)
    assert later.current() is None and _tasks(tmp_path).latest() is None
    assert "interrupted" in task_html(task, later.log("one"))
    record.write_text("{")
    assert _tasks(tmp_path).latest() is None
