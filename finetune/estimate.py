"""What a training run needs, from the model's shape and the recipe alone: memory, operations, hours.

Pure arithmetic; nothing is loaded or allocated. Bytes are of one device.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ConfigError
from finetune.data.shape import ModelShape
from finetune.methods.memory import Memory, StepSize
from finetune.recipe import Recipe, recipe_dtype
from finetune.training.machine import CPU_LINE_TOKENS, GIB, HEAD_TOKENS, Device, Dtype, Machine

# Tokens of a forward pass that use both cores of a CPU fully; more take memory and gain no speed.
_CPU_PASS_TOKENS = 2048
# Share of the free memory that is planned with: an allocator never packs perfectly.
_HEADROOM = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run needs on a machine.

    Attributes:
        machine: Where.
        parameters: Of the base.
        total: Of the base and what is added to it.
        trainable: Parameters that are trained.
        micro_batch: Rows per forward pass; the largest that fits where the recipe leaves it open.
        accumulation: Forward passes per optimiser step; `micro_batch * accumulation` is the recipe's batch.
        row_tokens: Length of a padded row.
        memory: Peak, one device.
        fits: Whether it fits into what is free, with headroom.
        tokens: Of the whole run.
        flops_per_token: Forward and backward.
        hours: At the machine's usual share of its peak.
    """

    machine: Machine
    parameters: int
    total: int
    trainable: int
    micro_batch: int
    accumulation: int
    row_tokens: int
    memory: Memory
    fits: bool
    tokens: float
    flops_per_token: float
    hours: float


def memory(
    shape: ModelShape,
    recipe: Recipe,
    dtype: Dtype,
    rows: int,
    row_tokens: int,
    device: Device,
    *,
    context_bytes: float | None = None,
) -> Memory:
    """Return the peak of a step with `rows` rows of `row_tokens` tokens; of preferences where the recipe has them."""
    method = recipe.training_method
    tokens = scored = rows * row_tokens
    if device == "cpu" and not recipe.dpo:
        if recipe.packing != "none":
            tokens = min(tokens, max(CPU_LINE_TOKENS, row_tokens))
        # Under a frozen output matrix logits are gone before the next part; preferences keep all of them.
        scored = min(tokens, HEAD_TOKENS[device]) if method.adapter else tokens
    step = StepSize(tokens=tokens, scored_tokens=scored, dtype=dtype, device=device, context_bytes=context_bytes)
    return method.memory_bytes(recipe, shape, step)


def flops_per_token(shape: ModelShape, recipe: Recipe, row_tokens: int) -> float:
    """Return the operations of forward and backward for one token.

    Forward: two per weight (the embedding is looked up, not multiplied) and, per layer, two products of queries and
    values with half the row on average (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361, section 2.1). How often
    that is done again on the way back is the method's; recomputation adds a forward pass.
    """
    multiplied = shape.parameters - (0 if shape.tied else shape.vocabulary * shape.hidden)
    attention = 2 * shape.layers * row_tokens * shape.heads * shape.head_dim
    passes = recipe.training_method.passes(recipe, shape) + (1.0 if recipe.gradient_checkpointing else 0.0)
    return (2 * multiplied + attention) * passes


def largest_micro_batch(shape: ModelShape, recipe: Recipe, row_tokens: int, machine: Machine) -> int:
    """Return the largest divisor of the recipe's batch that fits a machine; 1 where none does.

    On a CPU a pass is limited to 2048 tokens: longer passes take memory and gain no speed.
    """
    dtype = recipe_dtype(recipe, machine)
    fitting = [
        rows
        for rows in range(1, recipe.batch_size + 1)
        if recipe.batch_size % rows == 0
        and (machine.device != "cpu" or rows * row_tokens <= _CPU_PASS_TOKENS)
        and _fits(memory(shape, recipe, dtype, _at_once(recipe, rows), row_tokens, machine.device), machine)
    ]
    return max(fitting, default=1)


def _at_once(recipe: Recipe, micro_batch: int) -> int:
    """Return the rows of a pass; a preference is two rows, so a pass over preferences has at least two."""
    return max(2, micro_batch) if recipe.dpo else micro_batch


def _fits(needed: Memory, machine: Machine) -> bool:
    return needed.total <= _HEADROOM * machine.free_bytes


def estimate(
    shape: ModelShape, recipe: Recipe, machine: Machine, *, rows: int, row_tokens: int, mean_tokens: float | None = None
) -> Estimate:
    """Estimate a run.

    Args:
        rows: In the training data.
        row_tokens: Length of the longest row, to which a batch is padded at worst; decides the memory.
        mean_tokens: Mean length of a row, which decides the time; the longest if not known.
    """
    micro = recipe.micro_batch or largest_micro_batch(shape, recipe, row_tokens, machine)
    at_once = _at_once(recipe, micro)
    needed = memory(shape, recipe, recipe_dtype(recipe, machine), at_once, row_tokens, machine.device)
    mean = mean_tokens or row_tokens
    method = recipe.training_method
    trainable = method.trainable_parameters(recipe, shape)
    tokens = recipe.max_steps * recipe.batch_size * mean if recipe.max_steps else recipe.epochs * rows * mean
    per_token = flops_per_token(shape, recipe, row_tokens)
    return Estimate(
        machine=machine,
        parameters=shape.parameters,
        total=shape.parameters + (trainable if method.adapter else 0),
        trainable=trainable,
        micro_batch=micro,
        accumulation=recipe.batch_size // micro,
        row_tokens=row_tokens,
        memory=needed,
        fits=_fits(needed, machine),
        tokens=tokens,
        flops_per_token=per_token,
        hours=tokens * per_token / (machine.peak_flops * machine.efficiency) / 3600,
    )


def check_fits(needed: Estimate) -> None:
    """Check that a run fits into the free memory.

    Raises:
        ConfigError: It does not; the hint names what needs less memory.
    """
    if needed.fits:
        return
    need, free = needed.memory.total / GIB, needed.machine.free_bytes / GIB
    size = f"{needed.micro_batch} x {needed.row_tokens} tokens"
    raise ConfigError(
        f"a step of {size} needs {need:.1f} GiB; {needed.machine.name} has {free:.1f} GiB free",
        hint="kb finetune --estimate --set gradient_checkpointing=true --set micro_batch=1  # or --method qlora",
    )
