"""What a training method is: its properties, its peft configuration, how many parameters it trains, what it needs.

A method is an instance of a subclass in `finetune/methods/kinds/`; `finetune.methods.registry` finds it there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.errors import ConfigError
from finetune.data.shape import ModelShape
from finetune.methods.memory import (
    CONTEXT_BYTES,
    DOUBLE_SCALE_BITS,
    DTYPE_BYTES,
    GRADIENT_BYTES,
    LOGIT_BYTES,
    MOMENT_BYTES,
    NF4_BITS,
    SCALE_BITS,
    WEIGHT_BYTES,
    Memory,
    StepSize,
    frozen_layer_bytes,
)
from finetune.training.machine import Dtype

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

ALL_LINEAR = ("all-linear",)


class MethodSettings(Protocol):
    """The fields of a recipe that a method may read; `finetune.recipe.Recipe` has them."""

    @property
    def rank(self) -> int: ...
    @property
    def lora_alpha(self) -> float: ...
    @property
    def dropout(self) -> float: ...
    @property
    def target_modules(self) -> tuple[str, ...]: ...
    @property
    def layers_to_transform(self) -> tuple[int, ...]: ...
    @property
    def n_layers(self) -> int: ...
    @property
    def virtual_tokens(self) -> int: ...
    @property
    def adapter_layers(self) -> int: ...
    @property
    def double_quant(self) -> bool: ...
    @property
    def gradient_checkpointing(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(ABC):
    """A training method.

    Attributes:
        name: As recipes spell it.
        title: Its name for a reader.
        merges: Whether the result can become ordinary weights.
        adapter: Whether the base stays frozen and weights are added to it.
        lora: Whether it is low-rank adaptation of linear layers, with `rank` and `alpha`.
        chooses_modules: Whether it changes the layers that `target_modules` names.
        virtual_tokens: Whether the trained weights stand before the prompt as tokens.
        recomputes: Whether gradient checkpointing recomputes a layer together with what the method adds to it.
        unquantised: The same method on a full-precision base; empty where this one does not quantise the base.
    """

    name: str
    title: str
    merges: bool
    adapter: bool
    lora: bool = False
    chooses_modules: bool = False
    virtual_tokens: bool = False
    recomputes: bool = True
    unquantised: str = ""

    @property
    def quantised(self) -> bool:
        """Whether the linear layers of the base are loaded in four bits."""
        return bool(self.unquantised)

    @property
    def switches_off(self) -> bool:
        """Whether the base can be asked while the method's weights are loaded."""
        return self.adapter and not self.virtual_tokens

    @property
    def served(self) -> str:
        """Where the result can run, as the end of a sentence."""
        if self.merges:
            return "anywhere: merged weights run in transformers, vLLM, Ollama and GGUF runtimes"
        return "in transformers with peft only: it cannot be merged, so there is no GGUF and no Ollama model"

    @abstractmethod
    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return how many parameters are trained, as peft builds them."""

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration of the adapter.

        Raises:
            ConfigError: The method adds no adapter.
        """
        raise ConfigError(f"method {self.name} adds no adapter", hint="kb finetune --method lora --data DIR")

    def resumed_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration under which a saved adapter is trained further."""
        return self.peft_config(settings, shape)

    def unfreeze(self, model: PreTrainedModel, settings: MethodSettings) -> None:
        """Mark which of the base's own weights are trained; under an adapter none."""
        model.requires_grad_(False)

    def faults(self, settings: MethodSettings, shape: ModelShape) -> Iterator[str]:
        """Yield why a model of this shape cannot be trained so, one sentence each."""
        yield from ()

    def reached_layers(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return how many layers the gradient passes through, counted from the output."""
        return shape.layers

    def passes(self, settings: MethodSettings, shape: ModelShape) -> float:
        """Return the operations of forward and backward pass in units of the forward pass.

        A frozen matrix needs the gradient of its input alone, a trained one that of its weights too (Kaplan et al.
        2020, https://arxiv.org/abs/2001.08361, section 2.1).
        """
        return 2.0

    def layer_bytes_per_token(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what one layer keeps per token for the backward pass."""
        return frozen_layer_bytes(shape, dtype)

    def layer_bytes(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what one layer keeps for the backward pass whatever the number of tokens."""
        return 0.0

    def weight_bytes(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return the memory of the base's weights; trained ones are f32."""
        size = DTYPE_BYTES[dtype]
        if not self.adapter:
            return float(shape.parameters * DTYPE_BYTES["f32"])
        if not (self.quantised or shape.four_bit):
            return float(shape.parameters * size)
        bits = NF4_BITS + (DOUBLE_SCALE_BITS if settings.double_quant else SCALE_BITS)
        return shape.linear_parameters * bits / 8 + (shape.parameters - shape.linear_parameters) * size

    def activation_bytes(self, settings: MethodSettings, shape: ModelShape, step: StepSize) -> float:
        """Return what a forward pass keeps for the backward pass, logits aside.

        With checkpointing every layer keeps its input and one layer at a time is recomputed; without, all layers that
        the gradient reaches keep everything.
        """
        layer = step.tokens * self.layer_bytes_per_token(settings, shape, step.dtype)
        layer += self.layer_bytes(settings, shape, step.dtype)
        if not settings.gradient_checkpointing:
            return self.reached_layers(settings, shape) * layer
        residual = step.number_bytes if self.adapter else DTYPE_BYTES["f32"]
        return shape.layers * step.tokens * shape.hidden * residual + layer

    def memory_bytes(self, settings: MethodSettings, shape: ModelShape, step: StepSize) -> Memory:
        """Return the peak memory of a training step."""
        trainable = self.trainable_parameters(settings, shape)
        context = CONTEXT_BYTES[step.device] if step.context_bytes is None else step.context_bytes
        return Memory(
            weights=self.weight_bytes(settings, shape, step.dtype),
            adapters=float(trainable * WEIGHT_BYTES if self.adapter else 0),
            gradients=float(trainable * GRADIENT_BYTES),
            optimiser=float(trainable * MOMENT_BYTES),
            activations=self.activation_bytes(settings, shape, step),
            logits=float(step.scored_tokens * shape.vocabulary * LOGIT_BYTES[step.device]),
            context=float(context),
        )
