"""What the tab Training begins is what `kb` understands, one thing at a time, and is followed to its end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from typer.main import get_command

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.recipe import load_recipe
from finetune.runs import create_run, update_card
from finetune.runs import training as held_for_training
from finetune.training.machine import this_machine
from kb.cli.main import app
from serve.errors import NotFound
from serve.service import Service
from serve.work.training import TARGETS, TrainingManager, export_command, resume_command, train_command


@pytest.fixture
def training(tmp_path: Path) -> Iterator[TrainingManager]:
    service = Service(Settings(), Home(tmp_path))
    yield TrainingManager(service)
    service.close()


@pytest.mark.parametrize(
    "command",
    [
        train_command("handbook-1", Path("/data/mine"), "lora", "smollm2"),
        resume_command("handbook-1"),
        *(export_command("handbook-1", target) for target in TARGETS),
    ],
)
def test_the_command_line_understands_what_is_begun(command: list[str]) -> None:
    group = get_command(app)
    context = group.make_context("kb", list(command))
    named, chosen, rest = group.resolve_command(context, list(command))  # type: ignore[attr-defined]
    values = chosen.make_context(named, rest, parent=context).params
    assert "handbook-1" in (values.get("run"), values.get("name"))
    if command[-1] == "--resume":
        assert values["resume"] is True
    elif named == "finetune":
        assert (str(values["data"]), values["method"], values["base"]) == ("/data/mine", "lora", "smollm2")
    else:
        assert values["to"] == command[-1]


def test_a_process_that_fails_is_told_with_its_last_words(training: TrainingManager, tmp_path: Path) -> None:
    training.start("one", tmp_path / "nothing", "lora", "smollm2")
    task = training.latest()
    assert task is not None and training.under_way() is task
    with pytest.raises(ConfigError, match="one at a time"):
        training.start("two", tmp_path / "nothing", "lora", "smollm2")
    assert task.process.wait(120) != 0
    assert training.under_way() is None and task.exit_code
    assert "kb models pull smollm2" in training.said("one")


def test_a_server_finds_again_what_an_earlier_one_began(tmp_path: Path) -> None:
    slow = [sys.executable, "-c", "import time; time.sleep(60)"]
    service = Service(Settings(), Home(tmp_path))
    # A child of another parent, as after a restart: it is begun by a process that ends at once.
    begun = subprocess.run(
        [sys.executable, "-c", f"import subprocess; print(subprocess.Popen({slow!r}, stdout=-3).pid)"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    process = psutil.Process(int(begun.stdout))
    record = tmp_path / "serve" / "training" / "task.json"
    record.parent.mkdir(parents=True)
    held = {"run": "one", "doing": "trained", "pid": process.pid, "since": process.create_time()}
    record.write_text(json.dumps(held | {"since": 0.0}))
    assert TrainingManager(service).latest() is None  # its number belongs to another process now
    record.write_text(json.dumps(held))
    later = TrainingManager(service)
    task = later.under_way()
    assert task is not None and (task.run, task.exit_code) == ("one", None)
    with pytest.raises(ConfigError, match="one is being trained"):
        later.start("two", tmp_path / "nothing", "lora", "smollm2")
    later.stop()
    for _ in range(200):
        if not task.running:
            break
        time.sleep(0.05)
    assert later.under_way() is None and TrainingManager(service).latest() is None
    record.write_text("{")
    assert TrainingManager(service).latest() is None
    service.close()


def test_a_run_that_a_shell_trains_is_shown_as_such(training: TrainingManager, tmp_path: Path) -> None:
    recipe = load_recipe("", this_machine(), flags={}, pairs=())
    card = RunCard(name="one", base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    run = create_run(Home(tmp_path), card, recipe)
    with held_for_training(run):
        assert [row.state for row in training.runs()] == ["being trained"]
    assert [row.state for row in training.runs()] == ["not exported"]
    update_card(run, stages={"sft": "running"})
    assert [row.state for row in training.runs()] == ["interrupted during sft"]


@pytest.mark.parametrize("name", ["../x", "A", "", "-x"])
def test_a_name_that_is_no_folder_of_ours_begins_nothing(training: TrainingManager, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        training.start(name, tmp_path, "lora", "smollm2")
    with pytest.raises(NotFound):
        training.export(name, "gguf")
    with pytest.raises(NotFound):
        training.curves(name)
    assert training.latest() is None


def test_curves_are_read_while_they_are_written(training: TrainingManager, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    lines = [
        {"stage": "sft", "step": 1, "loss": 3.5},
        {"stage": "sft", "step": 2, "loss": 2.5, "eval_loss": 2.75},
        {"stage": "dpo", "step": 1, "loss": 0.7, "rewards/margins": 0.1},
    ]
    whole = "".join(json.dumps(line) + "\n" for line in lines)
    (run / "log.jsonl").write_text(whole + '{"stage": "dpo", "st')
    assert training.curves("one") == {
        "sft loss": [(1, 3.5), (2, 2.5)],
        "sft eval_loss": [(2, 2.75)],
        "dpo loss": [(1, 0.7)],
        "dpo rewards/margins": [(1, 0.1)],
    }
    assert [row.state for row in training.runs()] == ["damaged card"]
    shutil.rmtree(run)
    assert training.runs() == []
