"""One training process: it ends with its parent, speaks once whatever the number of processes, and reports errors."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from finetune.training import worker

needs_train = pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]")


def test_a_process_ends_when_nobody_holds_its_input() -> None:
    code = "from finetune.training.worker import _end_with_parent as end; print('up', flush=True); end()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.stdin.write(b"input is read and ignored\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.stdin.close()
        assert process.wait(20) == 1


@pytest.mark.train
@needs_train
@pytest.mark.parametrize("trackers", ["", "tensorboard,,wandb"])
def test_what_a_process_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trackers: str) -> None:
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back afterwards
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(worker, "_run", lambda *given: calls.append(given))
    assert worker.main([str(tmp_path), "tanks", "dpo", trackers]) == 0
    assert calls == [(tmp_path, "tanks", "dpo", tuple(filter(None, trackers.split(","))), 2, 3)]


@pytest.mark.train
@needs_train
def test_processes_beside_the_first_leave_standard_output_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    assert worker.main([str(tmp_path), "nosuch", "sft", ""]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    events = [json.loads(line) for line in err.splitlines() if line.startswith('{"event"')]
    assert [event["event"] for event in events] == ["started", "error"]
    assert "unknown run 'nosuch'" in events[-1]["message"]
    assert events[-1]["hint"] == "kb runs list"


@pytest.mark.train
@needs_train
def test_every_stage_of_a_run_has_its_function(tmp_path: Path) -> None:
    from finetune.training.launch import STAGES

    assert set(worker._stages(tmp_path)) == {"retain", *STAGES}  # rows of the base are written before the first stage


def test_a_fault_of_ours_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(worker, "_run", fail)
    with pytest.raises(ZeroDivisionError):
        worker.main([str(tmp_path), "tanks", "sft", ""])
