"""Makes a loaded base trainable by the method of a recipe, and counts the parameters that are trained.

Trainable weights are float32 whatever the dtype of the base: half precision loses small updates.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.chat.local.peft_adapter import peft_warnings_ignored
from core.errors import ConfigError
from finetune.data.shape import ModelShape
from finetune.recipe import Recipe

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import nn
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainable:
    """How many parameters of a model are trained; a four-bit weight counts as one parameter."""

    trainable: int
    total: int

    @property
    def percent(self) -> float:
        """Trained share of all parameters."""
        return 100 * self.trainable / self.total

    def __str__(self) -> str:
        return f"trainable {self.trainable:,} of {self.total:,} parameters ({self.percent:.3f}%)"


def make_trainable(model: PreTrainedModel, recipe: Recipe, shape: ModelShape) -> PreTrainedModel | PeftModel:
    """Freeze, unfreeze or add weights as the method says; the base is changed in place.

    Args:
        model: From `finetune.training.base.load_model`.

    Raises:
        ConfigError: The method does not support this model.
    """
    import peft
    import torch

    method = recipe.training_method
    torch.manual_seed(recipe.seed)  # adapters start from random numbers
    ready: PreTrainedModel | PeftModel = model
    if method.adapter:
        try:
            config = method.peft_config(recipe, shape)
            if recipe.embedding_rows > shape.vocabulary:
                config.trainable_token_indices = _new_rows(model, recipe, shape)
                # What the trainer writes into a checkpoint: more than is needed.
                warnings.filterwarnings("ignore", message="Setting `save_embedding_layers`", category=UserWarning)
            with peft_warnings_ignored():
                ready = peft.get_peft_model(model, config)
        except ValueError as error:
            message = f"method {method.name} does not support this {model.config.model_type} model: {error}"
            raise ConfigError(message, hint="kb finetune --method lora --data DIR") from error
    else:
        method.unfreeze(model, recipe)
    for parameter in ready.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if recipe.gradient_checkpointing:
        # Checkpointed blocks pass gradients on only if their input asks for one, and a frozen embedding's does not.
        model.enable_input_require_grads()
        model.activation_checkpointing_enable({"use_reentrant": False})
    return ready


def _new_rows(model: PreTrainedModel, recipe: Recipe, shape: ModelShape) -> dict[str, list[int]]:
    """Return the rows that were added to the embedding, and to an output matrix of its own, by the module's name."""
    rows = list(range(shape.vocabulary, recipe.embedding_rows))
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    modules = [embedding] if head is None or head.weight is embedding.weight else [embedding, head]
    names = {id(module): name for name, module in model.named_modules()}
    return {names[id(module)].rpartition(".")[2]: rows for module in modules}


def count(model: nn.Module) -> Trainable:
    """Count the parameters of a model, tied ones once."""
    trainable = total = 0
    for parameter in model.parameters():
        packed = getattr(parameter, "quant_state", None)
        size = packed.shape.numel() if packed is not None else parameter.numel()
        total += size
        trainable += size if parameter.requires_grad else 0
    return Trainable(trainable=trainable, total=total)
