"""What a training job takes up, and what it refuses before anything is trained."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.ask import ask_both
from finetune.load_recipe import load_recipe
from finetune.runs import create_run
from finetune.training.machine import this_machine
from kb.comparison.arms import run_arms
from kb.training.job import TrainingJob
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from tests.support.tiny_models import CPU, dataset_folder, tiny_folder


def _job(root: Path, notes: list[str] | None = None, **request: Any) -> TrainingJob:
    workspace = Workspace(settings=Settings(), home=Home(root))
    return TrainingJob(workspace, TrainingRequest(**request), on_note=(notes if notes is not None else []).append)


def _unfinished_run(root: Path, name: str, flags: Mapping[str, Any]) -> None:
    card = RunCard(name=name, base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    create_run(Home(root), card, load_recipe("", this_machine(), flags=flags, pairs=()))


@pytest.mark.parametrize("name", ["", "first"])
def test_there_must_be_a_run_to_resume(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"no run to resume|unknown run 'first'") as caught:
        _job(tmp_path, name=name).train(resume=True)
    assert caught.value.click


def test_a_run_is_not_resumed_under_another_recipe(tmp_path: Path) -> None:
    _unfinished_run(tmp_path, "first", {"epochs": 2})
    with pytest.raises(ConfigError, match=r"run 'first' began with epochs 2, not 3; a run cannot be lengthened"):
        _job(tmp_path, name="first", choices={"epochs": 3}).train(resume=True)


def test_epochs_that_minutes_cut_are_those_that_were_asked_for(tmp_path: Path) -> None:
    _unfinished_run(tmp_path, "first", {"epochs": 2, "all_epochs": 5})
    with pytest.raises(ConfigError, match=r"run 'first' began with epochs 5, not 3;"):
        _job(tmp_path, name="first", choices={"epochs": 3}).train(resume=True)
    with pytest.raises(ConfigError, match=r"began with learning_rate 0\.0005, not 0\.01$"):
        _job(tmp_path, name="first", choices={"epochs": 5, "learning_rate": 0.01}).train(resume=True)


def test_rows_of_documents_are_resumed_before_there_is_a_run(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "models").symlink_to(weights)
    _unfinished_run(tmp_path, "another", {})
    requests: tuple[dict[str, Any], ...] = ({}, {"name": "mine"})
    for request in requests:
        # Without a document there is nothing to make rows of; the other run's rows are not taken for them.
        with pytest.raises(ConfigError, match="nothing has been ingested"):
            _job(tmp_path, from_docs=True, **request).train(resume=True)


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs the extra train")
def test_a_run_begun_by_relative_paths_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    tiny_folder(Path("tiny"))
    dataset_folder(Path("rows"))
    small = ("max_steps=1", "batch_size=2", "eval_rows=0", "rank=4")
    choices = {"base": "./tiny", "dpo": False}
    result = _job(tmp_path, name="far", data="rows", choices=choices, pairs=small).train()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    assert (result.card.base, result.card.data) == (str(tmp_path / "here/tiny"), str(tmp_path / "here/rows"))
    assert _job(tmp_path, name="far").train(resume=True).card.stages == result.card.stages
    both = ask_both(Home(tmp_path), "far", "What is the capacity of tank 3?", CPU, context="", max_tokens=4)
    assert both.policy == result.run.adapter
    result.run.gguf.touch()
    arms = run_arms(result.run, result.card, Settings(), Home(tmp_path), experiments=False, few_shot=None)
    assert arms[0].model == f"hf:{tmp_path / 'here/tiny'}"


def test_rows_of_documents_are_not_skipped_where_there_are_none(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "models").symlink_to(weights)
    with pytest.raises(ConfigError, match=r"--skip synth: .*default-1 has no rows"):
        _job(tmp_path, from_docs=True, skip=frozenset({"synth"})).train()


def test_a_search_needs_rows_that_are_held_out(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "models").symlink_to(weights)
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "What does the pump lift?", "answer": "40 litres a minute."}\n')
    notes: list[str] = []
    with pytest.raises(DataError, match="no held-out rows"):
        _job(tmp_path, notes, data=str(rows)).search(2)
