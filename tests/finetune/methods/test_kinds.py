"""What methods say of themselves, without peft: where they run, which models they refuse, what they cost."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from finetune.data.shape import KNOWN_SHAPES
from finetune.methods.memory import Memory, StepSize
from finetune.methods.registry import METHODS
from finetune.recipe import Recipe

SMOLLM2 = KNOWN_SHAPES["smollm2"]
STEP = StepSize(tokens=512, scored_tokens=512, dtype="bf16", device="cuda", context_bytes=0)


def _memory(method: str, **choices: object) -> Memory:
    recipe = Recipe.model_validate({"method": method, **choices})
    return recipe.training_method.memory_bytes(recipe, SMOLLM2, STEP)


def test_what_cannot_be_merged_says_that_there_is_no_gguf() -> None:
    assert {name for name, method in METHODS.items() if not method.merges} == {
        "prompt",
        "prefix",
        "p-tuning",
        "llama-adapter",
    }
    assert all(("no GGUF" in method.served) is not method.merges for method in METHODS.values())


def test_memory_ranks_methods_as_their_trained_weights_do() -> None:
    total = {method: _memory(method).total for method in ("full", "last-n-layers", "lora", "qlora", "prompt")}
    assert total["full"] > total["last-n-layers"] > total["lora"] > total["qlora"]
    assert _memory("dora").total > _memory("lora").total > _memory("ia3").total
    assert _memory("full").adapters == 0 < _memory("lora").adapters


def test_checkpointing_needs_less_for_every_method() -> None:
    for name, method in METHODS.items():
        plain, recomputed = _memory(name), _memory(name, gradient_checkpointing=True)
        assert recomputed.activations < plain.activations, name
        assert method.trainable_parameters(Recipe(method=name), SMOLLM2) < SMOLLM2.parameters + 1


@pytest.mark.parametrize(
    ("method", "choices", "shape", "fault"),
    [
        ("full", {}, replace(SMOLLM2, four_bit=True), "stored in four bits.*use method=qlora"),
        ("last-n-layers", {"n_layers": 31}, SMOLLM2, "30 layers, fewer than n_layers=31"),
        ("llama-adapter", {}, replace(SMOLLM2, model_type="qwen2"), "not qwen2; use method=lora"),
    ],
)
def test_a_model_that_a_method_cannot_train_is_named(
    method: str, choices: dict[str, Any], shape: Any, fault: str
) -> None:
    recipe = Recipe.model_validate({"method": method, **choices})
    (message,) = recipe.training_method.faults(recipe, shape)
    assert re.search(fault, message)
    assert not list(recipe.training_method.faults(Recipe(method=method), SMOLLM2))


def test_a_quantised_method_names_its_full_precision_form() -> None:
    for method in METHODS.values():
        assert method.quantised == bool(method.unquantised)
        assert not method.unquantised or not METHODS[method.unquantised].quantised


def test_ia3_and_lora_train_the_targets_alone() -> None:
    for name, expected in (("ia3", 30 * 192), ("lora", 30 * 16 * (576 + 192))):
        recipe = Recipe(method=name, target_modules=("k_proj",))
        assert recipe.training_method.trainable_parameters(recipe, SMOLLM2) == expected
