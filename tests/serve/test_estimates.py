"""Minutes of recipes are worked out in a child process, one recipe after the other, and remembered."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.files import Home
from core.settings import Settings
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from serve.work.estimates import RecipeEstimates, RecipeForecasts, _in_words
from serve.work.training import TrainingChoices
from tests.support.commands import COMMAND
from tests.support.tiny_models import dataset_folder, tiny_folder

WAIT_S = 300
needs_training = pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs the extra train")


@pytest.fixture
def estimates(tmp_path: Path) -> Iterator[RecipeEstimates]:
    made = RecipeEstimates(Workspace(settings=Settings(), home=Home(tmp_path)))
    yield made
    made.close()


def _requests(folder: Path, base: str, *recipes: str) -> list[TrainingRequest]:
    return [TrainingChoices(folder=folder, recipe=recipe, base=base).request() for recipe in recipes]


def _complete(estimates: RecipeEstimates, requests: Sequence[TrainingRequest]) -> RecipeForecasts:
    end = time.monotonic() + WAIT_S
    while (known := estimates.look(requests)).pending:
        assert time.monotonic() < end, known
        time.sleep(0.1)
    return known


@pytest.mark.train
@needs_training
def test_each_recipe_has_its_minutes_or_the_reason_why_not(estimates: RecipeEstimates, tmp_path: Path) -> None:
    data = dataset_folder(tmp_path / "tanks")
    requests = _requests(data, str(tiny_folder(tmp_path / "tiny")), "quick", "smollm2-cpu", "t4")
    assert estimates.look(requests, start=False).recipes == {}  # looked at only
    assert estimates.look(requests).pending  # at once, whatever it takes
    known = _complete(estimates, requests)
    assert sorted(known.recipes) == ["quick", "smollm2-cpu", "t4"] and known.default in ("smollm2-cpu", "lora-1.5b")
    if known.default == "smollm2-cpu":
        assert next(iter(known.recipes)) == known.default  # what most people take is worked out first
    for name in ("quick", "smollm2-cpu"):
        figures = known.recipes[name].to_json()
        assert figures["minutes"] > 0 and figures["fits"] and figures["method"] and not figures["error"]
    if known.default == "smollm2-cpu":  # no GPU, which that recipe needs
        assert known.recipes["t4"].error and not COMMAND.search(known.recipes["t4"].error), known.recipes["t4"]
    assert estimates.look(requests) == known  # remembered
    with (data / "train.jsonl").open("a", encoding="utf-8") as rows:
        rows.write((data / "train.jsonl").read_text(encoding="utf-8").splitlines()[0] + "\n")
    assert estimates.look(requests, start=False).recipes == {}  # another dataset now


def test_what_cannot_be_worked_out_says_why_and_is_tried_again(estimates: RecipeEstimates, tmp_path: Path) -> None:
    requests = _requests(tmp_path / "none", "smollm2", "quick", "lora")
    known = _complete(estimates, requests)
    assert all(forecast.error and not COMMAND.search(forecast.error) for forecast in known.recipes.values()), known
    assert estimates.look(requests) == known
    assert estimates.look(requests, again=True).pending


def test_a_question_about_other_data_ends_the_work_before(estimates: RecipeEstimates, tmp_path: Path) -> None:
    first, second = _requests(tmp_path / "a", "smollm2", "quick"), _requests(tmp_path / "b", "smollm2", "quick")
    estimates.look(first)
    estimates.look(second)
    assert not estimates.look(first, start=False).pending and estimates.look(second, start=False).pending
    estimates.close()
    assert not estimates.look(second, start=False).pending


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("5 rows are not trained; objective=mixed trains text and answers", "5 rows are not trained"),
        ("fp16 on a CPU: gradients underflow; use dtype=auto.", "fp16 on a CPU: gradients underflow."),
        ("all of it takes about 2 hours (minutes=0)", "all of it takes about 2 hours"),
        ("left out: 3 rows; all of it takes 2 hours", "left out: 3 rows; all of it takes 2 hours"),
    ],
)
def test_settings_of_a_terminal_are_left_out(note: str, shown: str) -> None:
    assert _in_words(note) == shown
