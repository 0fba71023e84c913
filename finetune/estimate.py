"""What a training run needs, from the model's shape and the recipe alone: memory, operations, hours.

Pure arithmetic; nothing is loaded or allocated. Bytes are of one device; figures of activations are for transformers'
modules as they run in eager mode, counted tensor by tensor (`tests/finetune/test_estimate.py` counts them anew).
Refuses to know the data beyond its number of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ConfigError
from finetune.data.shape import ModelShape
from finetune.methods.build import IA3_FEEDFORWARD, IA3_TARGETS, adapter_layers
from finetune.recipe import Recipe, recipe_dtype
from finetune.training.machine import CPU_HEAD_TOKENS, CPU_LINE_TOKENS, GIB, Device, Dtype, Machine

_BYTES: dict[Dtype, int] = {"bf16": 2, "fp16": 2, "f32": 4}
# A four-bit weight, and its share of a scale: one f32 per 64 weights, or (Dettmers et al. 2023, section 3,
# https://arxiv.org/abs/2305.14314) 0.127 bits when the scales are quantised too.
_NF4_BITS, _SCALE_BITS, _DOUBLE_SCALE_BITS = 4.0, 0.5, 0.127
# AdamW in f32: weight 4, gradient 4, two moments 8.
_WEIGHT_BYTES, _GRADIENT_BYTES, _MOMENT_BYTES = 4, 4, 8
# Logits as loss and gradient: once in half precision, twice in f32. On a CPU as much again is held: measured
# as resident memory, SmolLM2 with LoRA, 1, 4 and 8 rows of 300 tokens (1.82, 3.5 and 5.85 GiB).
_LOGIT_BYTES = {"cuda": 10, "cpu": 20}
# What a CUDA context and its libraries take, and a process with torch, transformers and peft with the freed blocks that
# the C library keeps (0.25 GiB with packed lines, up to 1.3 GiB with long padded rows).
_CONTEXT_BYTES = {"cuda": 3 * GIB // 4, "cpu": 5 * GIB // 4}
# Tokens of a forward pass that keep a CPU busy.
_CPU_PASS_TOKENS = 2048
# Share of the free memory that is planned with: the allocator never packs perfectly.
_HEADROOM = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Peak memory of a training step, in bytes."""

    weights: float
    adapters: float
    gradients: float
    optimiser: float
    activations: float
    logits: float
    context: float

    @property
    def total(self) -> float:
        """All of it."""
        return (
            self.weights + self.adapters + self.gradients + self.optimiser
            + self.activations + self.logits + self.context
        )  # fmt: skip


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


def trainable_parameters(shape: ModelShape, recipe: Recipe) -> int:
    """Return how many parameters a method trains; formulas as peft builds them."""
    if recipe.method == "full":
        return shape.parameters
    if recipe.method == "last-n-layers":
        return min(recipe.n_layers, shape.layers) * shape.layer_parameters + shape.hidden
    if recipe.facts.lora:
        return _lora_parameters(shape, recipe)
    if recipe.method == "ia3":
        named = recipe.target_modules != ("all-linear",)
        targets = recipe.target_modules if named else IA3_TARGETS
        # A vector on the input inside the feed-forward network, on the output elsewhere.
        return shape.layers * sum(shape.linears[name][0 if name in IA3_FEEDFORWARD else 1] for name in targets)
    if recipe.method == "llama-adapter":
        return adapter_layers(recipe, shape) * (recipe.virtual_tokens * shape.hidden + 1)
    if recipe.method == "prefix":
        return recipe.virtual_tokens * shape.layers * 2 * shape.kv_heads * shape.head_dim
    prompt = recipe.virtual_tokens * shape.hidden
    return prompt if recipe.method == "prompt" else prompt + 3 * shape.hidden * (shape.hidden + 1)


def _lora_parameters(shape: ModelShape, recipe: Recipe) -> int:
    chosen = len(recipe.layers_to_transform) or shape.layers
    return chosen * sum(
        recipe.rank * (inputs + outputs) + (outputs if recipe.method == "dora" else 0)
        for inputs, outputs in _adapted(shape, recipe)
    )


def _adapted(shape: ModelShape, recipe: Recipe) -> list[tuple[int, int]]:
    """Return the sizes of the linears of one layer that LoRA adapts."""
    if recipe.target_modules == ("all-linear",):
        return list(shape.linears.values())
    return [size for name, size in shape.linears.items() if name in recipe.target_modules]


def weight_bytes(shape: ModelShape, recipe: Recipe, dtype: Dtype) -> float:
    """Return what the base's weights take; where they are trained themselves they are held in f32."""
    if not recipe.facts.adapter:
        return float(shape.parameters * _BYTES["f32"])
    if not (recipe.quantised or shape.four_bit):
        return float(shape.parameters * _BYTES[dtype])
    bits = _NF4_BITS + (_DOUBLE_SCALE_BITS if recipe.double_quant else _SCALE_BITS)
    return shape.linear_parameters * bits / 8 + (shape.parameters - shape.linear_parameters) * _BYTES[dtype]


def activation_bytes(shape: ModelShape, recipe: Recipe, dtype: Dtype, tokens: int) -> float:
    """Return what a forward pass over so many tokens keeps for the backward pass, logits aside.

    With checkpointing every layer keeps its input and one layer at a time is recomputed; without, all keep everything.
    """
    kept = tokens * layer_bytes_per_token(shape, recipe, dtype) + _layer_bytes_fixed(shape, recipe, dtype)
    if recipe.gradient_checkpointing:
        residual = _BYTES[dtype] if recipe.facts.adapter else _BYTES["f32"]
        return shape.layers * tokens * shape.hidden * residual + kept
    reached = shape.layers
    if recipe.method == "last-n-layers":
        reached = min(recipe.n_layers, shape.layers)
    if recipe.method == "llama-adapter":
        reached = adapter_layers(recipe, shape)
    return reached * kept


def layer_bytes_per_token(shape: ModelShape, recipe: Recipe, dtype: Dtype) -> float:
    """Return what one layer keeps per token for the backward pass.

    Coefficients of width h, keys k, inner width i and heads, exact for transformers 5.23's Llama and Qwen2 under
    autocast (16-bit) and in f32: a layer of frozen weights keeps norms, attention and the gate; one whose weights are
    trained keeps every product's input too.
    """
    h, k, i, size = shape.hidden, shape.kv_heads * shape.head_dim, shape.intermediate, _BYTES[dtype]
    full = size == _BYTES["f32"]
    statistics = 4 * shape.heads + 8
    if not recipe.facts.adapter:
        return (32 * h + 8 * k + 16 * i if full else 30 * h + 4 * k + 8 * i) + statistics
    frozen = (16 * h if full else 12 * h) + 2 * size * k + 3 * size * i + statistics
    if recipe.facts.lora:
        return frozen + _lora_bytes_per_token(shape, recipe, size)
    if recipe.method == "ia3":
        return frozen + 2 * size * k + 4 * i
    if recipe.method == "llama-adapter":
        return frozen + (1.5 * h + 7.5 * shape.heads * recipe.virtual_tokens) * size
    return frozen


def _lora_bytes_per_token(shape: ModelShape, recipe: Recipe, size: int) -> float:
    """Return what the adapters of one layer keep per token: inputs, low-rank products, and DoRA's outputs twice."""
    names = [
        name for name in shape.linears if recipe.target_modules == ("all-linear",) or name in recipe.target_modules
    ]
    kept = size * recipe.rank * len(names)
    if recipe.method == "dora":
        kept += sum(2 * size * shape.linears[name][1] for name in names)
    if size == _BYTES["f32"]:
        # Nothing is cast, so neighbours share their input, and the output projection's is kept by attention already.
        shared = {_F32_INPUT[name]: shape.linears[name][0] for name in names if name in _F32_INPUT}
        return kept + size * sum(shared.values())
    return kept + size * sum(shape.linears[name][0] for name in names)


_F32_INPUT = {
    "q_proj": "attention", "k_proj": "attention", "v_proj": "attention", "gate_proj": "network", "up_proj": "network",
    "down_proj": "inner",
}  # fmt: skip


def _layer_bytes_fixed(shape: ModelShape, recipe: Recipe, dtype: Dtype) -> float:
    """Return what one layer keeps whatever the tokens: autocast's copies of f32 weights, DoRA's identity matrices."""
    size = _BYTES[dtype]
    copied = 0.0 if dtype == "f32" else float(size)
    if not recipe.facts.adapter:
        return copied * shape.linear_parameters / shape.layers
    if not recipe.facts.lora:
        return 0.0
    kept = copied * recipe.rank * sum(inputs + outputs for inputs, outputs in _adapted(shape, recipe))
    if recipe.method == "dora":
        kept += size * sum(inputs * (inputs + recipe.rank) for inputs, _ in _adapted(shape, recipe))
    return kept


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
    trainable = trainable_parameters(shape, recipe)
    tokens = scored = rows * row_tokens
    if device == "cpu" and not recipe.dpo:
        if recipe.packing != "none":
            tokens = min(tokens, max(CPU_LINE_TOKENS, row_tokens))
        # Under a frozen output matrix logits are gone before the next part; preferences keep all of them.
        scored = min(tokens, CPU_HEAD_TOKENS) if recipe.facts.adapter else tokens
    return Memory(
        weights=weight_bytes(shape, recipe, dtype),
        adapters=float(trainable * _WEIGHT_BYTES if recipe.facts.adapter else 0),
        gradients=float(trainable * _GRADIENT_BYTES),
        optimiser=float(trainable * _MOMENT_BYTES),
        activations=activation_bytes(shape, recipe, dtype, tokens),
        logits=float(scored * shape.vocabulary * _LOGIT_BYTES[device]),
        context=float(_CONTEXT_BYTES[device] if context_bytes is None else context_bytes),
    )


def flops_per_token(shape: ModelShape, recipe: Recipe, row_tokens: int) -> float:
    """Return the operations of forward and backward for one token.

    Forward: two per weight (the embedding is looked up, not multiplied) and, per layer, two products of queries and
    values with half the row on average. Backward: twice that where all weights get a gradient, once where the base is
    frozen; recomputation adds a forward (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361, section 2.1).
    """
    multiplied = shape.parameters - (0 if shape.tied else shape.vocabulary * shape.hidden)
    attention = 2 * shape.layers * row_tokens * shape.heads * shape.head_dim
    passes = 3.0
    if recipe.facts.adapter:
        passes = 2.0
    elif recipe.method == "last-n-layers":
        passes = 1.0 + 2.0 * min(recipe.n_layers, shape.layers) / shape.layers
    return (2 * multiplied + attention) * (passes + (1.0 if recipe.gradient_checkpointing else 0.0))


def largest_micro_batch(shape: ModelShape, recipe: Recipe, row_tokens: int, machine: Machine) -> int:
    """Return the largest divisor of the recipe's batch that fits a machine; 1 where none does.

    A CPU is given no more than keeps it busy: what is beyond takes memory from everything else and gains nothing.
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
    """A preference is two rows, so that no pass over preferences has fewer."""
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
    trainable = trainable_parameters(shape, recipe)
    tokens = recipe.max_steps * recipe.batch_size * mean if recipe.max_steps else recipe.epochs * rows * mean
    per_token = flops_per_token(shape, recipe, row_tokens)
    return Estimate(
        machine=machine,
        parameters=shape.parameters,
        total=shape.parameters + (trainable if recipe.facts.adapter else 0),
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


def check_fits(found: Estimate) -> None:
    """Check that a run fits into what is free.

    Raises:
        ConfigError: It does not, with the smallest step that might help.
    """
    if found.fits:
        return
    need, free = found.memory.total / GIB, found.machine.free_bytes / GIB
    size = f"{found.micro_batch} x {found.row_tokens} tokens"
    raise ConfigError(
        f"a step of {size} needs {need:.1f} GiB; {found.machine.name} has {free:.1f} GiB free",
        hint="kb finetune --estimate --set gradient_checkpointing=true --set micro_batch=1  # or --method qlora",
    )
