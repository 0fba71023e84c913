"""The estimator against published figures, against peft's own counts, and against tensors counted one by one."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from finetune.data.shape import KNOWN_SHAPES, shape_of
from finetune.estimate import (
    check_fits,
    estimate,
    flops_per_token,
    largest_micro_batch,
    memory,
)
from finetune.methods.registry import METHOD_NAMES
from finetune.recipe import Recipe
from finetune.training.machine import GIB, GPUS, Dtype, named_gpu
from tests.support.tiny_models import CPU, tiny_config

LLAMA_8B = KNOWN_SHAPES["meta-llama/Meta-Llama-3-8B-Instruct"]
needs_torch = pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]")


def test_parameters_are_the_published_ones() -> None:
    # Model cards: 8.03 B, 1.54 B, 0.49 B, 135 M.
    assert LLAMA_8B.parameters == 8_030_261_248
    assert KNOWN_SHAPES["Qwen/Qwen2.5-1.5B-Instruct"].parameters == 1_543_714_304
    assert KNOWN_SHAPES["Qwen/Qwen2.5-0.5B-Instruct"].parameters == 494_032_768
    assert KNOWN_SHAPES["smollm2"].parameters == 134_515_008


@pytest.mark.parametrize(("method", "published_gib"), [("qlora", 7.4), ("lora", 16.2)])
def test_memory_of_an_8b_model_is_the_published_one(method: str, published_gib: float) -> None:
    # torchtune's table for Llama 3.1 8B on one GPU: rank 8, 2 rows of 512, checkpointing.
    recipe = Recipe(method=method, rank=8, gradient_checkpointing=True)
    total = memory(LLAMA_8B, recipe, "bf16", 2, 512, "cuda", context_bytes=0).total
    assert total / GIB == pytest.approx(published_gib, rel=0.06)


@pytest.mark.parametrize(("rows", "measured_gib", "off"), [(1, 1.82, 0.2), (4, 3.5, 0.1), (8, 5.85, 0.1)])
def test_memory_on_a_cpu_is_the_measured_one(rows: int, measured_gib: float, off: float) -> None:
    # Peak resident memory of the second step, SmolLM2, rows of 300 tokens, bf16 autocast, AdamW. The least of them is
    # mostly what a process takes anyway, of which the estimate holds the most that was seen.
    recipe = Recipe(method="rslora", rank=32)
    found = memory(KNOWN_SHAPES["smollm2"], recipe, "bf16", rows, 300, "cpu").total
    assert found / GIB == pytest.approx(measured_gib, rel=off)


def test_four_bit_weights_cost_what_the_paper_says() -> None:
    quantised, single = (
        recipe.training_method.weight_bytes(recipe, LLAMA_8B, "bf16")
        for recipe in (Recipe(method="qlora"), Recipe(method="qlora", double_quant=False))
    )
    # 0.373 bits a weight saved by double quantisation (Dettmers et al. 2023).
    assert (single - quantised) * 8 / LLAMA_8B.linear_parameters == pytest.approx(0.373)
    assert quantised / GIB == pytest.approx(5.31, abs=0.01)


def test_flops_follow_six_n() -> None:
    full = flops_per_token(LLAMA_8B, Recipe(method="full"), 1)
    assert full == pytest.approx(6 * (LLAMA_8B.parameters - LLAMA_8B.vocabulary * LLAMA_8B.hidden), rel=1e-3)
    lora, again = Recipe(method="lora"), Recipe(method="lora", gradient_checkpointing=True)
    assert flops_per_token(LLAMA_8B, lora, 512) / flops_per_token(
        LLAMA_8B, Recipe(method="full"), 512
    ) == pytest.approx(2 / 3)
    assert flops_per_token(LLAMA_8B, again, 512) == pytest.approx(1.5 * flops_per_token(LLAMA_8B, lora, 512))


def test_the_largest_batch_that_fits_keeps_the_global_batch() -> None:
    shape = KNOWN_SHAPES["smollm2"]
    for free_gib in (2, 3, 6, 12, 24):
        found = estimate(
            shape, Recipe(batch_size=24), replace(CPU, free_bytes=free_gib * GIB), rows=100, row_tokens=512
        )
        assert found.micro_batch * found.accumulation == 24
        doubled = memory(shape, Recipe(), "bf16", 2 * found.micro_batch, 512, "cpu").total
        assert found.micro_batch * 512 <= 2048
        assert 2 * found.micro_batch * 512 > 2048 or doubled > 0.9 * free_gib * GIB or 24 % (2 * found.micro_batch)
    assert largest_micro_batch(shape, Recipe(batch_size=24), 512, replace(CPU, free_bytes=0)) == 1


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(ConfigError, match="14\\.5 GiB free"):
        check_fits(estimate(LLAMA_8B, Recipe(method="full"), GPUS["t4"], rows=10, row_tokens=128))
    check_fits(
        estimate(LLAMA_8B, Recipe(method="qlora", gradient_checkpointing=True), GPUS["t4"], rows=10, row_tokens=128)
    )


def test_several_gpus_share_the_model_the_batch_and_the_time() -> None:
    recipe = Recipe(method="full", batch_size=32, gradient_checkpointing=True)
    one, eight = (estimate(LLAMA_8B, recipe, named_gpu(name), rows=1000, row_tokens=512) for name in ("h100", "8xh100"))
    assert not one.fits and eight.fits
    # Weights, gradients and moments in parts; the layers that compute and the embedding whole.
    assert eight.memory.optimiser == one.memory.optimiser / 8 and eight.memory.gradients == one.memory.gradients / 8
    assert one.memory.weights / 8 < eight.memory.weights < one.memory.weights / 3
    assert eight.micro_batch * eight.accumulation * 8 == 32
    assert (one.tokens, one.trainable) == (eight.tokens, eight.trainable)
    slow, quick = (
        estimate(LLAMA_8B, Recipe(batch_size=32), replace(named_gpu("a100"), devices=n), rows=1000, row_tokens=512)
        for n in (1, 4)
    )
    assert quick.hours == pytest.approx(slow.hours / 4)


def test_nodes_are_as_fast_as_the_link_between_them() -> None:
    recipe = Recipe(method="full", batch_size=64, micro_batch=1, gradient_checkpointing=True)
    hours = {
        name: estimate(LLAMA_8B, recipe, named_gpu(name), rows=1000, row_tokens=128).hours
        for name in ("8xh100", "16xh100", "2x8xh100", "64xh100", "128xh100")
    }
    assert hours["16xh100"] < hours["8xh100"]
    # Short rows: what the link carries takes longer than what is computed meanwhile.
    assert hours["2x8xh100"] > hours["16xh100"]
    weights = LLAMA_8B.parameters * 4
    step_s = 15 / 16 * 3 * weights / 25e9 * (64 // 16)  # weights twice, gradients once, four passes a step
    assert hours["2x8xh100"] * 3600 == pytest.approx(3 * 1000 / 64 * step_s, rel=0.01)
    # A step has 64 rows: no more than 64 devices have something to do.
    assert hours["128xh100"] >= hours["64xh100"]


def test_steps_or_epochs_decide_the_tokens() -> None:
    shape = KNOWN_SHAPES["smollm2"]
    by_epoch = estimate(shape, Recipe(epochs=2), CPU, rows=100, row_tokens=64, mean_tokens=30)
    by_step = estimate(shape, Recipe(max_steps=5, batch_size=8), CPU, rows=100, row_tokens=64, mean_tokens=30)
    assert (by_epoch.tokens, by_step.tokens) == (6000, 1200)


def test_a_config_without_sizes_is_refused() -> None:
    with pytest.raises(DataError, match="vocab_size"):
        shape_of({"num_hidden_layers": 2, "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2}, "x")


def _saved_bytes(model: Any, n_tokens: int, *, half: bool) -> int:
    """Return the bytes that autograd keeps for the backward pass, weights left out, each storage once."""
    import torch

    weights = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    kept: dict[int, Any] = {}

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    ids = torch.randint(3, 500, (1, n_tokens))
    with (
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=half),
    ):
        model(input_ids=ids, labels=ids)
    return sum(size for size, _ in kept.values())


@needs_torch
@pytest.mark.train
@pytest.mark.parametrize("kind", ["llama", "qwen2"])
@pytest.mark.parametrize("dtype", ["bf16", "f32"])
@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(method="full"),
        Recipe(method="lora", rank=4),
        Recipe(method="dora", rank=4),
        Recipe(method="lora", target_modules=("q_proj", "down_proj")),
        Recipe(method="ia3"),
        Recipe(method="prompt"),
    ],
    ids=lambda recipe: f"{recipe.method}-{'-'.join(recipe.target_modules)}",
)
def test_what_a_layer_keeps_is_what_autograd_keeps(kind: str, dtype: Dtype, recipe: Recipe) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from finetune.methods.build import make_trainable

    kept = {}
    for layers in (2, 4):
        config = tiny_config(kind, num_hidden_layers=layers)
        half = dtype == "bf16"
        model = AutoModelForCausalLM.from_config(config).to(
            torch.bfloat16 if half and recipe.training_method.adapter else torch.float32
        )
        shape = shape_of(config.to_dict(), kind)
        ready = make_trainable(model, recipe, shape)
        for n_tokens in (32, 96):
            kept[layers, n_tokens] = _saved_bytes(ready, n_tokens, half=half)
    # Two layers more and 64 tokens more: what a layer keeps per token, all else cancels.
    counted = (kept[4, 96] - kept[2, 96] - kept[4, 32] + kept[2, 32]) / 2 / 64
    assert recipe.training_method.layer_bytes_per_token(recipe, shape, dtype) == pytest.approx(counted, rel=0.02)


@needs_torch
@pytest.mark.train
@pytest.mark.parametrize("kind", ["llama", "qwen2"])
@pytest.mark.parametrize("method", [name for name in METHOD_NAMES if name != "qlora"])
def test_trainable_parameters_are_pefts(kind: str, method: str) -> None:
    from transformers import AutoModelForCausalLM

    from finetune.methods.build import count, make_trainable

    if (kind, method) == ("qwen2", "llama-adapter"):
        pytest.skip("LLaMA-Adapter does not serve qwen2")
    for over in ({}, {"tie_word_embeddings": False, "num_hidden_layers": 4}):
        config = tiny_config(kind, **over)
        shape = shape_of(config.to_dict(), kind)
        recipe = Recipe(method=method, n_layers=2, rank=4)
        found = count(make_trainable(AutoModelForCausalLM.from_config(config), recipe, shape))
        assert found.trainable == recipe.training_method.trainable_parameters(recipe, shape)
        assert found.total - (found.trainable if recipe.training_method.adapter else 0) == shape.parameters
