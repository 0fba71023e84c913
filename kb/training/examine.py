"""What a training run would need, and whether its data is sound; trains nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import ConfigError
from core.files import Home
from core.prompt import load_prompt
from finetune.data.shape import ModelShape
from finetune.estimate import Estimate, check_fits, estimate
from finetune.recipe import Recipe
from finetune.training.base import find_base, known_shape, shape_faults
from finetune.training.machine import Machine, named_gpu, this_machine
from kb.training.request import TrainingRequest, most_rows, recipe_of
from kb.training_data import training_folder
from kb.workspace import Workspace

if TYPE_CHECKING:
    from finetune.data.audit import Audit

# A row of a dataset that was not read.
ASSUMED_ROWS, ASSUMED_TOKENS = 1000, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found out before training.

    Attributes:
        recipe: With every choice made.
        estimate: Memory, operations and hours.
        assumed: Whether the estimate rests on assumed rows, since no data was named.
        audit: Of the training rows; None where only an estimate was asked for.
        dropped: Rows left out, by reason.
    """

    recipe: Recipe
    estimate: Estimate
    assumed: bool = False
    audit: Audit | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)


def estimate_training(
    workspace: Workspace,
    request: TrainingRequest,
    gpu: str | None = None,
    *,
    on_note: Callable[[str], None] = lambda _: None,
) -> Examination:
    """Estimate a run: from the true lengths of its rows where data is named, else from assumed rows.

    Args:
        gpu: `t4`, `a100` or `h100` in place of this machine.

    Raises:
        ConfigError: The recipe, the base or the data cannot be used.
    """
    machine = named_gpu(gpu) if gpu else this_machine()
    recipe = recipe_of(request, machine, on_note)
    if not request.data:
        shape = _shape(recipe, workspace.home)
        needs = estimate(shape, recipe, machine, rows=ASSUMED_ROWS, row_tokens=ASSUMED_TOKENS, mean_tokens=None)
        return Examination(recipe=recipe, estimate=needs, assumed=True)
    return _examine(workspace, request, recipe, machine, on_note, audited=False)


def audit_training(
    workspace: Workspace, request: TrainingRequest, *, on_note: Callable[[str], None] = lambda _: None
) -> Examination:
    """Audit the rows of a run and estimate it with their true lengths.

    Raises:
        ConfigError: No data is named, or the run does not fit this machine.
        DataError: The data cannot be trained on.
    """
    if not request.data:
        raise ConfigError("no data to audit", hint="kb finetune --data DIR --dry-run")
    machine = this_machine()
    examined = _examine(workspace, request, recipe_of(request, machine, on_note), machine, on_note, audited=True)
    check_fits(examined.estimate)
    return examined


def _examine(
    workspace: Workspace,
    request: TrainingRequest,
    recipe: Recipe,
    machine: Machine,
    on_note: Callable[[str], None],
    *,
    audited: bool,
) -> Examination:
    # Transformers, which an estimate from assumed rows does without.
    from finetune.data.audit import audit
    from finetune.data.prepare import prepare

    data = training_folder(request.data, workspace.home, most_rows=most_rows(recipe), on_note=on_note)
    prompt = load_prompt(workspace.settings.rag.prompt_file)
    prepared = prepare(recipe, data, workspace.home, machine=machine, prompt=prompt)
    for note in prepared.notes:
        on_note(note)
    rows = prepared.tokenised()
    needs = estimate(
        prepared.base.shape,
        recipe,
        machine,
        rows=len(rows.rows),
        row_tokens=prepared.longest(rows.rows),
        mean_tokens=rows.n_tokens / len(rows.rows),
    )
    seen = audit(rows, prepared.chat, prepared.context_tokens) if audited else None
    return Examination(recipe=recipe, estimate=needs, audit=seen, dropped=rows.dropped)


def _shape(recipe: Recipe, home: Home) -> ModelShape:
    """Return the base's shape, from the recipes' own table where the weights are absent."""
    shape = known_shape(recipe.base) or find_base(recipe.base, home).shape
    faults = shape_faults(shape, recipe)
    if faults:
        raise ConfigError(f"base {recipe.base}: " + "\n  ".join(faults), hint="kb finetune --estimate --base smollm2")
    return shape
