"""Peak memory of a training step and the sizes it follows from, with the figures that every method shares.

Activations are those of transformers' Llama and Qwen2 modules in eager mode, counted tensor by tensor;
`tests/finetune/test_estimate.py` counts them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finetune.data.shape import ModelShape
from finetune.training.machine import GIB, Device, Dtype

DTYPE_BYTES: Mapping[Dtype, int] = {"bf16": 2, "fp16": 2, "f32": 4}
# A four-bit weight, and its share of a scale: one f32 per 64 weights, or (Dettmers et al. 2023, section 3,
# https://arxiv.org/abs/2305.14314) 0.127 bits when the scales are quantised too.
NF4_BITS, SCALE_BITS, DOUBLE_SCALE_BITS = 4.0, 0.5, 0.127
# AdamW in f32: weight 4, gradient 4, two moments 8.
WEIGHT_BYTES, GRADIENT_BYTES, MOMENT_BYTES = 4, 4, 8
# Logits as loss and gradient: once in half precision, twice in f32. A CPU keeps as much again: measured as resident
# memory, SmolLM2 with LoRA, 1, 4 and 8 rows of 300 tokens (1.82, 3.5 and 5.85 GiB).
LOGIT_BYTES: Mapping[Device, int] = {"cuda": 10, "cpu": 20}
# A CUDA context with its libraries; a process with torch, transformers and peft together with the freed blocks that the
# C library keeps (0.25 GiB with packed rows, up to 1.3 GiB with long padded rows).
CONTEXT_BYTES: Mapping[Device, int] = {"cuda": 3 * GIB // 4, "cpu": 5 * GIB // 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSize:
    """What one forward and backward pass has to hold.

    Attributes:
        tokens: Tokens in the pass, padding included.
        scored_tokens: Tokens whose logits exist at the same time.
        dtype: Arithmetic of the pass.
        device: `cuda` or `cpu`.
        context_bytes: Memory of the process before any weight; None for the usual figure of the device.
    """

    tokens: int
    scored_tokens: int
    dtype: Dtype
    device: Device
    context_bytes: float | None = None

    @property
    def number_bytes(self) -> int:
        """Bytes of one activation."""
        return DTYPE_BYTES[self.dtype]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Peak memory of a training step on one device, in bytes."""

    weights: float
    adapters: float
    gradients: float
    optimiser: float
    activations: float
    logits: float
    context: float

    @property
    def total(self) -> float:
        """Sum of all parts."""
        model = self.weights + self.adapters + self.gradients + self.optimiser
        return model + self.activations + self.logits + self.context


def frozen_layer_bytes(shape: ModelShape, dtype: Dtype) -> float:
    """Return what a layer of frozen weights keeps per token for the backward pass: norms, attention and the gate."""
    size = DTYPE_BYTES[dtype]
    norms = (16 if dtype == "f32" else 12) * shape.hidden
    return norms + 2 * size * _key_width(shape) + 3 * size * shape.intermediate + _statistics(shape)


def trained_layer_bytes(shape: ModelShape, dtype: Dtype) -> float:
    """Return what a layer of trained weights keeps per token: the input of every matrix product too."""
    hidden, keys, inner = shape.hidden, _key_width(shape), shape.intermediate
    kept = 32 * hidden + 8 * keys + 16 * inner if dtype == "f32" else 30 * hidden + 4 * keys + 8 * inner
    return kept + _statistics(shape)


def _key_width(shape: ModelShape) -> int:
    return shape.kv_heads * shape.head_dim


def _statistics(shape: ModelShape) -> int:
    """Return the bytes of softmax statistics per head and of the two norms, f32."""
    return 4 * shape.heads + 8
