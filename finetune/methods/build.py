"""Makes a loaded base trainable by a recipe's method, and counts what is trained.

Trainable weights are float32 whatever the base's dtype: half precision loses small updates. Knows peft's methods;
refuses to know the data, the trainer and where weights are saved.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError
from finetune.data.shape import ModelShape
from finetune.recipe import Recipe

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from torch import nn
    from transformers import PreTrainedModel

# IA3 rescales keys, values and the inside of the feed-forward network (Liu et al. 2022, https://arxiv.org/abs/2205.05638).
IA3_TARGETS, IA3_FEEDFORWARD = ("k_proj", "v_proj", "down_proj"), ("down_proj",)
# LLaMA-Adapter leaves the lowest layers alone (Zhang et al. 2023, https://arxiv.org/abs/2303.16199).
_UNTOUCHED_LAYERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainable:
    """How much of a model is trained, in parameters; four-bit weights count as what they stand for."""

    trainable: int
    total: int

    @property
    def percent(self) -> float:
        """Share of the trainable ones."""
        return 100 * self.trainable / self.total

    def __str__(self) -> str:
        return f"trainable {self.trainable:,} of {self.total:,} parameters ({self.percent:.3f}%)"


def adapter_layers(recipe: Recipe, shape: ModelShape) -> int:
    """Return how many layers LLaMA-Adapter touches, from the top."""
    return min(recipe.adapter_layers, shape.layers) or max(1, shape.layers - _UNTOUCHED_LAYERS)


def peft_config(recipe: Recipe, shape: ModelShape) -> PeftConfig:
    """Build peft's configuration of an adapter method.

    Raises:
        ConfigError: The method adds no adapter.
    """
    import peft

    if recipe.facts.lora:
        return _lora_config(recipe)
    common: dict[str, Any] = {"task_type": "CAUSAL_LM"}
    if recipe.facts.virtual_tokens:
        common["num_virtual_tokens"] = recipe.virtual_tokens
    if recipe.method == "ia3":
        named = recipe.target_modules != ("all-linear",)
        targets = list(recipe.target_modules if named else IA3_TARGETS)
        inner = [name for name in targets if name in IA3_FEEDFORWARD]
        return peft.IA3Config(target_modules=targets, feedforward_modules=inner, **common)
    if recipe.method == "llama-adapter":
        return peft.AdaptionPromptConfig(
            adapter_len=recipe.virtual_tokens, adapter_layers=adapter_layers(recipe, shape), **common
        )
    if recipe.method == "prompt":
        # Starting from real embeddings beats random ones (Lester et al. 2021, https://arxiv.org/abs/2104.08691).
        return peft.PromptTuningConfig(prompt_tuning_init=peft.PromptTuningInit.SAMPLE_VOCAB, **common)
    if recipe.method == "prefix":
        return peft.PrefixTuningConfig(**common)
    if recipe.method == "p-tuning":
        return peft.PromptEncoderConfig(encoder_hidden_size=shape.hidden, **common)
    raise ConfigError(f"method {recipe.method} adds no adapter", hint="kb finetune --method lora --data DIR")


def _lora_config(recipe: Recipe) -> PeftConfig:
    import peft

    everywhere = recipe.target_modules == ("all-linear",)
    chosen = list(recipe.layers_to_transform) or None
    return peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=recipe.rank,
        lora_alpha=recipe.lora_alpha,  # type: ignore[arg-type]  # annotated int, used in a division
        lora_dropout=recipe.dropout,
        target_modules="all-linear" if everywhere else list(recipe.target_modules),
        use_rslora=recipe.method == "rslora",
        use_dora=recipe.method == "dora",
        layers_to_transform=chosen,
        layers_pattern="layers" if chosen else None,
    )


def make_trainable(model: PreTrainedModel, recipe: Recipe, shape: ModelShape) -> PreTrainedModel | PeftModel:
    """Freeze and add what the method says; the base is changed in place.

    Args:
        model: As `finetune.training.base.load_model` gives it.

    Raises:
        ConfigError: The method does not serve this model.
    """
    import peft
    import torch

    torch.manual_seed(recipe.seed)  # adapters begin at random
    if not recipe.facts.adapter:
        _unfreeze(model, recipe)
        ready: PreTrainedModel | PeftModel = model
    else:
        try:
            with old_names():
                ready = peft.get_peft_model(model, peft_config(recipe, shape))
        except ValueError as error:
            message = f"method {recipe.method} does not serve this {model.config.model_type} model: {error}"
            raise ConfigError(message, hint="kb finetune --method lora --data DIR") from error
    for parameter in ready.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if recipe.gradient_checkpointing:
        # Checkpointed blocks pass gradients on only if their input asks for one, and a frozen embedding's does not.
        model.enable_input_require_grads()
        model.activation_checkpointing_enable({"use_reentrant": False})
    return ready


@contextmanager
def old_names() -> Iterator[None]:
    """Let peft 0.21 ask transformers 5.23 by a name that it calls old, and be asked for a name that it dislikes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        # TRL's adapter "ref" beside a prefix; it is gone before anything is saved.
        warnings.filterwarnings("ignore", message="Adapter name 'ref'", category=UserWarning)
        yield


def _unfreeze(model: PreTrainedModel, recipe: Recipe) -> None:
    everything = recipe.method == "full"
    for parameter in model.parameters():
        parameter.requires_grad = everything
    if everything:
        return
    decoder = model.get_decoder()
    for block in [*decoder.layers[-recipe.n_layers :], decoder.norm]:
        for parameter in block.parameters():
            parameter.requires_grad = True


def count(model: nn.Module) -> Trainable:
    """Count a model's parameters, tied ones once."""
    trainable = total = 0
    for parameter in model.parameters():
        packed = getattr(parameter, "quant_state", None)
        size = packed.shape.numel() if packed is not None else parameter.numel()
        total += size
        trainable += size if parameter.requires_grad else 0
    return Trainable(trainable=trainable, total=total)
