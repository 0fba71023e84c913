"""IA3: learned vectors that rescale keys, values and the inside of the feed-forward network.

Liu et al. 2022, https://arxiv.org/abs/2205.05638.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.shape import ModelShape
from finetune.methods.memory import DTYPE_BYTES, frozen_layer_bytes
from finetune.methods.method import ALL_LINEAR, Method, MethodSettings
from finetune.training.machine import Dtype

if TYPE_CHECKING:
    from peft import PeftConfig

_TARGETS = ("k_proj", "v_proj", "down_proj")
# Families that call these linears otherwise or store queries, keys and values as one matrix, which is rescaled whole.
_OTHER_TARGETS: Mapping[str, tuple[str, ...]] = {
    "phi3": ("qkv_proj", "down_proj"),
    "phi": ("k_proj", "v_proj", "fc2"),
    "opt": ("k_proj", "v_proj", "fc2"),
    "gptj": ("k_proj", "v_proj", "fc_out"),
    "gpt_neo": ("k_proj", "v_proj", "mlp.c_proj"),
    "starcoder2": ("k_proj", "v_proj", "mlp.c_proj"),
    "gpt2": ("c_attn", "mlp.c_proj"),
    "gpt_bigcode": ("c_attn", "mlp.c_proj"),
    "gpt_neox": ("query_key_value", "dense_4h_to_h"),
    "bloom": ("query_key_value", "dense_4h_to_h"),
    "falcon": ("query_key_value", "dense_4h_to_h"),
}
_FEEDFORWARD = ("down_proj", "fc2", "fc_out", "mlp.c_proj", "dense_4h_to_h")
_FUSED = ("qkv_proj", "c_attn", "query_key_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ia3Method(Method):
    """A vector on the input of linears inside the feed-forward network, on the output of others."""

    merges: bool = True
    adapter: bool = True
    chooses_modules: bool = True

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return IA3's configuration."""
        import peft

        targets = list(_targets(settings, shape))
        inner = [name for name in targets if name in _FEEDFORWARD]
        return peft.IA3Config(task_type="CAUSAL_LM", target_modules=targets, feedforward_modules=inner)

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the lengths of all vectors."""
        return shape.layers * sum(_length(name, shape) for name in _targets(settings, shape))

    def layer_bytes_per_token(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what a frozen layer keeps, and what is rescaled."""
        keys = shape.kv_heads * shape.head_dim
        return frozen_layer_bytes(shape, dtype) + 2 * DTYPE_BYTES[dtype] * keys + 4 * shape.intermediate


def _targets(settings: MethodSettings, shape: ModelShape) -> tuple[str, ...]:
    if settings.target_modules != ALL_LINEAR:
        return settings.target_modules
    return _OTHER_TARGETS.get(shape.model_type, _TARGETS)


def _length(name: str, shape: ModelShape) -> int:
    """Return the length of the vector on a linear; 0 for one that the shape does not list."""
    if name in _FEEDFORWARD:
        return shape.intermediate
    if name in _FUSED:
        return (shape.heads + 2 * shape.kv_heads) * shape.head_dim
    return shape.linears[name][1] if name in shape.linears else 0


METHODS = (Ia3Method(name="ia3", title="IA3"),)
