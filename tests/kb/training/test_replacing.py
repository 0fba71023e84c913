"""A run takes another's name whole; what a kill left is finished."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.types import RunCard
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, create_run, list_runs, open_run, read_card, training
from kb.training.replacing import finish_replacement, interrupted_replacements, replace_run, replacement_of


def _run(home: Home, name: str) -> TrainingRun:
    card = RunCard(name=name, base=name, method="lora", data_sha256="", seed=0, versions={})
    run = create_run(home, card, Recipe(base="x"))
    run.adapter.mkdir()
    return run


def _names(home: Home) -> dict[str, str]:
    """Name of each run to the name that its card says and the base by which it is told apart."""
    return {run.name: f"{read_card(run).name} {read_card(run).base}" for run in list_runs(home)}


@pytest.mark.parametrize("kept", ["", "mine.before"])
def test_a_run_takes_the_place_of_another(tmp_path: Path, kept: str) -> None:
    home = Home(tmp_path)
    _run(home, "mine")
    run = replace_run(home, "mine", _run(home, "mine.rebuilt"), kept=kept)
    assert run.name == "mine"
    assert _names(home) == {"mine": "mine mine.rebuilt", **({kept: f"{kept} mine"} if kept else {})}
    assert interrupted_replacements(home, "rebuilt") == []
    # Once more: what was kept before goes.
    replace_run(home, "mine", _run(home, "mine.rebuilt"), kept=kept)
    assert len(_names(home)) == (2 if kept else 1)


@pytest.mark.parametrize("kept", ["", "mine.before"])
def test_a_killed_replacement_is_finished(tmp_path: Path, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    _run(home, "mine")
    new = _run(home, "mine.rebuilt")
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if path == new.folder:
            raise OSError("killed")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(OSError, match="killed"):
            replace_run(home, "mine", new, kept=kept)
    assert "mine" not in _names(home)
    assert interrupted_replacements(home, "rebuilt") == ([] if kept else ["mine"])
    finish_replacement(home, "mine", replacement_of(home, "mine", "rebuilt"), kept=kept)
    assert _names(home) == {"mine": "mine mine.rebuilt", **({kept: f"{kept} mine"} if kept else {})}
    assert not list(home.runs.glob(".*replaced"))


def test_nothing_is_finished_where_nothing_was_begun(tmp_path: Path) -> None:
    home = Home(tmp_path)
    _run(home, "mine")
    new = _run(home, "mine.rebuilt")
    assert finish_replacement(home, "mine", new) is None
    assert set(_names(home)) == {"mine", "mine.rebuilt"}


def test_a_run_that_is_being_trained_is_not_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path)
    _run(home, "mine")
    new = _run(home, "mine.rebuilt")
    with training(open_run(home, "mine")), pytest.raises(ConfigError, match="being trained"):
        replace_run(home, "mine", new)
    assert set(_names(home)) == {"mine", "mine.rebuilt"}
