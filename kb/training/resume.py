"""Whether a request to resume asks for what the run began with; only what the request names is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from core.errors import ConfigError
from core.files import Home
from finetune.data.rows import TrainingRows, open_dataset
from finetune.load_recipe import named_fields
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, read_card, read_recipe
from finetune.training.base import lasting_spec
from finetune.training.machine import Machine
from kb.training.request import TrainingRequest, recipe_of, requested_rows
from kb.training.sizing import was_cut

# Fields that plan a run to its last step.
_LENGTHS = frozenset({"max_steps", "epochs", "dpo_epochs", "minutes"})
# What these stand for was settled when the run began.
_OPEN = {"dtype": "auto", "micro_batch": 0}


def check_same_request(
    run: TrainingRun,
    request: TrainingRequest,
    home: Home,
    machine: Machine,
    *,
    other_name: str,
    on_note: Callable[[str], None] = lambda _: None,
) -> None:
    """Check that a request to resume names no other data and no other settings than the run began with.

    Args:
        other_name: A free name, for the run that would be begun instead.

    Raises:
        ConfigError: It does; the message names each with both values.
    """
    began = read_recipe(run)
    asked_epochs = began.all_epochs or began.epochs  # before minutes cut them
    began = began.model_copy(update={"base": lasting_spec(began.base), "epochs": asked_epochs})
    fields = named_fields(request.recipe, request.choices, request.pairs) - {"name"}
    requested = began
    if fields:
        requested = recipe_of(replace(request, recipe=request.recipe or str(run.recipe)), machine, on_note)
    differing = list(_differing(began, requested, fields))
    words = [f"{name} {_shown(began, name)}, not {_shown(requested, name)}" for name in differing]
    if request.data and _has_other_rows(run, request, began, home):
        words.append(_other_rows(Path(read_card(run).data), request.data))
    if not words:
        return
    message = f"run {run.name!r} began with {'; with '.join(words)}"
    if _LENGTHS & set(differing):
        message += (
            "; a run cannot be lengthened, since its learning rate falls towards its last step: begin another one"
        )
    raise ConfigError(message, hint=_begin_instead(run, request, other_name), click="start a run under another name")


def differing_fields(began: Recipe, recipe: Recipe) -> list[str]:
    """Return the fields in which two recipes differ, but for what the machine and the name of a recipe decide."""
    names = set(type(began).model_fields) - {"name", *_OPEN}
    return [
        name for name in type(began).model_fields if name in names and getattr(began, name) != getattr(recipe, name)
    ]


def _differing(began: Recipe, recipe: Recipe, fields: frozenset[str]) -> Iterator[str]:
    for name in type(began).model_fields:
        requested = getattr(recipe, name)
        if name in fields and requested != getattr(began, name) and requested != _OPEN.get(name, ...):
            yield name


def _shown(recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _has_other_rows(run: TrainingRun, request: TrainingRequest, began: Recipe, home: Home) -> bool:
    card = read_card(run)
    requested = open_dataset(requested_rows(request, began, home))
    if requested.sha256() == card.data_sha256:
        return False
    # Minutes may have chosen some of the rows.
    trained = open_dataset(Path(card.data))
    if began.continues:  # rows of the run that it continues stand beside those that were asked for
        return not was_cut(trained.path) and not _texts(requested) <= _texts(trained)
    return not was_cut(trained.path) or not _texts(trained) <= _texts(requested)


def _texts(dataset: TrainingRows) -> set[tuple[object, ...]]:
    """Return what the training rows of a dataset say."""
    return {(row.system, row.turns, row.context, row.question, row.answer) for row in dataset.pairs("train")}


def _other_rows(began: Path, requested: str) -> str:
    if Path(requested).expanduser().absolute() == began:
        return f"other rows than {began} has now"
    return f"the rows of {began}, not those of {requested}"


def _begin_instead(run: TrainingRun, request: TrainingRequest, name: str) -> str:
    """Return the command that begins another run with what was asked for, all else as in this one."""
    over: dict[str, float] = {"micro_batch": 0} if any("batch" in pair for pair in request.pairs) else {}
    if not request.recipe and read_recipe(run).all_epochs:
        over["all_epochs"] = 0
    return request.command(name, request.recipe or str(run.recipe), request.data or read_card(run).data, over)
