"""Bases outside the Llama family, by their own names of sizes, are trained and merged."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.support.families import family_folder as known_family
from tests.support.tiny_models import CHATML, CPU, begun, tokenizer_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
SHORT = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 256}
SIZES = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256}


def family_folder(path: Path, kind: str, sizes: dict[str, Any]) -> Path:
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    torch.manual_seed(0)
    config = CONFIG_MAPPING[kind](**sizes, vocab_size=520, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    AutoModelForCausalLM.from_config(config).save_pretrained(path)
    tokenizer_of(CHATML).save_pretrained(path)
    return path


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("gpt2", SHORT),
        ("gpt_bigcode", SHORT),
        ("gpt_neox", {**SIZES, "intermediate_size": 128}),
        ("starcoder2", {**SIZES, "num_key_value_heads": 2, "intermediate_size": 128}),
    ],
)
@pytest.mark.filterwarnings("ignore:fan_in_fan_out")
def test_a_base_of_another_family_is_trained_and_merged(tmp_path: Path, kind: str, sizes: dict[str, Any]) -> None:
    from finetune.export.merge import divergence, log_probabilities, merge
    from finetune.runs import read_card
    from finetune.training.policy import load_policy, publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    family_folder(tmp_path / kind, kind, sizes)
    _, run, prepared = begun(tmp_path, kind, method="lora", packing="bfd")
    assert prepared.context_tokens == 256
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    publish(run, "sft")
    assert read_card(run).stages == {"sft": "done"}
    ids = [prepared.chat.encode("What is the capacity of tank 3?")]
    trained = log_probabilities(load_policy(prepared.base, prepared.recipe, CPU, run.adapter), ids)
    merged = merge(prepared.base, run.adapter, prepared.recipe, CPU, ids)
    assert divergence(trained, log_probabilities(merged.model, ids)) < 1e-6


def test_a_family_whose_kernel_cannot_pack_is_trained_in_padded_rows(tmp_path: Path) -> None:
    """Gemma 2, under recipes that pack."""
    from finetune.runs import read_card
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    known_family(tmp_path / "llama", "gemma-2")
    _, run, prepared = begun(tmp_path, packing="bfd")
    assert prepared.recipe.packing == "none"
    assert any(note.startswith("packing=none: gemma2") for note in prepared.notes)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    assert read_card(run).stages == {"sft": "done"}
