"""A model of few layers and random weights, trained on a line as a run trains it, to time forward and backward passes.

Layers, adapters, packing, attention and output matrix are those of a run: what stands between the matrix products takes
a fourth of a small model's time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaModel

from core.chat.local.peft_adapter import peft_warnings_ignored
from finetune.data.collate import Part, StepCollator
from finetune.data.shape import ModelShape
from finetune.training.head import frozen_log_probs
from finetune.training.line_attention import use_line_attention
from finetune.training.machine import Device, Dtype

_RANK = 32
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "f32": torch.float32}
# Rows of the embedding, which is looked up and takes no time.
_EMBEDDING_ROWS = 64
# Of a line, the part that is passages; rows with their questions and answers follow it.
_SHARED, _ROWS = 0.75, 4
# Matrices of a feed-forward network without a gate, of the three that the probe has.
_PLAIN_MATRICES = 2 / 3


def line_step(shape: ModelShape, layers: int, tokens: int, dtype: Dtype, device: Device = "cpu") -> Callable[[], None]:
    """Return a step that runs a line of tokens through some layers, forward and backward.

    Args:
        shape: Of the model; one of another family is timed as a Llama of its sizes.
        layers: That are run.
        tokens: Of the line: passages, and rows that ask about them.
        dtype: Of the frozen weights and of the products.
    """
    half: AbstractContextManager[Any] = nullcontext()
    half = half if dtype == "f32" else torch.autocast(device, _DTYPES[dtype])
    model = _model(shape, layers, dtype, device)
    part = _part(tokens, segments=device == "cpu" and use_line_attention(model))
    part = {name: values.to(device) for name, values in part.items()}

    def step() -> None:
        with half:
            states = model(**part, use_cache=False).last_hidden_state
        states.float().sum().backward()

    return step


def _model(shape: ModelShape, layers: int, dtype: Dtype, device: Device) -> Any:
    """Return layers of random weights, with adapters in float32 at all of their matrices."""
    config = LlamaConfig(
        vocab_size=_EMBEDDING_ROWS,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate if shape.gated else round(_PLAIN_MATRICES * shape.intermediate),
        num_hidden_layers=layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        attn_implementation="sdpa",
    )
    model = LlamaModel(config).to(device, _DTYPES[dtype])
    with peft_warnings_ignored():
        adapted = get_peft_model(model, LoraConfig(r=_RANK, target_modules="all-linear"))
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return adapted.train()


def _part(tokens: int, *, segments: bool) -> Part:
    """Return a line as the collator makes it of rows that ask about the same passages."""
    shared = int(_SHARED * tokens)
    own = (tokens - shared) // _ROWS
    passages = [index % _EMBEDDING_ROWS for index in range(shared)]
    rows = [
        {"input_ids": [*passages, *[row] * own], "labels": [-100] * (shared + 1) + [row] * (own - 1)}
        for row in range(_ROWS)
    ]
    (part,) = StepCollator(pad_id=0, packed=True, part_tokens=tokens, segments=segments)(rows)["parts"]
    return {name: values for name, values in part.items() if name != "labels"}


def label_step(shape: ModelShape, labels: int, dtype: Dtype, device: Device = "cpu") -> Callable[[], None]:
    """Return a step that scores labels with the output matrix and computes the gradient of what it was given."""
    hidden = torch.randn(labels, shape.hidden).to(device, _DTYPES[dtype]).requires_grad_()
    # Larger weights give probabilities so small that a processor takes ten times longer for them (subnormal numbers).
    weight = torch.randn(shape.vocabulary, shape.hidden).mul_(0.02).to(device, _DTYPES[dtype])
    targets = torch.zeros(labels, dtype=torch.int64, device=device)

    def step() -> None:
        log_probs, _ = frozen_log_probs(hidden, weight, targets)
        log_probs.sum().backward()

    return step
