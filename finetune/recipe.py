"""A recipe: every choice of a training run as one frozen value, read from TOML and checked before anything loads.

Precedence: `--set`, then flags, then the method's own recipe (where `--method` changes it), the recipe file, defaults.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from core.errors import ConfigError
from finetune.methods.method import Method
from finetune.methods.registry import METHOD_NAMES, METHODS
from finetune.retain.registry import RETAIN_METHODS, RETAIN_NAMES
from finetune.training.machine import Dtype, Machine

Objective = Literal["qa", "text", "mixed"]
# What other tools call training on masked words.
_MASKED = ("mlm", "masked", "masked_lm", "fill-mask")
# Output matrix of every causal model of transformers; peft and the merge both refuse it as a target.
_HEAD = "lm_head"


def _known_method(name: str) -> str:
    if name not in METHODS:
        raise PydanticCustomError("method", "unknown method; use one of {names}", {"names": ", ".join(METHOD_NAMES)})
    return name


def _from_any_folder(spec: str) -> str:
    """Return a model's spelling so that it means the same wherever one stands: a folder by its absolute path."""
    path = Path(spec.removeprefix("hf:")).expanduser()
    return str(path.absolute()) if spec and path.is_dir() else spec


def _known_retain(name: str) -> str:
    if name not in RETAIN_METHODS:
        raise PydanticCustomError("retain", "unknown; use one of {names}", {"names": ", ".join(RETAIN_NAMES)})
    return name


def _causal_objective(name: Any) -> Any:
    if name in _MASKED:
        raise PydanticCustomError(
            "objective",
            "masked words (MLM) are out of scope: only causal models are trained; use one of qa, text, mixed",
        )
    return name


DpoLoss = Literal[
    "sigmoid", "sigmoid_norm", "hinge", "ipo", "nca_pair", "bco_pair", "sppo_hard", "apo_zero", "apo_down", "sft"
]
MethodName = Annotated[str, AfterValidator(_known_method)]
RetainName = Annotated[str, AfterValidator(_known_retain)]
# How `--set` may spell a field: as a setting of this section.
_SECTION = "finetune."


class Recipe(BaseModel):
    """All choices of a run. Lengths are in tokens, batches in rows, rates per step."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field("custom", description="Where it came from: a recipe's name or a file's.")
    base: str = Field("", description="smollm2, hf:ID|PATH, folder; empty: what suits the machine.")
    merge_base: Annotated[str, AfterValidator(_from_any_folder)] = Field(
        "", description="Full-precision model that an adapter over a quantised base is merged into; empty: guessed."
    )
    accept_licence: str = Field("", description="A licence with conditions that you have read and accept.")
    method: MethodName = Field("lora", description="How weights change.")
    objective: Annotated[Objective, BeforeValidator(_causal_objective)] = Field(
        "qa", description="qa: answers; text: document text; mixed: both."
    )

    dtype: Literal["auto", "bf16", "fp16", "f32"] = Field("auto", description="Arithmetic of the base.")
    attn: Literal["sdpa", "flash", "xformers", "eager"] = Field("sdpa", description="Attention kernel.")
    rope_scaling: Literal["none", "linear", "yarn"] = Field("none", description="Stretches the context.")
    rope_factor: float = Field(1.0, ge=1, le=64, description="How many times longer the context becomes.")
    embedding_rows: int = Field(
        0, ge=0, description="Enlarge the embedding to so many rows, for tokens added to the tokenizer; 0: as it is."
    )
    double_quant: bool = Field(True, description="QLoRA: quantise the scales too.")

    rank: int = Field(16, ge=1, le=1024, description="Rank of LoRA matrices.")
    alpha: float | None = Field(None, gt=0, description="LoRA scale numerator; twice the rank if not given.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout before LoRA matrices.")
    target_modules: tuple[str, ...] = Field(
        ("all-linear",), min_length=1, description="Linear layers that are adapted."
    )
    layers_to_transform: tuple[int, ...] = Field((), description="Only these layers (0-based); empty: all.")
    n_layers: int = Field(4, ge=1, description="last-n-layers: how many are trained.")
    virtual_tokens: int = Field(20, ge=1, le=4096, description="prompt, prefix, p-tuning, llama-adapter: their length.")
    adapter_layers: int = Field(0, ge=0, description="llama-adapter: layers from the top; 0: all but the first two.")

    learning_rate: float = Field(2e-4, gt=0, lt=1, description="Peak rate.")
    scheduler: Literal[
        "cosine", "linear", "constant", "constant_with_warmup", "cosine_with_restarts", "inverse_sqrt"
    ] = Field("cosine", description="Shape of the rate.")
    warmup_ratio: float = Field(0.05, ge=0, lt=1, description="Share of the steps that warm up.")
    weight_decay: float = Field(0.0, ge=0, le=1, description="AdamW weight decay.")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    epochs: float = Field(3.0, gt=0, le=1000, description="Passes over the data.")
    minutes: float = Field(
        0.0, ge=0, description="Fewer passes, then fewer rows, until training fits; 0 or with max_steps: all of them."
    )
    all_epochs: float = Field(0.0, ge=0, description="Set by a run: epochs before minutes cut them; 0: they did not.")
    max_steps: int = Field(0, ge=0, description="Stop after this many steps; 0: epochs decide.")
    batch_size: int = Field(16, ge=1, description="Rows per optimiser step, over all devices.")
    micro_batch: int = Field(0, ge=0, description="Rows per forward pass; 0: the largest that fits.")
    gradient_checkpointing: bool = Field(False, description="Recompute activations: less memory, a third more time.")
    packing: Literal["none", "bfd", "wrapped"] = Field("none", description="bfd: a step's rows side by side, whole.")
    max_length: int = Field(0, ge=0, description="Longest row; 0: from the data.")
    over_long: Literal["drop", "shorten"] = Field(
        "drop", description="shorten: take from the context, never the answer."
    )
    padding_side: Literal["left", "right"] = Field("right", description="Where batches are padded.")
    truncation_side: Literal["left", "right"] = Field("right", description="Where a context is shortened.")
    streaming: bool = Field(False, description="Read rows while training instead of before; needs max_steps.")
    order: Literal["shuffled", "given"] = Field("shuffled", description="given: rows as they stand, easy ones first.")
    seed: int = Field(0, ge=0, description="Of weights and order.")
    save_steps: int = Field(50, ge=1, description="Steps between checkpoints.")
    eval_steps: int = Field(50, ge=1, description="Steps between evaluations.")
    logging_steps: int = Field(5, ge=1, description="Steps between log lines.")
    keep_checkpoints: int = Field(3, ge=1, description="Newest checkpoints of a stage that are kept.")
    eval_rows: int = Field(64, ge=0, description="Held-out questions asked at an evaluation; 0: loss alone.")
    early_stopping: int = Field(0, ge=0, description="Stop after this many evaluations without gain; 0: never.")

    retain: RetainName = Field("none", description="What keeps the base's skills: none, replay, kl, mixsd or sdft.")
    retain_share: float = Field(0.25, gt=0, le=4, description="replay, kl: rows of the base per row of the data.")
    retain_weight: float = Field(1.0, gt=0, le=100, description="kl, sdft: weight of their term in the loss.")
    mix_share: float = Field(0.5, ge=0, le=1, description="mixsd: share of tokens written without the fact in view.")

    dpo: bool = Field(True, description="Preferences after answers.")
    dpo_loss: tuple[DpoLoss, ...] = Field(("sigmoid",), min_length=1, description="Losses on preferences, summed.")
    dpo_learning_rate: float = Field(2e-5, gt=0, lt=1, description="Peak rate of the DPO stage.")
    dpo_epochs: float = Field(1.0, gt=0, le=100, description="Passes over the preferences.")
    beta: float = Field(0.1, gt=0, description="How near DPO stays to the policy it started from.")
    policy_preferences: int = Field(64, ge=0, description="Most questions put to the SFT policy for preferences.")

    system: str = Field("", description="System prompt of every row; empty: the template's own.")
    context_template: str = Field(
        "{context}\n\nQuestion: {question}", description="User turn of a row with a context; both places must stand."
    )

    @property
    def training_method(self) -> Method:
        """The method that `method` names."""
        return METHODS[self.method]

    @property
    def lora_alpha(self) -> float:
        """The scale's numerator."""
        return self.alpha if self.alpha is not None else 2.0 * self.rank


def recipe_dtype(recipe: Recipe, machine: Machine) -> Dtype:
    """Return the arithmetic a run uses: the recipe's, or what the machine does best."""
    return machine.dtype if recipe.dtype == "auto" else recipe.dtype


def recipe_names() -> list[str]:
    """Return the names of the built-in recipes."""
    return sorted(_builtin_recipes())


def _builtin_recipes() -> dict[str, Traversable]:
    """Return name to file: the recipes of whole tasks, and one per method."""
    folder = files("finetune").joinpath("recipes")
    entries = (*folder.iterdir(), *folder.joinpath("methods").iterdir())
    return {entry.name.removesuffix(".toml"): entry for entry in entries if entry.name.endswith(".toml")}


def default_recipe(machine: Machine) -> str:
    """Return the recipe that suits a machine."""
    return "lora-1.5b" if machine.device == "cuda" else "smollm2-cpu"


def default_base(machine: Machine) -> str:
    """Return the base model of a recipe that names none."""
    return "hf:Qwen/Qwen2.5-1.5B-Instruct" if machine.device == "cuda" else "smollm2"


def load_recipe(
    spec: str,
    machine: Machine,
    *,
    flags: Mapping[str, Any] | None = None,
    pairs: Sequence[str] = (),
    export: bool = False,
) -> Recipe:
    """Read a recipe, lay flags and `--set` over it, and check everything at once.

    Args:
        spec: Name of a recipe that comes along, path of a TOML file, or empty for the machine's default.
        machine: Where it will run; decides what is impossible.
        flags: Field to value from dedicated flags; `None` values are ignored.
        pairs: `key=value` strings; lists are spelled `a,b`.
        export: Whether merged weights are wanted afterwards.

    Raises:
        ConfigError: Unknown fields (with the nearest name), impossible values, choices that exclude each other; every
            fault in one message.
    """
    spec = spec or default_recipe(machine)
    table = {"name": Path(spec).name.removesuffix(".toml"), **_read(spec)}
    over: dict[str, Any] = {key: value for key, value in (flags or {}).items() if value is not None}
    faults: list[str] = []
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            faults.append(f"--set {pair}: not KEY=VALUE")
        else:
            over[_field(key)] = value.strip()
    method = METHODS.get(str(over.get("method", table.get("method"))))
    if method and "method" in over and method.name != table.get("method"):
        table |= _read(method.name)
    if method and method.virtual_tokens:
        # Virtual tokens would stand before the first of packed rows only.
        table["packing"] = "none"
    table |= over
    faults += [*_unknown(table)]
    known = {key: _split(key, value) for key, value in table.items() if key in Recipe.model_fields}
    recipe = None
    try:
        recipe = Recipe.model_validate(known)
    except ValidationError as error:
        faults += [f"{fault['loc'][0]} = {fault['input']!r}: {fault['msg']}" for fault in error.errors()]
    if recipe is not None:
        recipe = recipe if recipe.base else recipe.model_copy(update={"base": default_base(machine)})
        if recipe.streaming and "retain" not in over and spec in _builtin_recipes():
            recipe = recipe.model_copy(update={"retain": "none"})  # what is replayed needs all rows before training
        faults += conflicts(recipe, machine, export=export)
    if faults or recipe is None:
        raise ConfigError(f"recipe {spec}: " + "\n  ".join(["", *faults]).strip(), hint="kb finetune --help")
    return recipe


def named_fields(spec: str, flags: Mapping[str, Any], pairs: Sequence[str]) -> frozenset[str]:
    """Return the fields that a person names by a recipe, flags and `--set`; none of the machine's default recipe.

    Raises:
        ConfigError: There is no such recipe.
    """
    by_flag = {key for key, value in flags.items() if value is not None}
    by_pair = {_field(pair.partition("=")[0]) for pair in pairs}
    return frozenset(by_flag | by_pair | (_read(spec).keys() if spec else set()))


def _field(key: str) -> str:
    return key.strip().removeprefix(_SECTION).replace("-", "_")


def _read(spec: str) -> dict[str, Any]:
    path = Path(spec).expanduser()
    builtin = _builtin_recipes()
    if spec in builtin:
        text = builtin[spec].read_text(encoding="utf-8")
    elif path.suffix == ".toml" and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
    else:
        near = difflib.get_close_matches(spec, builtin, n=1, cutoff=0.4)
        raise ConfigError(
            f"unknown recipe {spec!r} and no such file; use one of {', '.join(sorted(builtin))}",
            hint=f"kb finetune --recipe {near[0] if near else 'quick'} --data DIR --dry-run",
            click="choose another recipe",
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{spec}: not valid TOML: {error}", hint=f"correct {spec}") from error


def _unknown(table: Mapping[str, Any]) -> Iterator[str]:
    for key in table:
        if key not in Recipe.model_fields:
            near = difflib.get_close_matches(key, Recipe.model_fields, n=1, cutoff=0.4)
            yield f"unknown field {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


_LISTS = frozenset(name for name, field in Recipe.model_fields.items() if str(field.annotation).startswith("tuple["))


def _split(key: str, value: Any) -> Any:
    if key in _LISTS and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def conflicts(recipe: Recipe, machine: Machine, *, export: bool) -> Iterator[str]:
    """Yield every pair of choices that cannot hold together, one sentence each."""
    method = recipe.training_method
    if export and not method.merges:
        yield f"method {recipe.method} with an export: {method.title} can be served {method.served}"
    if recipe.dtype == "bf16" and not machine.bf16:
        yield f"dtype bf16: {machine.name} does not support bfloat16; use dtype=auto"
    if recipe.dtype == "fp16" and machine.device == "cpu":
        yield "dtype fp16 on a CPU: gradients underflow without a loss scaler; use dtype=auto"
    if recipe.attn in ("flash", "xformers") and machine.device == "cpu":
        yield f"attn {recipe.attn} requires a GPU; use attn=sdpa"
    if recipe.packing == "wrapped":
        yield 'packing "wrapped" lets rows attend to each other and cuts rows in two; use packing=bfd'
    if recipe.packing != "none" and method.virtual_tokens:
        yield f"packing with {recipe.method}: virtual tokens would stand before the first row only; use packing=none"
    if recipe.gradient_checkpointing and not method.recomputes:
        yield f"gradient_checkpointing with {recipe.method}: recomputed layers lack what the method adds to attention"
    if recipe.packing != "none" and recipe.attn == "eager":
        yield "packing with attn=eager: rows could attend to each other; use attn=sdpa"
    if (recipe.rope_scaling == "none") != (recipe.rope_factor == 1):
        yield f"rope_scaling {recipe.rope_scaling} with rope_factor {recipe.rope_factor:g}: give both or neither"
    if recipe.embedding_rows and not method.lora and method.name != "full":
        yield f"embedding_rows with {recipe.method}: new rows would not be trained; use a LoRA method or method=full"
    if recipe.streaming and not recipe.max_steps:
        yield "streaming without max_steps: the length of an epoch is unknown"
    if recipe.streaming and recipe.packing != "none":
        yield "streaming with packing: rows are sorted by length before they are packed"
    if recipe.micro_batch and recipe.batch_size % recipe.micro_batch:
        yield f"batch_size {recipe.batch_size} is not a multiple of micro_batch {recipe.micro_batch}"
    yield from RETAIN_METHODS[recipe.retain].faults(recipe)
    missing = [place for place in ("{context}", "{question}") if place not in recipe.context_template]
    if missing:
        yield f"context_template lacks {' and '.join(missing)}"
    yield from _target_conflicts(recipe)


def _target_conflicts(recipe: Recipe) -> Iterator[str]:
    if _HEAD in recipe.target_modules:
        yield f"{_HEAD} as a target module: it is tied to the embedding in many models and cannot be merged alone"
    if "all-linear" in recipe.target_modules and len(recipe.target_modules) > 1:
        yield 'target_modules: "all-linear" stands alone'
    if recipe.layers_to_transform and "all-linear" in recipe.target_modules:
        yield 'layers_to_transform with "all-linear": give the names, for example target_modules=q_proj,v_proj'
    if recipe.layers_to_transform and not recipe.training_method.lora:
        yield f"layers_to_transform with {recipe.method}: only LoRA methods choose layers"
