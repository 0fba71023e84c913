"""The configuration that each kind of adapter gives peft, and which of a base's own weights are trained."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import pytest

from finetune.methods.kinds import ia3, llama_adapter, lora, virtual_tokens, weights
from finetune.methods.method import Method
from finetune.methods.registry import METHODS
from finetune.recipe import Recipe
from tests.support.small_shape import SHAPE, recipe
from tests.support.tiny_models import tiny_config

needs_peft = pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]")


def config(method: str, **choices: Any) -> Any:
    chosen = recipe(method, **choices)
    return chosen.training_method.peft_config(chosen, SHAPE)


def test_every_kind_is_registered_under_the_name_of_its_method() -> None:
    for kind in (ia3, llama_adapter, lora, virtual_tokens, weights):
        for method in kind.METHODS:
            assert METHODS[method.name] is method
            assert isinstance(method, Method)


@pytest.mark.train
@needs_peft
@pytest.mark.parametrize(
    ("model_type", "others", "inner"),
    [
        ("phi3", {"qkv_proj"}, "down_proj"),
        ("gpt_neox", {"query_key_value"}, "dense_4h_to_h"),
        ("gpt2", {"c_attn"}, "mlp.c_proj"),
        ("opt", {"k_proj", "v_proj"}, "fc2"),
        ("qwen3", {"k_proj", "v_proj"}, "down_proj"),
    ],
)
def test_ia3_names_keys_values_and_the_network_as_the_family_does(
    model_type: str, others: set[str], inner: str
) -> None:
    chosen = recipe("ia3")
    given = chosen.training_method.peft_config(chosen, replace(SHAPE, model_type=model_type))
    assert set(given.target_modules) == {*others, inner} and set(given.feedforward_modules) == {inner}


@pytest.mark.train
@needs_peft
def test_ia3_scales_the_input_of_the_networks_last_linear_and_the_output_of_others() -> None:
    every = config("ia3")
    assert sorted(every.target_modules) == ["down_proj", "k_proj", "v_proj"]
    assert set(every.feedforward_modules) == {"down_proj"}
    chosen = config("ia3", target_modules=("q_proj",))
    assert set(chosen.target_modules) == {"q_proj"}
    assert not chosen.feedforward_modules


@pytest.mark.train
@needs_peft
@pytest.mark.parametrize(
    ("method", "stabilised", "decomposed"), [("lora", False, False), ("rslora", True, False), ("dora", False, True)]
)
def test_variants_of_lora_differ_in_their_scale_and_in_the_norms_of_rows(
    method: str, stabilised: bool, decomposed: bool
) -> None:
    given = config(method, rank=4, dropout=0.25)
    assert (given.r, given.lora_dropout) == (4, 0.25)
    assert (given.use_rslora, given.use_dora) == (stabilised, decomposed)
    assert given.layers_to_transform is None


@pytest.mark.train
@needs_peft
def test_chosen_layers_and_linears_reach_peft() -> None:
    given = config("lora", layers_to_transform=(1,), target_modules=("q_proj", "v_proj"))
    assert (given.layers_to_transform, given.layers_pattern) == ([1], "layers")
    assert set(given.target_modules) == {"q_proj", "v_proj"}
    assert config("lora").target_modules == "all-linear"


@pytest.mark.parametrize(("asked", "layers", "reached"), [(0, 30, 28), (5, 30, 5), (31, 30, 30), (0, 2, 1), (0, 1, 1)])
def test_a_llama_adapter_leaves_the_lowest_two_layers_alone(asked: int, layers: int, reached: int) -> None:
    chosen = recipe("llama-adapter", adapter_layers=asked)
    assert chosen.training_method.reached_layers(chosen, replace(SHAPE, layers=layers)) == reached


@pytest.mark.train
@needs_peft
def test_a_llama_adapter_has_as_many_tokens_as_the_recipe_says() -> None:
    given = config("llama-adapter", adapter_layers=1)
    assert (given.adapter_len, given.adapter_layers) == (5, 1)


@pytest.mark.train
@needs_peft
@pytest.mark.parametrize("method", ["prompt", "prefix", "p-tuning"])
def test_virtual_tokens_are_as_many_as_the_recipe_says(method: str) -> None:
    assert config(method).num_virtual_tokens == 5
    assert METHODS[method].virtual_tokens


@pytest.mark.train
@needs_peft
def test_p_tuning_is_trained_further_as_prompt_tuning() -> None:
    chosen = recipe("p-tuning")
    resumed: Any = chosen.training_method.resumed_config(chosen, SHAPE)
    assert resumed.peft_type == config("prompt").peft_type != config("p-tuning").peft_type
    lora_chosen = recipe("lora")
    assert lora_chosen.training_method.resumed_config(lora_chosen, SHAPE).to_dict() == config("lora").to_dict()


@pytest.mark.train
@needs_peft
@pytest.mark.parametrize(
    ("method", "choices", "trained"),
    [
        ("full", {}, {"embed_tokens", "layers.0", "layers.1", "norm"}),
        ("last-n-layers", {"n_layers": 1}, {"layers.1", "norm"}),
        ("last-n-layers", {"n_layers": 2}, {"layers.0", "layers.1", "norm"}),
        ("lora", {}, set()),
    ],
)
def test_which_weights_of_the_base_are_trained(method: str, choices: dict[str, Any], trained: set[str]) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(tiny_config("llama"))
    model.requires_grad_(method != "full")
    chosen = Recipe.model_validate({"method": method, **choices})
    chosen.training_method.unfreeze(model, chosen)
    names = {name.removeprefix("model.") for name, weight in model.named_parameters() if weight.requires_grad}
    parts = {".".join(name.split(".")[: 2 if name.startswith("layers") else 1]) for name in names} - {"lm_head"}
    assert parts == trained
