"""Events of a training process: what is logged, how fast it goes, and how much time is noted."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.training.events import Reporter, curve, emit


def state(step: int, steps: int = 10, *, main: bool = True) -> Any:
    return SimpleNamespace(global_step=step, max_steps=steps, is_world_process_zero=main)


def reporter(path: Path, tokens: list[int], noted: list[float]) -> Any:
    return Reporter("sft", path / "log.jsonl", lambda: sum(tokens), noted.append)


def test_an_event_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit("audit", example="Zeile\n„eins“")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"event": "audit", "example": "Zeile\n„eins“"}
    assert line.isascii()


def test_a_curve_keeps_figures_alone() -> None:
    history = [
        {"step": 1, "loss": 2.0, "epoch": 0.1, "learning_rate": 0.1},
        {"step": 1, "train_runtime": 3.0},
        {"step": 2, "eval_recall": 0.5},
    ]
    assert curve(history) == [
        {"step": 1, "loss": 2.0, "learning_rate": 0.1},
        {"step": 2, "eval_recall": 0.5},
    ]


def test_progress_has_speed_and_remaining_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    tokens: list[int] = []
    made = reporter(tmp_path, tokens, [])
    made.on_train_begin(None, state(4), None)
    now[0], tokens[:] = 102.0, [500]
    made.on_log(None, state(6), None, {"loss": 2.5, "epoch": 1.0})
    now[0] = 103.0
    made.on_log(None, state(6), None, {"eval_recall": 0.25})
    first, second = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines())
    # Two steps of this process took two seconds; four are left.
    assert first == {"stage": "sft", "step": 6, "steps": 10, "loss": 2.5, "tokens_per_s": 250.0, "eta_s": 4.0}
    assert second["eval_recall"] == 0.25 and "tokens_per_s" not in second
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["progress", "progress"]


def test_other_processes_and_other_logs_are_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = reporter(tmp_path, [], [])
    made.on_train_begin(None, state(0), None)
    made.on_log(None, state(1, main=False), None, {"loss": 1.0})
    made.on_log(None, state(1), None, {"train_runtime": 1.0})
    made.on_log(None, state(1), None, None)
    assert capsys.readouterr().out == "" and not (tmp_path / "log.jsonl").exists()


def test_time_is_noted_with_each_checkpoint_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    noted: list[float] = []
    made = reporter(tmp_path, [], noted)
    made.on_train_begin(None, state(0), None)
    for now[0], call in ((3.0, made.on_save), (5.0, made.on_save), (6.0, made.on_train_end)):
        call(None, state(1), None)
    made.on_save(None, state(1, main=False), None)
    assert noted == [3.0, 2.0, 1.0]
