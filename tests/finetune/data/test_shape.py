"""Shapes of models as their families name them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from finetune.data.shape import shape_of
from finetune.recipe import Recipe

SIZES = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 520}
SHORT = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 128, "vocab_size": 520}
ENDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
needs_train = pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]")


@pytest.mark.train
@needs_train
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("gpt2", SHORT),
        ("gpt_bigcode", SHORT),
        ("gptj", {**SHORT, "rotary_dim": 8}),
        ("gpt_neox", {**SIZES, "intermediate_size": 128}),
        ("opt", {**SIZES, "ffn_dim": 128, "word_embed_proj_dim": 64, "max_position_embeddings": 128}),
        ("bloom", {"hidden_size": 64, "n_layer": 2, "n_head": 4, "vocab_size": 520}),
        ("starcoder2", {**SIZES, "num_key_value_heads": 2, "intermediate_size": 128}),
        ("qwen3", {**SIZES, "num_key_value_heads": 2, "intermediate_size": 128, "head_dim": 16}),
    ],
)
def test_parameters_follow_from_the_names_of_each_family(kind: str, sizes: dict[str, Any]) -> None:
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    config = CONFIG_MAPPING[kind](**sizes, **ENDS)
    shape = shape_of(json.loads(config.to_json_string()), kind)
    counted = sum(parameter.numel() for parameter in AutoModelForCausalLM.from_config(config).parameters())
    # Learned positions and biases of norms and networks are not counted: a tenth of so small a model.
    assert shape.parameters == pytest.approx(counted, rel=0.1)
    assert (shape.layers, shape.hidden, shape.heads, shape.vocabulary) == (2, 64, 4, 520)
    assert ("gate_proj" in shape.linears) == (kind == "qwen3")


@pytest.mark.parametrize(
    ("quantised", "name", "four_bit"),
    [
        ({"load_in_4bit": True, "quant_method": "bitsandbytes"}, "bitsandbytes", True),
        ({"load_in_4bit": True}, "bitsandbytes", True),
        ({"load_in_8bit": True, "quant_method": "bitsandbytes"}, "bitsandbytes", False),
        ({"quant_method": "gptq", "bits": 4}, "gptq", True),
        ({"quant_method": "gptq", "bits": 8}, "gptq", False),
        ({"quant_method": "awq", "bits": 4}, "awq", True),
        (None, "", False),
    ],
)
def test_what_weights_are_quantised_with(quantised: Any, name: str, four_bit: bool) -> None:
    shape = shape_of({**SIZES, "intermediate_size": 128, "quantization_config": quantised}, "x")
    assert (shape.quantisation, shape.four_bit) == (name, four_bit)


def test_sizes_of_a_model_with_pictures_are_those_of_its_text_part() -> None:
    config = {"model_type": "gemma3", "text_config": {**SIZES, "intermediate_size": 128, "model_type": "gemma3_text"}}
    shape = shape_of(config, "x")
    assert (shape.hidden, shape.model_type, shape.tied) == (64, "gemma3_text", True)


def test_what_no_name_gives_is_named() -> None:
    with pytest.raises(DataError, match=r"config\.json lacks num_hidden_layers, intermediate_size"):
        shape_of({"hidden_size": 64, "num_attention_heads": 4, "vocab_size": 520}, "x")


@pytest.mark.train
@needs_train
def test_sizes_that_a_file_leaves_to_its_class_are_taken_from_there(tmp_path: Path) -> None:
    from finetune.training.base import find_base, shape_faults
    from tests.support.tiny_models import tiny_folder

    folder = tiny_folder(tmp_path / "gpt2")
    text = {"model_type": "gemma3_text", "hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128}
    (folder / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": text}))
    shape = find_base(str(folder), Home(tmp_path)).shape
    assert (shape.hidden, shape.heads, shape.vocabulary) == (64, 8, 262208)
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2", **SHORT}))
    recipe = Recipe(rope_scaling="linear", rope_factor=2)
    assert "its positions are no rotations" in shape_faults(find_base(str(folder), Home(tmp_path)).shape, recipe)[0]


def test_new_rows_are_trained_or_refused() -> None:
    from core.errors import KbError
    from finetune.load_recipe import load_recipe
    from tests.support.tiny_models import CPU

    assert load_recipe("quick", CPU, pairs=["embedding_rows=600"]).embedding_rows == 600
    with pytest.raises(ConfigError, match="new rows would not be trained") as caught:
        load_recipe("quick", CPU, flags={"method": "ia3"}, pairs=["embedding_rows=600"])
    assert isinstance(caught.value, KbError)
