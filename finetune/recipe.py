"""A recipe: every choice of a training run as one frozen value. `finetune.load_recipe` reads and checks it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from finetune.methods.method import Method
from finetune.methods.registry import METHOD_NAMES, METHODS
from finetune.retain.names import RETAIN_NAMES
from finetune.training.machine import Dtype, Machine

Objective = Literal["qa", "text", "mixed"]
# What other tools call training on masked words.
_MASKED = ("mlm", "masked", "masked_lm", "fill-mask")


def _known_method(name: str) -> str:
    if name not in METHODS:
        raise PydanticCustomError("method", "unknown method; use one of {names}", {"names": ", ".join(METHOD_NAMES)})
    return name


def _from_any_folder(spec: str) -> str:
    """Return a model's spelling so that it means the same wherever one stands: a folder by its absolute path."""
    name = spec.removeprefix("hf:")
    path = Path(name).expanduser()
    return str(path.absolute()) if name and path.is_dir() else spec


def _known_retain(name: str) -> str:
    if name not in RETAIN_NAMES:
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
    continues: str = Field("", description="Run whose weights are trained on; empty: the base's own.")
    replay_share: float = Field(
        1.0, ge=0, le=20, description="continues: rows of what that run knew, per row of the data."
    )
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
