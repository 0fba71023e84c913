"""IA3: learned vectors that rescale keys, values and the inside of the feed-forward network.

Liu et al. 2022, https://arxiv.org/abs/2205.05638.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.shape import ModelShape
from finetune.methods.memory import DTYPE_BYTES, frozen_layer_bytes
from finetune.methods.method import ALL_LINEAR, Method, MethodSettings
from finetune.training.machine import Dtype

if TYPE_CHECKING:
    from peft import PeftConfig

_TARGETS, _FEEDFORWARD = ("k_proj", "v_proj", "down_proj"), ("down_proj",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ia3Method(Method):
    """A vector on the input of linears inside the feed-forward network, on the output of others."""

    merges: bool = True
    adapter: bool = True

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return IA3's configuration."""
        import peft

        targets = list(_targets(settings))
        inner = [name for name in targets if name in _FEEDFORWARD]
        return peft.IA3Config(task_type="CAUSAL_LM", target_modules=targets, feedforward_modules=inner)

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the lengths of all vectors."""
        lengths = (shape.linears[name][0 if name in _FEEDFORWARD else 1] for name in _targets(settings))
        return shape.layers * sum(lengths)

    def layer_bytes_per_token(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what a frozen layer keeps, and what is rescaled."""
        keys = shape.kv_heads * shape.head_dim
        return frozen_layer_bytes(shape, dtype) + 2 * DTYPE_BYTES[dtype] * keys + 4 * shape.intermediate


def _targets(settings: MethodSettings) -> tuple[str, ...]:
    return _TARGETS if settings.target_modules == ALL_LINEAR else settings.target_modules


METHODS = (Ia3Method(name="ia3", title="IA3"),)
