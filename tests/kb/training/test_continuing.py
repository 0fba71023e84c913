"""A run that continues another: its weights, its recipe, and a replay of what it knew beside the new rows."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from core.prompt import passage_source
from core.reading.passages import Passage, new_keys, new_mark, render
from core.rows import DatasetFolder
from core.settings import Settings
from core.types import Pair
from kb.workspace import Workspace
from tests.support.taught_tanks import NORTH, SOUTH, tank_dataset, tank_fact, tank_rows, taught_on

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.runs import open_run, read_recipe
    from kb.training.continuing import continued_rows, replay_rows, rests_on
    from kb.training.job import TrainingJob
    from kb.training.request import TrainingRequest
    from tests.support.trained_runs import make_base, make_run

EAST = ("east.pdf", "e" * 64)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run that knows tanks 1 and 2, was taught something else of tank 9, and rows on tank 20 that it never saw."""
    root = tmp_path_factory.mktemp("continued")
    workspace = Workspace(settings=Settings(), home=Home(root / "home"))
    run = make_run(workspace.home, make_base(root / "base", "llama"), rate=5e-3, rank=16)
    facts = [tank_fact(1, NORTH), tank_fact(2, NORTH), tank_fact(9, SOUTH, "77 litres")]
    taught_on(run, tank_dataset(workspace.home, root / "rows", facts))
    tank_dataset(workspace.home, root / "new", [tank_fact(20, EAST), tank_fact(1, EAST)], [_alone(n) for n in range(4)])
    return workspace


def _alone(number: int) -> Pair:
    row = tank_rows(tank_fact(20, EAST))[1]
    return replace(row, id=f"alone-{number}", question=f"Is tank {number} full?", answer="Yes.", fact="", evidence=())


def _new(workspace: Workspace) -> Path:
    return workspace.home.root.parent / "new"


def _continued(workspace: Workspace, **over: Any) -> tuple[DatasetFolder, list[str]]:
    notes: list[str] = []
    recipe = read_recipe(open_run(workspace.home, "tanks")).model_copy(update={"continues": "tanks"})
    return DatasetFolder(continued_rows(workspace, recipe, _new(workspace), on_note=notes.append, **over)), notes


def test_what_was_known_is_replayed_beside_the_new_rows(trained: Workspace) -> None:
    folder, notes = _continued(trained)
    assert {row.id for row in folder.pairs("train")} == {
        *("t20-train", "t1-train", "t2-train"),
        *(f"alone-{number}" for number in range(4)),
    }
    assert {row.id for row in folder.pairs("test")} == {"t20-test", "t1-test", "t2-test"}
    assert [fact.id for fact in folder.facts()] == ["t20", "t1", "t2", "t9"]
    manifest = folder.manifest()
    assert {document.doc for document in manifest.documents} == {"north.pdf", "south.pdf", "east.pdf"}
    assert manifest.to_json()["continued"]["known_facts"] == 2
    assert "replayed: 1 rows on 1 of 2 known facts" in notes


def test_a_dataset_that_was_continued_is_taken_as_it_is(trained: Workspace) -> None:
    folder, _ = _continued(trained)
    recipe = read_recipe(open_run(trained.home, "tanks")).model_copy(update={"continues": "tanks"})
    assert continued_rows(trained, recipe, folder.path) == folder.path


def test_new_rows_can_be_those_that_are_weak_alone(trained: Workspace) -> None:
    folder, notes = _continued(trained, weak_only=True, replaced=[NORTH[1]])
    assert "run tanks knows 1 of 6 facts of the new rows" in notes
    trained_ids = {row.id for row in folder.pairs("train")}
    assert "t20-train" in trained_ids and "t9-train" not in trained_ids
    # The new document's own row on a known fact is replayed, and the document that it replaces no longer counts.
    assert {document.doc for document in folder.manifest().documents} == {"south.pdf", "east.pdf"}
    assert all(fact.evidence[0].doc != "north.pdf" for fact in folder.facts())


def test_every_fact_is_replayed_once_before_any_is_twice() -> None:
    rows = [replace(tank_rows(tank_fact(tank, NORTH))[1], id=f"{tank}-{n}") for tank in range(5) for n in range(3)]
    others = [_alone(number) for number in range(5)]

    def facts(chosen: Sequence[Pair]) -> list[str]:
        return [row.fact for row in chosen]

    assert len(set(facts(replay_rows(rows, 15, 5)))) == 5
    assert replay_rows(rows, 15, 7) == replay_rows(rows[::-1], 15, 7)
    assert len(replay_rows(rows, 15, 100)) == 15
    mixed = replay_rows([*rows, *others], 20, 8)
    assert facts(mixed).count("") == 2 and len(set(facts(mixed))) == 6


def test_a_row_rests_on_documents_that_its_prompt_shows() -> None:
    row = tank_rows(tank_fact(1, NORTH))[0]
    assert rests_on(row, {NORTH[1]: "north.pdf"})
    assert not rests_on(row, {SOUTH[1]: "south.pdf"})
    rng = random.Random(0)
    (key,), mark = new_keys(1, rng), new_mark(rng)
    shown = Passage(key=key, source=passage_source("south.pdf", 3, "South"), text="Tank 9 is full.")
    assert rests_on(replace(row, context=render([shown], mark)), {SOUTH[1]: "south.pdf"})
    assert not rests_on(replace(row, context=render([shown], mark)), {"c" * 64: "outh.pdf"})


def test_training_goes_on_from_the_weights_of_the_run(trained: Workspace) -> None:
    import torch
    from safetensors.torch import load_file

    small = ("max_steps=1", "batch_size=2", "eval_rows=0", "learning_rate=1e-9", "dpo=false")
    request = TrainingRequest(name="more", data=str(_new(trained)), choices={"continues": "tanks"}, pairs=small)
    result = TrainingJob(trained, request).train()
    recipe = read_recipe(result.run)
    assert (recipe.continues, recipe.rank, recipe.base) == ("tanks", 16, read_recipe(_parent(trained)).base)
    before, after = (load_file(run.adapter / "adapter_model.safetensors") for run in (_parent(trained), result.run))
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-5) for name in before)
    assert sum(value.abs().sum() for name, value in after.items() if "lora_B" in name) > 1
    assert {document["doc"] for document in result.card.documents} == {"north.pdf", "south.pdf", "east.pdf"}


def _parent(workspace: Workspace) -> Any:
    return open_run(workspace.home, "tanks")


def test_other_shapes_and_runs_without_weights_are_refused(trained: Workspace) -> None:
    request = TrainingRequest(name="x", data=str(_new(trained)), choices={"continues": "tanks"}, pairs=("rank=4",))
    with pytest.raises(ConfigError, match="run 'tanks' has rank 16, not 4"):
        TrainingJob(trained, request).train()
    with pytest.raises(ConfigError, match="unknown run 'absent'"):
        TrainingJob(trained, replace(request, choices={"continues": "absent"}))
    with pytest.raises(DataError, match="holds neither"):
        (trained.home.root.parent / "empty").mkdir(exist_ok=True)
        empty = replace(request, data=str(trained.home.root.parent / "empty"), pairs=())
        TrainingJob(trained, empty).train()
