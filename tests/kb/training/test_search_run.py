"""A search over settings with real trials: the best comes first, trials leave nothing behind, done ones are kept."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path

import pytest

from core.files import Home
from core.settings import Settings
from finetune.load_recipe import load_recipe
from finetune.runs import list_runs
from kb.training.job import TrainingJob
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from tests.support.tiny_models import CPU, dataset_folder, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("optuna"), reason="needs the extra train"),
]


@pytest.mark.slow
def test_settings_are_tried_and_the_best_are_named(tmp_path: Path) -> None:
    base, data = tiny_folder(tmp_path / "tiny"), dataset_folder(tmp_path / "rows")
    request = TrainingRequest(
        name="look",
        data=str(data),
        choices={"base": str(base), "dpo": False},
        pairs=("retain=none", "max_steps=2", "eval_rows=4", "eval_steps=2", "batch_size=4"),
    )
    home = Home(tmp_path / "home")
    events: list[str] = []
    job = TrainingJob(
        Workspace(settings=Settings(), home=home), request, on_event=lambda event: events.append(event["event"])
    )
    found = job.search(2)
    assert events.count("stage") == 2 and list_runs(home) == []
    assert {trial.number for trial in found.trials} == {0, 1}
    assert found.trials[0].recall >= found.trials[1].recall and all(trial.seconds > 0 for trial in found.trials)
    assert job.search(2).trials == found.trials and events.count("stage") == 2
    words = shlex.split(found.command)
    pairs = [words[index + 1] for index, word in enumerate(words) if word == "--set"]
    recipe = load_recipe("", CPU, pairs=pairs)
    assert (recipe.base, recipe.dpo, recipe.max_steps) == (str(base), False, 2)
    assert recipe.rank == found.trials[0].choices["rank"]
    assert recipe.learning_rate == pytest.approx(found.trials[0].choices["learning_rate"], rel=1e-3)
