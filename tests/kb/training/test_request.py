"""What a run is asked for: checked at once, the same after a trip through JSON."""

from __future__ import annotations

import json

import pytest

from core.errors import ConfigError, DataError
from finetune.training.machine import this_machine
from kb.training.request import TrainingRequest, hints_for, most_rows, recipe_of


def test_a_request_survives_json() -> None:
    request = TrainingRequest(
        name="mine",
        data="rows",
        choices={"method": "lora", "beta": None},
        pairs=("epochs=2",),
        skip=frozenset({"export", "dpo"}),
        processes=2,
    )
    assert TrainingRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_an_unknown_stage_or_tracker_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="--skip merge: use one of synth, dpo, export"):
        TrainingRequest(skip=frozenset({"merge"}))
    with pytest.raises(ConfigError, match="--report-to paper: use one of tensorboard"):
        TrainingRequest(report_to=("paper",))


def test_a_recipe_takes_fields_and_notes_what_cannot_be_merged() -> None:
    notes: list[str] = []
    machine = this_machine()
    request = TrainingRequest(recipe="smollm2-cpu", choices={"method": "prompt", "beta": None}, pairs=("epochs=2",))
    recipe = recipe_of(request, machine, notes.append)
    assert (recipe.method, recipe.epochs) == ("prompt", 2)
    assert len(notes) == 1 and notes[0].startswith("prompt: can be served ")
    assert (
        recipe_of(TrainingRequest(recipe="smollm2-cpu"), machine, notes.append).method != "prompt" and len(notes) == 1
    )


def test_only_a_stream_is_cut_to_the_rows_that_a_run_can_reach() -> None:
    recipe = recipe_of(TrainingRequest(recipe="smollm2-cpu"), this_machine())
    assert most_rows(recipe) == 0
    streamed = recipe.model_copy(update={"streaming": True, "max_steps": 10, "batch_size": 4})
    assert most_rows(streamed) == 40


@pytest.mark.parametrize(
    ("hint", "named"),
    [
        (
            "kb finetune --dry-run --data DIR --set x=1",
            "kb finetune --dry-run --data 'my rows.jsonl' --base b --set x=1",
        ),
        (
            "kb finetune --dry-run --data DIR --base smollm2",
            "kb finetune --dry-run --data 'my rows.jsonl' --base smollm2",
        ),
        (
            "kb synth import f --out DIR && kb finetune --data DIR",
            "kb synth import f --out DIR && kb finetune --data DIR",
        ),
        ("kb models list", "kb models list"),
    ],
)
def test_hints_name_the_data_and_the_base_of_the_request(hint: str, named: str) -> None:
    request = TrainingRequest(data="my rows.jsonl", choices={"base": "b"})
    with pytest.raises(DataError) as caught, hints_for(request):
        raise DataError("x", hint=hint)
    assert caught.value.hint == named
