"""Bases that are stored quantised: named, trained over, and merged into the model they were made from."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, GateError
from core.files import Home
from finetune.training.base import find_base
from finetune.training.quantised import find_merge_base, full_precision_name, hub_name, unquantised_name
from tests.support.tiny_models import CPU, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("bitsandbytes"), reason="needs kb[train]"),
]
# Widths that divide by the block of four-bit kernels.
WIDE = {"intermediate_size": 128}


def quantised_folder(whole: Path, folder: Path, *, bits: int = 4) -> Path:
    """A base as `unsloth/...-bnb-4bit` is stored, or in eight bits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    four = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.float32}
    settings = BitsAndBytesConfig(**four if bits == 4 else {"load_in_8bit": True})
    model = AutoModelForCausalLM.from_pretrained(
        whole, quantization_config=settings, dtype=torch.float32, device_map={"": "cpu"}
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(whole).save_pretrained(folder, save_jinja_files=False)
    return folder


def marked_as(folder: Path, method: str, **over: Any) -> Path:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings = {"quant_method": method, "bits": 4, "group_size": 128, **over}
    (folder / "config.json").write_text(json.dumps({**config, "quantization_config": settings}))
    return folder


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("unsloth/llama-3-8b-bnb-4bit", "unsloth/llama-3-8b"),
        ("unsloth/Qwen2.5-7B-Instruct-unsloth-bnb-4bit", "unsloth/Qwen2.5-7B-Instruct"),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-7B-Instruct"),
        ("Qwen/Qwen2.5-7B-Instruct-AWQ", "Qwen/Qwen2.5-7B-Instruct"),
        ("TheBloke/Mistral-7B-v0.1-GPTQ", "mistralai/Mistral-7B-v0.1"),
        ("org/model-quantized.w4a16", "org/model"),
        ("org/model-quantized.w8a8", "org/model"),
        ("unsloth/mistral-7b-bnb-8bit", "unsloth/mistral-7b"),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "Qwen/Qwen2.5-7B-Instruct"),
        ("Qwen/Qwen3-8B-FP8", "Qwen/Qwen3-8B"),
        ("acme/Ferry-7B-gptq-4bit-128g-actorder_True", "acme/Ferry-7B"),
        ("acme/Ferry-7B-AWQ-4bit", "acme/Ferry-7B"),
        ("acme/Ferry-7B-nf4", "acme/Ferry-7B"),
        ("acme/Ferry-7B-4.0bpw-exl2", "acme/Ferry-7B"),
        ("hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4", "meta-llama/Meta-Llama-3.1-8B-Instruct"),
        ("RedHatAI/gemma-3-1b-it-FP8-dynamic", "google/gemma-3-1b-it"),
        ("mlx-community/Qwen2.5-0.5B-Instruct-4bit", "Qwen/Qwen2.5-0.5B-Instruct"),
        ("kaitchup/Phi-3-mini-4k-instruct-gptq-4bit", "microsoft/Phi-3-mini-4k-instruct"),
        ("TheBloke/Ferry-Tales-13B-AWQ", ""),
        ("meta-llama/Llama-3.1-8B", ""),
        ("org/model-dynamic", ""),
        ("org/bnb-model", ""),
    ],
)
def test_the_name_of_the_model_before_it_was_quantised(name: str, whole: str) -> None:
    assert unquantised_name(name) == whole


def test_a_name_stands_in_a_spelling_or_a_folder() -> None:
    assert hub_name("hf:unsloth/llama-3-8b-bnb-4bit") == "unsloth/llama-3-8b-bnb-4bit"
    assert hub_name("/home/a/models/unsloth--llama-3-8b-bnb-4bit") == "unsloth/llama-3-8b-bnb-4bit"
    assert hub_name("downloaded_models/unsloth--Llama-3.2-1B") == "unsloth/Llama-3.2-1B"
    assert hub_name("/root/.cache/huggingface/hub/models--Qwen--Qwen2.5-7B/snapshots/0a1b") == "Qwen/Qwen2.5-7B"
    assert hub_name("/home/a/models/llama") == ""


def test_a_model_card_names_the_base(tmp_path: Path, home: Home) -> None:
    folder = marked_as(tiny_folder(tmp_path / "TheBloke--Mistral-7B-GPTQ"), "gptq")
    base = find_base(str(folder), home)
    assert full_precision_name(base) == "mistralai/Mistral-7B"
    (folder / "README.md").write_text("---\nlicense: mit\nbase_model:\n- mistralai/Mistral-7B-v0.1\n---\n# A model\n")
    assert full_precision_name(base) == "mistralai/Mistral-7B-v0.1"


def test_the_likely_model_is_offered_and_others_are_judged(tmp_path: Path, home: Home) -> None:
    folder = marked_as(tiny_folder(tmp_path / "unsloth--llama-3-8b-bnb-4bit"), "awq")
    base = find_base(str(folder), home)
    with pytest.raises(ConfigError, match=r"stored quantised \(awq\).*made from, unsloth/llama-3-8b") as caught:
        find_merge_base(base, "", home, "mine")
    assert caught.value.hint == (
        "kb models pull unsloth/llama-3-8b && kb export mine --merge-base hf:unsloth/llama-3-8b"
    )
    other = tiny_folder(tmp_path / "other", num_hidden_layers=1)
    with pytest.raises(ConfigError, match="layers 1 instead of 2"):
        find_merge_base(base, str(other), home)
    with pytest.raises(ConfigError, match="is stored quantised itself"):
        find_merge_base(base, str(folder), home)
    whole = tiny_folder(tmp_path / "whole")
    assert find_merge_base(base, str(whole), home).folder == whole


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path, Path]:
    """A run over a base that is stored in four bits: home, full-precision model, quantised base."""
    from tests.support.trained_runs import make_base, make_run

    root = tmp_path_factory.mktemp("quantised")
    home = Home(root / "home")
    whole = make_base(root / "whole", "llama", **WIDE)
    base = quantised_folder(whole, root / "acme--tanks-bnb-4bit")
    make_run(home, base, "four", method="qlora")
    return home, whole, base


def test_a_run_over_stored_four_bits_is_merged_into_the_named_model(trained: tuple[Home, Path, Path]) -> None:
    from finetune.export.job import open_export
    from finetune.runs import open_run, read_card, read_recipe
    from tests.finetune.export.conftest import NOWHERE

    home, whole, _ = trained
    with pytest.raises(ConfigError, match=r"made from, acme/tanks") as caught:
        open_export(home, "four", CPU, NOWHERE, lambda _: None)
    assert caught.value.hint.endswith("kb export four --merge-base hf:acme/tanks")
    notes: list[str] = []
    job = open_export(home, "four", CPU, NOWHERE, notes.append, str(whole))
    assert job.gguf().is_file()
    run = open_run(home, "four")
    assert read_recipe(run).merge_base == str(whole)  # a later export needs no flag
    seen: Any = read_card(run).parity["merge"]
    assert seen["base"] == "dequantised" and seen["into"] == str(whole)
    assert seen["kl"]["dequantised"] < 1e-4 < seen["kl"]["full-precision"]
    config = json.loads((run.merged / "config.json").read_text(encoding="utf-8"))
    assert "quantization_config" not in config
    assert any("merging into" in note for note in notes)


def test_a_run_over_stored_eight_bits_is_merged_into_the_named_model(
    trained: tuple[Home, Path, Path], tmp_path: Path
) -> None:
    from finetune.export.job import open_export
    from finetune.runs import open_run, read_card
    from tests.finetune.export.conftest import NOWHERE
    from tests.support.trained_runs import make_run

    home, whole, _ = trained
    base = quantised_folder(whole, tmp_path / "acme--tanks-bnb-8bit", bits=8)
    make_run(home, base, "eight", method="lora")
    with pytest.raises(ConfigError, match=r"stored quantised \(bitsandbytes\).*made from, acme/tanks"):
        open_export(home, "eight", CPU, NOWHERE, lambda _: None)
    job = open_export(home, "eight", CPU, NOWHERE, lambda _: None, str(whole))
    assert job.gguf().is_file()
    seen: Any = read_card(open_run(home, "eight")).parity["merge"]
    assert seen["base"] == "full-precision" and seen["kl"]["full-precision"] < 0.1 and "unchecked" not in seen


@pytest.mark.parametrize(("bits", "method"), [(4, "qlora"), (8, "lora")])
def test_a_base_that_is_stored_quantised_is_trained_in_a_process_of_its_own(
    tmp_path: Path, bits: int, method: str
) -> None:
    from finetune.runs import read_card
    from finetune.training.launch import Launch, train_stage
    from tests.support.tiny_models import begun

    base = quantised_folder(tiny_folder(tmp_path / "whole", **WIDE), tmp_path / "stored", bits=bits)
    home, run, _ = begun(tmp_path, base=str(base), method=method, max_steps=1, save_steps=1, eval_steps=1)
    train_stage(home, run, "sft", CPU, Launch(), lambda _: None)
    assert read_card(run).stages == {"sft": "done"}


def test_another_model_of_the_same_sizes_is_refused_where_it_would_be_used(
    trained: tuple[Home, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.export.merge import merge
    from finetune.runs import open_run, read_recipe
    from tests.support.trained_runs import digit_tokenizer

    home, _, base = trained
    run = open_run(home, "four")
    other = tiny_folder(tmp_path / "other", tie_word_embeddings=True, rope_theta=1000.0, initializer_range=0.5, **WIDE)
    ids = [digit_tokenizer().encode("What is the capacity of tank 3?")]
    # As where nothing can be dequantised.
    monkeypatch.setattr("finetune.export.merge.stood_for", lambda model: {})
    with pytest.raises(GateError, match="is not the model that was quantised"):
        merge(find_base(str(base), home), run.adapter, read_recipe(run), CPU, ids, find_base(str(other), home))


@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_a_base_that_cannot_be_opened_here_is_merged_without_it_and_says_so(
    trained: tuple[Home, Path, Path], tmp_path: Path, method: str
) -> None:
    import shutil

    from finetune.export.job import open_export
    from finetune.runs import open_run, read_card, read_recipe, write_recipe
    from tests.finetune.export.conftest import NOWHERE

    home, whole, _ = trained
    base = marked_as(Path(shutil.copytree(whole, tmp_path / f"acme--tanks-{method}")), method)
    copy = home.runs / method
    shutil.copytree(open_run(home, "four").folder, copy)
    (copy / "run.json").write_text((copy / "run.json").read_text(encoding="utf-8").replace('"four"', f'"{method}"', 1))
    shutil.rmtree(copy / "merged", ignore_errors=True)
    run = open_run(home, method)
    write_recipe(run, read_recipe(run).model_copy(update={"base": str(base), "merge_base": "", "method": "lora"}))
    notes: list[str] = []
    job = open_export(home, method, CPU, NOWHERE, notes.append, str(whole))
    assert (job.merged() / "config.json").is_file()
    seen: Any = read_card(run).parity["merge"]
    assert seen["base"] == "full-precision" and "cannot load the model" in seen["unchecked"]
    assert any("not compared with the quantised base" in note for note in notes)


def test_a_merge_base_for_an_ordinary_base_is_a_mistake(trained: tuple[Home, Path, Path]) -> None:
    from finetune.export.job import open_export
    from tests.finetune.export.conftest import NOWHERE
    from tests.support.trained_runs import make_run

    home, whole, _ = trained
    make_run(home, whole, "plain")
    with pytest.raises(ConfigError, match="is not stored quantised"):
        open_export(home, "plain", CPU, NOWHERE, lambda _: None, str(whole))
