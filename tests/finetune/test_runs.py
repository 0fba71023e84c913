"""A run's folder: whole, named, readable back, and not removed under a trainer."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, DataError
from core.files import Home
from core.prompt import AnswerPrompt, load_prompt
from core.types import RunCard
from finetune.recipe import Recipe
from finetune.runs import (
    create_run,
    current_card,
    list_runs,
    open_run,
    read_card,
    read_prompt,
    read_recipe,
    remove_run,
    to_toml,
    training,
    update_card,
)

RECIPE = Recipe(method="rslora", rank=32, system='Say "yes",\n{context} \x7f', target_modules=("q_proj", "v_proj"))


def card(name: str = "one") -> RunCard:
    return RunCard(name=name, base="smollm2", method="rslora", data_sha256="00", seed=3, versions={"torch": "2"})


def test_a_run_is_read_back_as_it_was_made(home: Home) -> None:
    run = create_run(home, card(), RECIPE)
    assert open_run(home, "one") == run == list_runs(home)[0]
    assert (read_card(run), read_recipe(run)) == (replace(card(), prompt_digest=load_prompt().digest), RECIPE)
    assert read_prompt(run).text == load_prompt().text


def test_a_run_keeps_its_own_prompt(home: Home) -> None:
    prompt = AnswerPrompt("{passages}\n{question} {{json}}")
    run = create_run(home, card(), RECIPE, prompt)
    assert read_prompt(run).digest == prompt.digest == read_card(run).prompt_digest
    run.prompt.unlink()  # as a run of an older version
    assert read_prompt(run).digest == load_prompt().digest
    assert set(json.loads(run.card.read_bytes())) == {field.name for field in fields(RunCard)}
    assert "rank 32, alpha 64" in run.card_text.read_text(encoding="utf-8")


@given(st.text(), st.floats(1e-9, 0.9), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_toml_holds_any_value(system: str, rate: float, modules: list[str]) -> None:
    import tomllib

    recipe = Recipe(system=system, learning_rate=rate, target_modules=tuple(modules))
    assert Recipe.model_validate(tomllib.loads(to_toml(recipe))) == recipe


def test_updates_are_laid_over_what_is_there(home: Home) -> None:
    run = create_run(home, card(), RECIPE)
    update_card(run, scores={"sft/recall": 0.5}, stages={"sft": "running"})
    update_card(run, scores={"dpo/recall": 0.75}, stages={"sft": "done"}, trainable=10, parameters=100)
    held = read_card(run)
    assert held.scores == {"sft/recall": 0.5, "dpo/recall": 0.75}
    assert held.stages == {"sft": "done"}
    assert "| dpo/recall | 0.75 |" in run.card_text.read_text(encoding="utf-8")
    assert "10 of 100 parameters (10.000%)" in run.card_text.read_text(encoding="utf-8")


def test_a_stage_that_no_process_trains_is_not_running(home: Home) -> None:
    run = create_run(home, card(), RECIPE)
    update_card(run, stages={"sft": "done", "dpo": "running"})
    with training(run):
        assert current_card(run).stages == {"sft": "done", "dpo": "running"}
    assert current_card(run).stages == {"sft": "done", "dpo": "interrupted"}
    assert read_card(run).stages["dpo"] == "running"


def test_a_failure_stands_in_the_card_until_the_stage_is_started_again(home: Home) -> None:
    run = create_run(home, card(), RECIPE)
    update_card(run, stages={"sft": "failed"}, failures={"sft": "the disk is full"})
    assert "| sft | failed | 0 |" in run.card_text.read_text(encoding="utf-8")
    assert "- sft failed: the disk is full" in run.card_text.read_text(encoding="utf-8")
    update_card(run, stages={"sft": "running"}, failures={"sft": ""})
    assert "failed" not in run.card_text.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", ".x", "x" * 65, "a b"])
def test_a_name_that_is_no_folder_or_no_model_is_refused(home: Home, name: str) -> None:
    with pytest.raises(ConfigError, match="lower-case letters"):
        create_run(home, card(name), RECIPE)
    with pytest.raises(ConfigError, match="unknown run"):
        open_run(home, name)


def test_a_name_is_taken_once(home: Home) -> None:
    create_run(home, card(), RECIPE)
    with pytest.raises(ConfigError, match="already") as caught:
        create_run(home, card(), RECIPE)
    assert caught.value.hint == "kb finetune --resume one"


def test_what_is_damaged_is_said(home: Home) -> None:
    run = create_run(home, card(), RECIPE)
    run.card.write_text('{"name": "one", "colour": 1}')
    with pytest.raises(DataError, match="colour"):
        read_card(run)
    run.recipe.write_text("rank = -1")
    with pytest.raises(DataError, match="rank"):
        read_recipe(run)


def test_a_run_in_training_stays(home: Home) -> None:
    run = create_run(home, card(), RECIPE)
    with training(run), pytest.raises(ConfigError, match="is being trained"):
        remove_run(run)
    remove_run(run)
    assert list_runs(home) == []
    assert not Path(run.folder).exists()
