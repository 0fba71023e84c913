"""What a training run would need, and whether its data is sound; trains nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.errors import ConfigError
from core.files import Home
from core.prompt import load_prompt
from finetune.budget import fits_minutes
from finetune.data.shape import ModelShape
from finetune.estimate import Estimate, check_fits, estimate, largest_micro_batch
from finetune.recipe import Recipe, recipe_dtype
from finetune.retain.answered import USUAL_ANSWER_TOKENS, prompt_tokens
from finetune.retain.registry import RETAIN_METHODS
from finetune.training.base import find_base, known_shape, shape_faults, with_kernel
from finetune.training.machine import Machine
from finetune.training.pace import measured_pace
from kb.training.continuing import continued_request
from kb.training.from_docs import rows_from_docs
from kb.training.request import TrainingRequest, hints_for, machine_of, recipe_of, requested_rows
from kb.workspace import Workspace

if TYPE_CHECKING:
    from finetune.data.audit import Audit
    from synth.making.run import SynthProgress

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
        gpu: `t4`, `a100`, `h100` or several (`8xa100`, `2x8xa100`) in place of this machine.

    Raises:
        ConfigError: The recipe, the base or the data cannot be used.
    """
    machine = machine_of(request, gpu or "")
    request = continued_request(workspace.home, request)
    recipe = recipe_of(request, machine, on_note)
    if not request.data:
        shape = _shape(recipe, workspace.home)
        recipe, note = with_kernel(recipe, shape)
        if note:
            on_note(note)
        pace = measured_pace(shape, recipe, machine, recipe_dtype(recipe, machine))
        needs = estimate(shape, recipe, machine, rows=ASSUMED_ROWS, row_tokens=ASSUMED_TOKENS, pace=pace)
        if fits_minutes(recipe) and needs.minutes > recipe.minutes:
            on_note(f"passes and rows will be chosen to fit {recipe.minutes:g} minutes (minutes=0: all of them)")
        return Examination(recipe=recipe, estimate=needs, assumed=True)
    with hints_for(request):
        return _examine(workspace, request, recipe, machine, on_note, audited=False)


def audit_training(
    workspace: Workspace,
    request: TrainingRequest,
    *,
    on_note: Callable[[str], None] = lambda _: None,
    on_rows: Callable[[SynthProgress], None] = lambda _: None,
) -> Examination:
    """Audit the rows of a run and estimate it with their true lengths.

    Rows from documents are made first, and stay: the run takes them.

    Raises:
        ConfigError: No data is named, or the run does not fit this machine.
        DataError: The data cannot be trained on.
    """
    if not (request.data or request.from_docs):
        raise ConfigError("no data to audit", hint="kb finetune --from-docs --dry-run  # or: --data DIR")
    machine = machine_of(request)
    request = continued_request(workspace.home, request)
    recipe = recipe_of(request, machine, on_note)
    if not request.data:
        folder = rows_from_docs(workspace, request, recipe, on_note=on_note, on_rows=on_rows)
        request = replace(request, data=str(folder))
    with hints_for(request):
        examined = _examine(workspace, request, recipe, machine, on_note, audited=True)
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
    from finetune.data.audit import audit, check_rows_left, losses
    from finetune.data.kinds import with_planned
    from finetune.data.prepare import prepare
    from finetune.data.work import longest_row, measured_work
    from kb.training.sizing import sized

    data = requested_rows(request, recipe, workspace.home, on_note=on_note)
    prompt = load_prompt(workspace.settings.rag.prompt_file)
    prepared = prepare(recipe, data, workspace.home, machine=machine, prompt=prompt, weights=False)
    for note in prepared.notes:
        on_note(note)
    prepared = sized(prepared, workspace.home, on_note)
    recipe, rows = prepared.recipe, prepared.tokenised()
    if not rows.rows:
        check_rows_left(rows)
    for note in () if audited else losses(rows):
        on_note(note)
    shape, longest = prepared.base.shape, longest_row(prepared, rows.rows)
    micro = recipe.micro_batch or largest_micro_batch(shape, recipe, longest, machine)
    needs = estimate(
        shape,
        recipe,
        machine,
        rows=len(rows.rows),
        row_tokens=longest,
        work=measured_work(prepared, rows, micro),
        pace=measured_pace(shape, recipe, machine, recipe_dtype(recipe, machine)),
    )
    seen = audit(rows, prepared.chat, prepared.context_tokens, ask_digest=prompt.digest) if audited else None
    if seen and (planned := RETAIN_METHODS[recipe.retain].planned_rows(prepared)):
        prompts = [(row.kind, prompt_tokens(row, prepared.chat)) for row in planned]
        warning = (
            f"{len(planned)} rows more are answered by the base itself before training; their tokens are an estimate"
        )
        kinds = with_planned(seen.kinds, prompts, USUAL_ANSWER_TOKENS)
        seen = replace(seen, passed=(*seen.passed, warning), kinds=kinds)
    return Examination(recipe=recipe, estimate=needs, audit=seen, dropped=rows.dropped)


def _shape(recipe: Recipe, home: Home) -> ModelShape:
    """Return the base's shape, from the recipes' own table where the weights are absent."""
    shape = known_shape(recipe.base) or find_base(recipe.base, home, weights=False).shape
    faults = shape_faults(shape, recipe)
    if faults:
        raise ConfigError(f"base {recipe.base}: " + "\n  ".join(faults), hint="kb finetune --estimate --base smollm2")
    return shape
