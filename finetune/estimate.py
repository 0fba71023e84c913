"""What a training run needs, from the model's shape and the recipe alone: memory, operations, hours.

Pure arithmetic on a pace that was measured or assumed; nothing is loaded or allocated. Bytes are of one device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.errors import ConfigError
from finetune.data.shape import ModelShape
from finetune.methods.memory import Memory, StepSize
from finetune.recipe import Recipe, recipe_dtype
from finetune.training.machine import (
    CPU_LINE_TOKENS,
    GIB,
    HEAD_TOKENS,
    NODE_LINK_BYTES_S,
    Device,
    Dtype,
    Machine,
)
from finetune.training.pace import Pace

# Tokens of a forward pass that use both cores of a CPU fully; more take memory and gain no speed.
_CPU_PASS_TOKENS = 2048
# Share of a row that is answer, where rows were not read.
_LABEL_SHARE = 0.1
# Share of the free memory that is planned with: an allocator never packs perfectly.
_HEADROOM = 0.9


# What takes memory, and their sum, in the order in which they are shown.
MEMORY_PARTS = ("weights", "adapters", "gradients", "optimiser", "activations", "logits", "context", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run needs on a machine.

    Attributes:
        machine: Where.
        parameters: Of the base.
        total: Of the base and what is added to it.
        trainable: Parameters that are trained.
        micro_batch: Rows per forward pass; the largest that fits where the recipe leaves it open.
        accumulation: Forward passes of a device per optimiser step; times `micro_batch` and the number of devices it is
            the recipe's batch.
        row_tokens: Length of a padded row.
        memory: Peak, one device.
        fits: Whether it fits into what is free, with headroom.
        tokens: Of the whole run.
        flops_per_token: Forward and backward.
        hours: At the pace that was measured, else at the machine's usual share of its peak.
        measured: Whether the pace was measured.
        busy: Share of the machine that other programs took meanwhile; None where that is unknown.
        idle: Whether nothing else ran meanwhile.
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
    measured: bool = False
    busy: float | None = None
    idle: bool = False

    @property
    def minutes(self) -> float:
        """The time in minutes."""
        return 60 * self.hours

    @property
    def trainable_share(self) -> str:
        """How many parameters are trained, for a person."""
        percent = 100 * self.trainable / self.total
        return f"trainable {self.trainable:,} of {self.total:,} parameters ({percent:.3f}%)"

    @property
    def duration(self) -> str:
        """The time for a person, and how it is known."""
        amount = f"{self.minutes:.0f} minutes" if self.hours < 2 else f"{self.hours:.1f} hours"
        if not self.measured or self.idle:
            return f"{amount}, {'measured' if self.measured else 'not measured'}"
        busy = "" if self.busy is None else f"; other programs take {self.busy:.0%} of this machine now"
        return f"{amount} if nothing else runs{busy}"

    def to_json(self) -> dict[str, Any]:
        """Return what `kb finetune --estimate --json` prints."""
        return {
            "machine": self.machine.title,
            "devices": self.machine.devices,
            "nodes": self.machine.nodes,
            "parameters": self.parameters,
            "trainable": self.trainable,
            "micro_batch": self.micro_batch,
            "accumulation": self.accumulation,
            "row_tokens": self.row_tokens,
            "memory_bytes": {part: round(getattr(self.memory, part)) for part in MEMORY_PARTS},
            "free_bytes": self.machine.free_bytes,
            "fits": self.fits,
            "tokens": round(self.tokens),
            "flops": self.tokens * self.flops_per_token,
            "hours": self.hours,
            "minutes": self.minutes,
            "measured": self.measured,
            "idle": self.idle,
            "busy": self.busy,
        }


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
    """Return the largest divisor of a device's share of the recipe's batch that fits; 1 where none does.

    On a CPU a pass is limited to 2048 tokens: longer passes take memory and gain no speed.
    """
    batch_rows = _device_rows(recipe, machine)
    fitting = [
        rows
        for rows in range(1, batch_rows + 1)
        if batch_rows % rows == 0
        and (machine.device != "cpu" or rows * row_tokens <= _CPU_PASS_TOKENS)
        and _fits(_device_memory(shape, recipe, machine, _at_once(recipe, rows), row_tokens), machine)
    ]
    return max(fitting, default=1)


def _device_rows(recipe: Recipe, machine: Machine) -> int:
    """Return the rows of an optimiser step that one device gets."""
    return max(1, recipe.batch_size // machine.devices)


def _device_memory(shape: ModelShape, recipe: Recipe, machine: Machine, rows: int, row_tokens: int) -> Memory:
    """Return the peak of a device. Several share weights, gradients and moments, as FSDP does.

    Gathered on each are the layer that computes, the next one, and the embedding.
    """
    whole = memory(shape, recipe, recipe_dtype(recipe, machine), rows, row_tokens, machine.device)
    if machine.devices == 1:
        return whole
    gathered = min(1.0, (2 * shape.layer_parameters + shape.vocabulary * shape.hidden) / shape.parameters)
    share = 1 / machine.devices
    return replace(
        whole,
        weights=whole.weights * min(1.0, share + gathered),
        adapters=whole.adapters * min(1.0, share + gathered),
        gradients=whole.gradients * share,
        optimiser=whole.optimiser * share,
    )


def _gathering_s(needed: Memory, machine: Machine, passes: float) -> float:
    """Return the seconds in which devices gather weights twice a pass, and share out gradients once.

    Each receives all but its own part; between nodes a node's GPUs share one link.
    """
    if machine.devices == 1:
        return 0.0
    received = (2 * needed.weights + needed.gradients) * (1 - 1 / machine.devices)
    links = [machine.link_bytes_s, *([NODE_LINK_BYTES_S] if machine.nodes > 1 else [])]
    return passes * received / min(links)


def _at_once(recipe: Recipe, micro_batch: int) -> int:
    """Return the rows of a pass; a preference is two rows, so a pass over preferences has at least two."""
    return max(2, micro_batch) if recipe.dpo else micro_batch


def _fits(needed: Memory, machine: Machine) -> bool:
    return needed.total <= _HEADROOM * machine.free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWork:
    """What rows of training data cost, as means over them; in tokens.

    Attributes:
        tokens: Of a row.
        computed: That are run through the model for a row: fewer where rows share a prompt, more where they are padded.
        labels: That are trained.
        other: Of one pass over the rest of a run, in whole: rows that retain skills, preferences.
    """

    tokens: float
    computed: float
    labels: float
    other: float = 0.0


def row_work(mean_tokens: float) -> RowWork:
    """Return the work of rows of which only the mean length is known: nothing shared, a usual share of labels."""
    return RowWork(tokens=mean_tokens, computed=mean_tokens, labels=_LABEL_SHARE * mean_tokens)


def estimate(
    shape: ModelShape,
    recipe: Recipe,
    machine: Machine,
    *,
    rows: int,
    row_tokens: int,
    mean_tokens: float | None = None,
    work: RowWork | None = None,
    pace: Pace | None = None,
) -> Estimate:
    """Estimate a run.

    Args:
        rows: In the training data.
        row_tokens: Length of the longest row, to which a batch is padded at worst; decides the memory.
        mean_tokens: Mean length of a row, which decides the time; the longest if not known.
        work: What a row costs; follows from its mean length if None.
        pace: Of this machine; the share of its peak that is usual if None.
    """
    micro = recipe.micro_batch or largest_micro_batch(shape, recipe, row_tokens, machine)
    at_once = _at_once(recipe, micro)
    needed = _device_memory(shape, recipe, machine, at_once, row_tokens)
    work = work or row_work(mean_tokens or row_tokens)
    method = recipe.training_method
    trainable = method.trainable_parameters(recipe, shape)
    row_count = recipe.max_steps * recipe.batch_size if recipe.max_steps else recipe.epochs * rows
    per_token = flops_per_token(shape, recipe, row_tokens)
    computed = row_count * (work.computed + work.other / max(1, rows))
    if pace:
        seconds = computed * pace.token_s + row_count * work.labels * pace.label_s
    else:
        seconds = computed * per_token / (machine.peak_flops * machine.efficiency)
    batch_rows = _device_rows(recipe, machine)
    accumulation = max(1, batch_rows // micro)
    whole = memory(shape, recipe, recipe_dtype(recipe, machine), at_once, row_tokens, machine.device)
    passes = row_count / recipe.batch_size * accumulation
    # Devices compute while the next layer is gathered; those beyond the rows of a step have nothing to do.
    seconds = max(seconds / min(machine.devices, recipe.batch_size), _gathering_s(whole, machine, passes))
    return Estimate(
        machine=machine,
        parameters=shape.parameters,
        total=shape.parameters + (trainable if method.adapter else 0),
        trainable=trainable,
        micro_batch=micro,
        accumulation=accumulation,
        row_tokens=row_tokens,
        memory=needed,
        fits=_fits(needed, machine),
        tokens=row_count * work.tokens,
        flops_per_token=per_token,
        hours=seconds / 3600,
        measured=pace is not None,
        busy=pace.busy if pace else None,
        idle=pace.idle if pace else False,
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
        f"a step of {size} needs {need:.1f} GiB; {needed.machine.title} has {free:.1f} GiB free",
        hint="kb finetune --estimate --set gradient_checkpointing=true --set micro_batch=1  # or --method qlora",
        click="choose a smaller base model or another recipe",
    )
