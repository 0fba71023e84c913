"""Runs as the page shows them, and what cannot be started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.load_recipe import load_recipe, recipe_names
from finetune.runs import create_run, update_card
from finetune.runs import training as held_for_training
from finetune.training.machine import this_machine
from serve.errors import NotFound
from serve.review import row_sizes
from serve.service import Service
from serve.work.tasks import BackgroundTasks
from serve.work.training import TrainingManager


@pytest.fixture
def training(tmp_path: Path) -> Iterator[TrainingManager]:
    service = Service(Settings(), Home(tmp_path))
    yield TrainingManager(service, BackgroundTasks(service.workspace))
    service.close()


async def test_every_recipe_can_be_chosen_and_estimated(training: TrainingManager) -> None:
    recipes, default = await training.recipes()
    assert recipes == recipe_names() and default in recipes
    sizes = row_sizes([400] * 100)
    one, three = [await training.estimate("smollm2-cpu", "smollm2", epochs, sizes) for epochs in (1, 3)]
    assert three.tokens == 3 * one.tokens > 0 and one.hours > 0
    with pytest.raises(ConfigError):
        await training.estimate("none", "smollm2", 0, sizes)


def test_sizes_of_rows() -> None:
    assert row_sizes([]).count == 0
    sizes = row_sizes([80, 160, 0])
    assert (sizes.count, sizes.longest_tokens) == (3, 20)
    assert sizes.mean_tokens == pytest.approx((10 + 20 + 1) / 3)


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
        training.start(name, tmp_path, "quick")
    with pytest.raises(NotFound):
        training.export(name, "gguf")
    with pytest.raises(NotFound):
        training.curves(name)


def test_a_run_of_that_name_is_not_overwritten(training: TrainingManager, tmp_path: Path) -> None:
    (tmp_path / "runs" / "one").mkdir(parents=True)
    with pytest.raises(ConfigError, match="exists"):
        training.start("one", tmp_path, "quick")


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
