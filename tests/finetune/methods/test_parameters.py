"""Trained parameters and memory of every kind of method on a model small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import ConfigError
from finetune.methods.memory import StepSize
from finetune.training.machine import Dtype
from tests.support.small_shape import SHAPE, recipe

PARAMETERS = 2 * 592 + 32 * 8 + 8
STEP = StepSize(tokens=10, scored_tokens=4, dtype="bf16", device="cuda", context_bytes=100)


@pytest.mark.parametrize(
    ("method", "choices", "count"),
    [
        ("full", {}, PARAMETERS),
        ("last-n-layers", {"n_layers": 1}, 592 + 8),
        ("last-n-layers", {"n_layers": 9}, 2 * 592 + 8),
        ("lora", {}, 2 * 2 * 128),
        ("lora", {"layers_to_transform": (0,)}, 2 * 128),
        ("lora", {"target_modules": ("q_proj", "down_proj")}, 2 * 2 * (16 + 24)),
        ("rslora", {}, 2 * 2 * 128),
        ("qlora", {}, 2 * 2 * 128),
        ("dora", {}, 2 * (2 * 128 + 64)),
        ("ia3", {}, 2 * (4 + 4 + 16)),
        ("ia3", {"target_modules": ("q_proj",)}, 2 * 8),
        ("prompt", {}, 5 * 8),
        ("p-tuning", {}, 5 * 8 + 3 * 8 * 9),
        ("prefix", {}, 5 * 2 * 2 * 4),
        ("llama-adapter", {}, 5 * 8 + 1),
        ("llama-adapter", {"adapter_layers": 2}, 2 * 41),
        ("llama-adapter", {"adapter_layers": 9}, 2 * 41),
    ],
)
def test_trained_parameters(method: str, choices: dict[str, Any], count: int) -> None:
    chosen = recipe(method, **choices)
    assert SHAPE.parameters == PARAMETERS
    assert chosen.training_method.trainable_parameters(chosen, SHAPE) == count


@pytest.mark.parametrize(
    ("method", "choices", "size"),
    [
        ("lora", {}, 2 * PARAMETERS),
        ("full", {}, 4 * PARAMETERS),
        ("qlora", {"double_quant": False}, 1152 * 4.5 / 8 + 2 * 296),
        ("qlora", {"double_quant": True}, 1152 * 4.127 / 8 + 2 * 296),
    ],
)
def test_weights_take_the_bytes_of_their_format(method: str, choices: dict[str, Any], size: float) -> None:
    chosen = recipe(method, **choices)
    assert chosen.training_method.weight_bytes(chosen, SHAPE, "bf16") == pytest.approx(size)


def test_a_base_stored_in_four_bits_takes_four_bits() -> None:
    chosen = recipe("lora", double_quant=False)
    stored = replace(SHAPE, four_bit=True)
    assert chosen.training_method.weight_bytes(chosen, stored, "f32") == pytest.approx(1152 * 4.5 / 8 + 4 * 296)


@pytest.mark.parametrize(
    ("method", "dtype", "size"),
    [
        ("full", "f32", 0),
        ("full", "bf16", 2 * 576),
        ("lora", "f32", 0),
        ("lora", "bf16", 2 * 2 * 128),
        ("dora", "bf16", 2 * 2 * 128 + 2 * (6 * 8 * 10 + 16 * 18)),
        ("dora", "f32", 4 * (6 * 8 * 10 + 16 * 18)),
        ("prompt", "bf16", 0),
    ],
)
def test_a_layer_keeps_copies_of_its_matrices(method: str, dtype: Dtype, size: float) -> None:
    chosen = recipe(method)
    assert chosen.training_method.layer_bytes(chosen, SHAPE, dtype) == size


@pytest.mark.parametrize(
    ("method", "choices", "passes"),
    [
        ("full", {}, 3.0),
        ("last-n-layers", {"n_layers": 1}, 2.0),
        ("last-n-layers", {"n_layers": 2}, 3.0),
        ("lora", {}, 2.0),
    ],
)
def test_frozen_weights_need_no_gradient(method: str, choices: dict[str, Any], passes: float) -> None:
    chosen = recipe(method, **choices)
    assert chosen.training_method.passes(chosen, SHAPE) == passes


def test_a_step_holds_adapters_gradients_moments_and_logits() -> None:
    chosen = recipe("lora")
    memory = chosen.training_method.memory_bytes(chosen, SHAPE, STEP)
    assert (memory.adapters, memory.gradients, memory.optimiser) == (512 * 4, 512 * 4, 512 * 8)
    assert memory.weights == 2 * PARAMETERS
    assert memory.logits == 4 * 32 * 10
    assert memory.context == 100
    whole = recipe("full").training_method.memory_bytes(recipe("full"), SHAPE, STEP)
    assert (whole.adapters, whole.gradients) == (0, 4 * PARAMETERS)


def test_checkpointing_keeps_the_input_of_every_layer_and_one_layer_whole() -> None:
    plain, recomputed = recipe("prompt"), recipe("prompt", gradient_checkpointing=True)
    method = plain.training_method
    layer = 10 * method.layer_bytes_per_token(plain, SHAPE, "bf16")
    assert method.activation_bytes(plain, SHAPE, STEP) == 2 * layer
    assert method.activation_bytes(recomputed, SHAPE, STEP) == 2 * 10 * 8 * 2 + layer
    full = recipe("full", gradient_checkpointing=True)
    whole = full.training_method
    kept = 10 * whole.layer_bytes_per_token(full, SHAPE, "bf16") + whole.layer_bytes(full, SHAPE, "bf16")
    assert whole.activation_bytes(full, SHAPE, STEP) == 2 * 10 * 8 * 4 + kept


def test_a_frozen_layer_keeps_norms_keys_and_gate() -> None:
    # bf16: norms 12 x 8, keys 2 x 2 x 4, gate 3 x 2 x 16, statistics 4 x 2 + 8.
    chosen = recipe("prompt")
    assert chosen.training_method.layer_bytes_per_token(chosen, SHAPE, "bf16") == 96 + 16 + 96 + 16
    ia3 = recipe("ia3")
    assert ia3.training_method.layer_bytes_per_token(ia3, SHAPE, "bf16") == 224 + 2 * 2 * 4 + 4 * 16


def test_a_method_without_adapter_has_no_configuration() -> None:
    full = recipe("full")
    with pytest.raises(ConfigError, match="method full adds no adapter"):
        full.training_method.peft_config(full, SHAPE)


def test_ia3_scales_queries_keys_and_values_whole_where_they_are_one_matrix() -> None:
    chosen = recipe("ia3")
    for model_type in ("phi3", "gpt_neox", "gpt2"):
        shape = replace(SHAPE, model_type=model_type)
        assert chosen.training_method.trainable_parameters(chosen, shape) == 2 * (8 + 4 + 4 + 16)
