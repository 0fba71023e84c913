"""A few decoder layers of random weights under LoRA, and an output matrix, to time forward and backward passes with.

Layers are those of the Llama family without what takes no time: rotations of queries and keys.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu

from finetune.data.shape import ModelShape
from finetune.training.machine import Device, Dtype

_RANK = 16
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "f32": torch.float32}


class _Linear(nn.Module):  # type: ignore[misc]  # torch has no types here
    """A frozen matrix with a trained low-rank one beside it."""

    def __init__(self, inputs: int, outputs: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs).mul_(0.02).to(dtype), requires_grad=False)
        self.down = nn.Parameter(torch.randn(_RANK, inputs).mul_(0.02))
        self.up = nn.Parameter(torch.zeros(outputs, _RANK))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs @ self.weight.T + (inputs @ self.down.T) @ self.up.T


class _Layer(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Attention over a line and a feed-forward network, each with a norm before it."""

    def __init__(self, shape: ModelShape, dtype: torch.dtype) -> None:
        super().__init__()
        self.shape = shape
        self.linears = nn.ModuleDict({name: _Linear(*sizes, dtype) for name, sizes in shape.linears.items()})

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        states = states + self._attention(rms_norm(states, states.shape[-1:]))
        normed = rms_norm(states, states.shape[-1:])
        inner = self.linears["up_proj"](normed)
        inner = silu(self.linears["gate_proj"](normed)) * inner if self.shape.gated else silu(inner)
        return states + self.linears["down_proj"](inner)

    def _attention(self, states: torch.Tensor) -> torch.Tensor:
        shape = self.shape
        queries, keys, values = (
            self.linears[name](states).unflatten(-1, (heads, shape.head_dim)).transpose(1, 2)
            for name, heads in (("q_proj", shape.heads), ("k_proj", shape.kv_heads), ("v_proj", shape.kv_heads))
        )
        mixed = scaled_dot_product_attention(queries, keys, values, is_causal=True, enable_gqa=True)
        return self.linears["o_proj"](mixed.transpose(1, 2).flatten(2))


def line_step(shape: ModelShape, layers: int, tokens: int, dtype: Dtype, device: Device = "cpu") -> Callable[[], None]:
    """Return a step that runs a line of tokens through some layers, forward and backward."""
    half: AbstractContextManager[Any] = nullcontext()
    half = half if dtype == "f32" else torch.autocast(device, _DTYPES[dtype])
    stack = [_Layer(shape, _DTYPES[dtype]).to(device) for _ in range(layers)]
    states = torch.randn(1, tokens, shape.hidden).to(device, _DTYPES[dtype]).requires_grad_()

    def step() -> None:
        out = states
        with half:
            for layer in stack:
                out = layer(out)
        out.float().sum().backward()

    return step


def label_step(shape: ModelShape, labels: int, dtype: Dtype, device: Device = "cpu") -> Callable[[], None]:
    """Return a step that scores labels with the output matrix and computes the gradient of what it was given."""
    hidden = torch.randn(labels, shape.hidden).to(device, _DTYPES[dtype])
    # Larger weights give probabilities so small that a processor takes ten times longer for them (subnormal numbers).
    weight = torch.randn(shape.vocabulary, shape.hidden).mul_(0.02).to(device, _DTYPES[dtype])

    def step() -> None:
        logits = (hidden @ weight.T).float()
        _ = logits.softmax(-1).to(weight.dtype) @ weight, logits.logsumexp(-1), logits.argmax(-1)

    return step
