"""LLaMA-Adapter: learned tokens inside the attention of the upper layers, behind a gate that starts closed.

Zhang et al. 2023, https://arxiv.org/abs/2303.16199.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.shape import ModelShape
from finetune.methods.memory import DTYPE_BYTES, frozen_layer_bytes
from finetune.methods.method import Method, MethodSettings
from finetune.training.machine import Dtype

if TYPE_CHECKING:
    from peft import PeftConfig

# The paper leaves the lowest layers as they are.
_UNTOUCHED_LAYERS = 2
# Architectures whose attention peft can replace.
_ARCHITECTURES = ("llama", "mistral")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaAdapter(Method):
    """Learned keys and values of virtual tokens in the attention of the upper layers."""

    merges: bool = False
    adapter: bool = True
    recomputes: bool = False

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration of the adapter."""
        import peft

        return peft.AdaptionPromptConfig(
            task_type="CAUSAL_LM",
            adapter_len=settings.virtual_tokens,
            adapter_layers=self.reached_layers(settings, shape),
        )

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the virtual tokens and one gate per layer."""
        return self.reached_layers(settings, shape) * (settings.virtual_tokens * shape.hidden + 1)

    def faults(self, settings: MethodSettings, shape: ModelShape) -> Iterator[str]:
        """Refuse architectures that peft does not adapt so."""
        if shape.model_type not in _ARCHITECTURES:
            yield f"LLaMA-Adapter supports llama and mistral models, not {shape.model_type}; use method=lora"

    def reached_layers(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return how many layers are adapted, from the top."""
        return min(settings.adapter_layers, shape.layers) or max(1, shape.layers - _UNTOUCHED_LAYERS)

    def layer_bytes_per_token(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what a frozen layer keeps, and the attention to the virtual tokens."""
        scores = 7.5 * shape.heads * settings.virtual_tokens
        return frozen_layer_bytes(shape, dtype) + (1.5 * shape.hidden + scores) * DTYPE_BYTES[dtype]


METHODS = (LlamaAdapter(name="llama-adapter", title="LLaMA-Adapter"),)
