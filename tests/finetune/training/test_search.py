"""A search over settings: the recipe first, the best first in the result, resumed where it stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from finetune.recipe import Recipe
from finetune.training.search import search

pytest.importorskip("optuna")
RECIPE = Recipe(method="lora", rank=16, learning_rate=1e-3, epochs=2.0, seed=1)


def nearness(recipe: Recipe) -> float:
    """Return a recall that is highest at a rate of 2e-3."""
    return 1 / (1 + abs(recipe.learning_rate - 2e-3) * 1e3)


def test_the_recipe_itself_is_tried_first_and_the_best_stands_first(tmp_path: Path) -> None:
    tried: list[tuple[Recipe, str]] = []

    def attempt(recipe: Recipe, name: str) -> tuple[float, float]:
        tried.append((recipe, name))
        return nearness(recipe), 1.5

    trials = search(Home(tmp_path), "tanks", RECIPE, 4, attempt)
    first, name = tried[0]
    assert (first.learning_rate, first.epochs, first.rank, name) == (1e-3, 2.0, 16, "tanks-0")
    assert all(3e-4 <= recipe.learning_rate <= 3e-3 and 1.0 <= recipe.epochs <= 3.0 for recipe, _ in tried)
    assert [trial.recall for trial in trials] == sorted((nearness(recipe) for recipe, _ in tried), reverse=True)
    assert trials[0].record()["seconds"] == 1.5 and "rank" in trials[0].record()


def test_finished_trials_are_not_repeated(tmp_path: Path) -> None:
    names: list[str] = []

    def attempt(recipe: Recipe, name: str) -> tuple[float, float]:
        names.append(name)
        return nearness(recipe), 1.0

    search(Home(tmp_path), "tanks", RECIPE, 2, attempt)
    assert len(search(Home(tmp_path), "tanks", RECIPE, 3, attempt)) == 3
    assert names == ["tanks-0", "tanks-1", "tanks-2"]
    assert len(search(Home(tmp_path), "tanks", RECIPE, 1, attempt)) == 3


def test_a_trial_that_was_interrupted_is_tried_again_with_its_settings(tmp_path: Path) -> None:
    tried: list[float] = []

    def attempt(recipe: Recipe, name: str) -> tuple[float, float]:
        tried.append(recipe.learning_rate)
        if len(tried) == 1:
            raise KeyboardInterrupt
        return nearness(recipe), 1.0

    with pytest.raises(KeyboardInterrupt):
        search(Home(tmp_path), "tanks", RECIPE, 1, attempt)
    (trial,) = search(Home(tmp_path), "tanks", RECIPE, 1, attempt)
    assert tried == [1e-3, 1e-3] and trial.choices["learning_rate"] == 1e-3


def test_a_method_without_a_rank_is_searched_without_one(tmp_path: Path) -> None:
    (trial,) = search(Home(tmp_path), "soft", Recipe(method="prompt"), 1, lambda recipe, _: (0.5, 1.0))
    assert set(trial.choices) == {"learning_rate", "epochs"}


def test_no_finished_trial_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no trial finished"):
        search(Home(tmp_path), "none", RECIPE, 0, lambda recipe, _: (0.0, 0.0))
