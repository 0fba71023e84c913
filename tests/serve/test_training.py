"""Runs as the page shows them: begun, stopped, resumed from what was saved, and what cannot be started."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.load_recipe import load_recipe, recipe_names
from finetune.runs import create_run, open_run, update_card
from finetune.runs import training as held_for_training
from finetune.training.machine import this_machine
from kb.knowledge.map import MAP, knows_folder
from serve.errors import NotFound
from serve.service import Service
from serve.work.tasks import BackgroundTasks
from serve.work.training import TrainingChoices, TrainingManager, summary_json
from tests.support.tiny_models import dataset_folder, tiny_folder

WAIT_S = 600


@pytest.fixture
def training(tmp_path: Path) -> Iterator[TrainingManager]:
    service = Service(Settings(), Home(tmp_path))
    manager = TrainingManager(service, BackgroundTasks(service.workspace))
    yield manager
    manager.stop()
    service.close()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def _run(root: Path, **stages: str) -> None:
    card = RunCard(name="one", base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    run = create_run(Home(root), card, load_recipe("", this_machine(), flags={}, pairs=()))
    if stages:
        update_card(run, stages=stages)


def test_every_recipe_can_be_chosen(training: TrainingManager) -> None:
    recipes, methods = training.recipes(), training.methods()
    assert sorted([*recipes, *methods]) == recipe_names()
    assert {"quick", "smollm2-cpu"} <= set(recipes) and "lora" in methods
    assert all(about.endswith((".", "?")) for about in recipes.values())


def test_a_request_leaves_to_the_recipe_what_was_not_chosen(tmp_path: Path) -> None:
    request = TrainingChoices(folder=tmp_path, recipe="quick").request("one")
    assert (request.name, request.data, request.recipe) == ("one", str(tmp_path), "quick")
    assert {name for name, value in request.choices.items() if value is not None} == {"logging_steps"}
    chosen = TrainingChoices(folder=tmp_path, recipe="quick", base="smollm2", epochs=2).request().choices
    assert (chosen["base"], chosen["epochs"]) == ("smollm2", 2)


def test_a_run_that_a_shell_trains_is_shown_as_such(training: TrainingManager, tmp_path: Path) -> None:
    _run(tmp_path)
    with held_for_training(open_run(Home(tmp_path), "one")):
        assert [(row.state, row.actions) for row in training.runs()] == [("being trained", ())]
    assert [row.state for row in training.runs()] == ["not finished"]


def test_what_can_be_done_follows_from_what_is_there(training: TrainingManager, tmp_path: Path) -> None:
    _run(tmp_path, sft="running")
    run = open_run(Home(tmp_path), "one")
    (row,) = training.runs()
    assert (row.state, row.actions, row.saved_step) == ("stopped while learning the answers", ("resume",), None)
    for step in (20, 40):
        (run.stage("sft") / f"checkpoint-{step}").mkdir(parents=True)
        (run.stage("sft") / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert training.runs()[0].saved_step == 40
    update_card(run, stages={"sft": "failed"}, failures={"sft": "memory may have run out"})
    (row,) = training.runs()
    assert row.state == "failed while learning the answers" and row.reason == "memory may have run out"
    run.adapter.mkdir()
    update_card(run, stages={"sft": "done"})
    assert [(row.state, row.actions) for row in training.runs()] == [
        ("trained, not exported", ("ask", "know", "export"))
    ]
    run.merged.mkdir()
    (run.merged / "config.json").write_text("{}")
    (row,) = training.runs()
    assert (row.state, row.actions) == ("ready to be asked", ("ask", "know", "compare", "export"))
    assert json.loads(json.dumps(summary_json(row)))["name"] == "one"
    with pytest.raises(NotFound, match="no exported file"):
        training.file("one")
    run.gguf.write_bytes(b"GGUF")
    assert training.file("one") == run.gguf and training.runs()[0].file_bytes == 4


def test_what_a_run_knows_is_shown_once_it_was_asked(training: TrainingManager, tmp_path: Path) -> None:
    _run(tmp_path)
    run = open_run(Home(tmp_path), "one")
    assert not training.runs()[0].has_map
    with pytest.raises(NotFound, match="not asked what it knows"):
        training.knowledge("one")
    record = {"run": "one", "total": {"n": 1}, "documents": []}
    knows_folder(run).mkdir()
    (knows_folder(run) / MAP).write_text(json.dumps(record))
    assert training.runs()[0].has_map and training.knowledge("one") == record


def test_rows_of_what_a_run_does_not_know_get_a_name_of_their_own(training: TrainingManager, tmp_path: Path) -> None:
    _run(tmp_path)
    done = tmp_path / "datasets" / "one-weak-1"
    done.mkdir(parents=True)
    (done / "manifest.json").write_text("{}")
    task = training.make_weak_rows("one")
    assert (task.kind, task.name) == ("synthesize", "one-weak-2")
    _until(lambda: not task.running)
    # The run has no weights yet: said in the page's words, and nothing is made.
    shown = training.task()
    assert shown is not None and shown["state"] == "failed" and "one" in shown["text"]
    assert not (tmp_path / "datasets" / "one-weak-2" / "manifest.json").exists()


@pytest.mark.parametrize("name", ["../x", "A", "", "-x"])
def test_a_name_that_is_no_folder_of_ours_begins_nothing(training: TrainingManager, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        training.start(name, TrainingChoices(folder=tmp_path, recipe="quick"))
    for act in (
        training.resume,
        lambda name: training.export(name, "gguf"),
        training.curves,
        training.file,
        training.know,
    ):
        with pytest.raises(NotFound):
            act(name)
    assert training.task() is None


def test_a_run_of_that_name_is_not_overwritten(training: TrainingManager, tmp_path: Path) -> None:
    (tmp_path / "runs" / "one").mkdir(parents=True)
    with pytest.raises(ConfigError, match="exists"):
        training.start("one", TrainingChoices(folder=tmp_path, recipe="quick"))


def test_curves_are_read_while_they_are_written(training: TrainingManager, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    lines = [
        {"stage": "sft", "step": 1, "loss": 3.5},
        {"stage": "sft", "step": 2, "loss": 2.5, "eval_loss": 2.75},
        {"stage": "sft", "step": 3, "loss": 2.25},
        # Resumed from a checkpoint at step 1: these steps are done again.
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
    assert [(row.state, row.actions) for row in training.runs()] == [("damaged card", ())]
    shutil.rmtree(run)
    assert training.runs() == []


def test_what_is_stopped_before_there_is_a_run_begins_again(training: TrainingManager, tmp_path: Path) -> None:
    choices = TrainingChoices(folder=tmp_path / "none", recipe="quick", base="no-such", epochs=2)
    first = training.start("early", choices)
    with pytest.raises(ConfigError, match="only one task runs at a time"):
        training.start("other", choices)
    training.stop()
    first.process.wait(WAIT_S)
    (row,) = training.runs()
    assert (row.name, row.state, row.actions) == ("early", "stopped before training began", ("resume",))
    task = training.task()
    assert task is not None and task["state"] == "stopped" and "Resume goes on" in task["text"]
    assert [stage["title"] for stage in task["stages"]] == ["Checking the rows"]
    again = training.resume("early")
    assert again.process.wait(WAIT_S) != 0  # the same request, whose base is not there
    task = training.task()
    assert task is not None and task["state"] == "failed" and "no-such" in task["text"]


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs the extra train")
def test_a_stopped_run_goes_on_from_its_checkpoint(training: TrainingManager, tmp_path: Path) -> None:
    """From the first step on there is a bar, a remaining time and a loss; Stop and Resume keep what was saved."""
    base, data = tiny_folder(tmp_path / "tiny"), dataset_folder(tmp_path / "datasets" / "tanks")
    choices = TrainingChoices(folder=data, recipe="lora", base=str(base), epochs=1000)
    begun = training.start("tanks", choices)
    run_folder = tmp_path / "runs" / "tanks"
    _until(lambda: bool(list(run_folder.glob("sft/checkpoint-*/trainer_state.json"))) or not begun.running)
    task = training.task()
    assert task is not None and task["state"] == "running", task
    assert task["step"] >= 1 and task["steps"] == 1000 and task["loss"] > 0 and task["eta_s"] > 0
    assert task["share"] == pytest.approx(task["step"] / 1000)
    assert [(stage["title"], stage["state"]) for stage in task["stages"]] == [
        ("Checking the rows", "done"),
        ("Learning the answers", "running"),
        ("Learning preferences", "waiting"),
    ]
    training.stop()
    begun.process.wait(WAIT_S)
    (row,) = training.runs()
    saved = row.saved_step
    assert saved and saved % 50 == 0 and row.actions == ("resume",), row
    points = training.curves("tanks")["sft loss"]
    assert [step for step, _ in points] == list(range(1, len(points) + 1)) and len(points) >= saved
    stopped = training.task()
    assert stopped is not None and stopped["state"] == "stopped" and stopped["share"] is None
    reported = len((run_folder / "log.jsonl").read_text().splitlines())
    resumed = training.resume("tanks")
    _until(lambda: ((training.task() or {}).get("step") or 0) > saved or not resumed.running)
    steps = [json.loads(line)["step"] for line in (run_folder / "log.jsonl").read_text().splitlines()]
    assert steps[reported] == saved + 1, steps  # the first step that was reported after Resume
    training.stop()
    resumed.process.wait(WAIT_S)
