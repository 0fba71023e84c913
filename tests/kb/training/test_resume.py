"""A run is resumed as it began: other data and other settings are refused by name, with what begins anew."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.files import Home
from core.types import RunCard
from finetune.data.rows import open_dataset
from finetune.load_recipe import load_recipe
from finetune.runs import TrainingRun, create_run, read_card, update_card
from kb.data.training_data import training_folder
from kb.training.request import TrainingRequest
from kb.training.resume import check_same_request
from tests.support.tiny_models import CPU


def _rows(path: Path, word: str) -> Path:
    rows = [{"question": f"When does ferry {n} leave?", "answer": f"{word} {n}:15."} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _run(root: Path, **fields: Any) -> TrainingRun:
    home = Home(root / "home")
    data = training_folder(str(_rows(root / "rows.jsonl", "At")), home)
    recipe = load_recipe("", CPU, flags={"max_steps": 8, "batch_size": 2, "epochs": 2.0, "dpo": False, **fields})
    recipe = recipe.model_copy(update={"dtype": "bf16", "micro_batch": 2})
    card = RunCard(
        name="first",
        base=recipe.base,
        method=recipe.method,
        data_sha256=open_dataset(data).sha256(),
        seed=0,
        versions={},
        data=str(data),
    )
    return create_run(home, card, recipe)


def _check(run: TrainingRun, root: Path, **request: Any) -> None:
    check_same_request(run, TrainingRequest(name="first", **request), Home(root / "home"), CPU, other_name="first-1")


def _refused(run: TrainingRun, root: Path, **request: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _check(run, root, **request)
    assert caught.value.click
    return caught.value


def test_only_what_is_named_is_compared(tmp_path: Path) -> None:
    run = _run(tmp_path)
    for request in (
        {},
        {"pairs": ("max_steps=8",)},
        {"pairs": ("finetune.batch-size=2", "epochs=2")},
        {"choices": {"method": "rslora", "dpo": False, "beta": None}},
        {"pairs": ("dtype=auto", "micro_batch=0")},  # what the machine settled
    ):
        _check(run, tmp_path, **request)
    error = _refused(run, tmp_path, choices={"method": "lora"}, pairs=("batch_size=4", "max_steps=8"))
    assert "method rslora, not lora; with batch_size 2, not 4" in error.message
    assert "max_steps" not in error.message and "dpo" not in error.message
    assert "dtype bf16, not f32" in _refused(run, tmp_path, pairs=("dtype=f32",)).message
    assert "dpo False, not True" in _refused(run, tmp_path, choices={"dpo": True}).message


@pytest.mark.parametrize("pair", ["max_steps=40", "epochs=9", "dpo_epochs=3"])
def test_more_steps_are_another_run(tmp_path: Path, pair: str) -> None:
    run = _run(tmp_path)
    error = _refused(run, tmp_path, pairs=(pair,))
    assert "a run cannot be lengthened" in error.message
    words = shlex.split(error.hint)
    assert words[:3] == ["kb", "finetune", "first-1"] and Path(words[words.index("--data") + 1]).is_dir()
    # The command asks for the same run, but for what was to be changed.
    begun = load_recipe(words[words.index("--recipe") + 1], CPU, pairs=[words[words.index("--set") + 1]])
    name, _, value = pair.partition("=")
    assert float(getattr(begun, name)) == float(value)
    assert begun.model_copy(update={name: 1}) == load_recipe(str(run.recipe), CPU).model_copy(update={name: 1})


def test_a_recipe_that_is_named_is_compared_by_its_own_fields(tmp_path: Path) -> None:
    run = _run(tmp_path)
    assert "with another" not in _refused(run, tmp_path, recipe="quick").message
    mine = tmp_path / "mine.toml"
    mine.write_text('method = "rslora"\nbatch_size = 2\nmax_steps = 8\n')
    _check(run, tmp_path, recipe=str(mine))
    mine.write_text('method = "rslora"\nbatch_size = 2\nmax_steps = 8\nrank = 7\n')
    error = _refused(run, tmp_path, recipe=str(mine))
    assert "rank 32, not 7" in error.message and f"--recipe {mine}" in error.hint


def test_other_data_is_refused_and_the_same_rows_elsewhere_are_not(tmp_path: Path) -> None:
    run = _run(tmp_path)
    _check(run, tmp_path, data=str(tmp_path / "rows.jsonl"))
    (tmp_path / "moved").mkdir()
    (tmp_path / "rows.jsonl").rename(tmp_path / "moved" / "rows.jsonl")
    _check(run, tmp_path, data=str(tmp_path / "moved" / "rows.jsonl"))
    other = _rows(tmp_path / "other.jsonl", "Towards")
    error = _refused(run, tmp_path, data=str(other))
    assert f"not those of {other}" in error.message and f"--data {other}" in error.hint
    both = _refused(run, tmp_path, data=str(other), pairs=("rank=4",))
    assert "rank 32, not 4" in both.message and str(other) in both.message
    with pytest.raises(ConfigError, match="no data at"):
        _check(run, tmp_path, data=str(tmp_path / "nowhere.jsonl"))


def test_a_base_is_the_same_by_a_relative_and_by_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny").mkdir()
    run = _run(tmp_path, base=str(tmp_path / "tiny"))
    monkeypatch.chdir(tmp_path)
    for spelled in ("tiny", "./tiny", "hf:./tiny", str(tmp_path / "tiny")):
        _check(run, tmp_path, choices={"base": spelled})
    assert "base " in _refused(run, tmp_path, choices={"base": "smollm2"}).message


def test_rows_that_minutes_left_out_are_no_other_data(tmp_path: Path) -> None:
    run = _run(tmp_path)
    whole = Path(read_card(run).data)
    cut = tmp_path / "cache" / "key" / "rows"
    shutil.copytree(whole, cut)
    lines = (whole / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (cut / "train.jsonl").write_text("".join(lines[:4]))
    update_card(run, data=str(cut), data_sha256=open_dataset(cut).sha256())
    assert str(cut) in _refused(run, tmp_path, data=str(tmp_path / "rows.jsonl")).message
    (cut.parent / "fit.json").write_text("{}")
    _check(run, tmp_path, data=str(tmp_path / "rows.jsonl"))
    other = _rows(tmp_path / "other.jsonl", "Towards")
    assert "not those of" in _refused(run, tmp_path, data=str(other)).message
    run.recipe.write_text(run.recipe.read_text(encoding="utf-8").replace("all_epochs = 0.0", "all_epochs = 7.0"))
    _check(run, tmp_path, pairs=("epochs=7",))
    assert "epochs 7, not 2" in _refused(run, tmp_path, pairs=("epochs=2",)).message
