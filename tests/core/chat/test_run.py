"""A training run is opened as what there is of it, an adapter with the base it was trained over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.backends import parse_spec
from core.chat.local.run import open_spec
from core.errors import ConfigError, DataError
from core.files import Home
from core.settings import ModelSettings, Settings


def base_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def adapter_run(home: Home, trained_over: str, *, recipe: str = "", **card: Any) -> Path:
    """Write a run of a method that cannot be merged, as far as it is read before weights are."""
    run = home.runs / "tanks"
    (run / "adapter").mkdir(parents=True)
    config = {"base_model_name_or_path": trained_over, "peft_type": "PROMPT_TUNING"}
    (run / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    (run / "recipe.toml").write_text(recipe)
    (run / "run.json").write_text(json.dumps({"name": "tanks", **card}))
    return run


def opened(home: Home, name: str = "tanks") -> Any:
    return open_spec(parse_spec(f"run:{name}"), Settings(models=ModelSettings(max_tokens=7)), home)


def test_there_is_no_such_run(home: Home) -> None:
    with pytest.raises(ConfigError, match="no run 'nosuch'"):
        opened(home, "nosuch")


def test_a_run_that_is_not_trained_to_its_end(home: Home) -> None:
    (home.runs / "tanks").mkdir(parents=True)
    with pytest.raises(ConfigError, match="not finished") as raised:
        opened(home)
    assert raised.value.hint == "kb finetune --resume tanks"


@pytest.mark.train
def test_an_adapter_is_opened_over_the_base_where_it_lay(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs kb[train]")
    base = base_folder(tmp_path / "base")
    recipe = 'system = "You help with tanks."\nrope_scaling = "yarn"\nrope_factor = 4.0\n'
    run = adapter_run(home, str(base), recipe=recipe, base="hf:elsewhere")
    chat = opened(home)
    tuning = chat.tuning
    assert (tuning.base, tuning.system) == (str(base), "You help with tanks.")
    assert (tuning.rope_scaling, tuning.rope_factor) == ("yarn", 4.0)
    assert (chat.model, chat.folder, chat.max_tokens) == ("run:tanks", str(run / "adapter"), 7)


@pytest.mark.train
def test_a_recipe_that_says_nothing_means_the_defaults(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs kb[train]")
    adapter_run(home, str(base_folder(tmp_path / "base")))
    tuning = opened(home).tuning
    assert (tuning.system, tuning.rope_scaling, tuning.rope_factor) == ("", "none", 1.0)


@pytest.mark.train
@pytest.mark.parametrize("name", ["folder", "stored", "hub"])
def test_a_base_that_moved_is_found_by_the_runs_card(home: Home, tmp_path: Path, name: str) -> None:
    pytest.importorskip("torch", reason="needs kb[train]")
    named, folder = {
        "folder": (f"hf:{tmp_path / 'moved'}", tmp_path / "moved"),
        "stored": ("smollm2", home.models / "smollm2" / "hf"),
        "hub": ("hf:acme/tiny", home.models / "acme--tiny"),
    }[name]
    base_folder(folder)
    adapter_run(home, str(tmp_path / "gone"), base=named)
    assert Path(opened(home).tuning.base) == folder


def test_a_base_that_is_gone_is_named(home: Home, tmp_path: Path) -> None:
    run = adapter_run(home, str(tmp_path / "gone"), base="hf:acme/tiny")
    with pytest.raises(DataError, match="its base model acme/tiny is gone") as raised:
        opened(home)
    assert raised.value.path == str(run / "adapter")
    assert raised.value.hint == "kb models list"


@pytest.mark.parametrize(
    ("file", "content"), [("recipe.toml", "rank ="), ("run.json", "{"), ("run.json", "[]"), ("recipe.toml", None)]
)
def test_a_damaged_file_of_a_run_is_named(home: Home, tmp_path: Path, file: str, content: str | None) -> None:
    run = adapter_run(home, str(base_folder(tmp_path / "base")))
    (run / file).unlink()
    if content is not None:
        (run / file).write_text(content)
    with pytest.raises(DataError, match="cannot be read") as raised:
        opened(home)
    assert raised.value.path == str(run / file)
    assert raised.value.hint == "kb runs rm tanks"


@pytest.mark.train
def test_a_merged_model_has_its_system_prompt_in_its_template(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs kb[train]")
    run = adapter_run(home, str(base_folder(tmp_path / "base")), recipe='system = "You help."\nrope_factor = 4.0\n')
    base_folder(run / "merged")
    chat = opened(home)
    assert chat.folder == str(run / "merged")
    assert (chat.tuning.base, chat.tuning.system, chat.tuning.rope_factor) == ("", "", 1.0)
