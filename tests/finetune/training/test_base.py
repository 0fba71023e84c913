"""Base models: what is opened, what is refused before anything loads, and SmolLM2 against its GGUF file."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError, MissingExtra
from core.files import Home
from core.weights.shelf import MANIFEST
from finetune.recipe import Recipe
from finetune.training.base import check_base, find_base, generation_eos, load_model, load_tokenizer
from finetune.training.machine import GPUS
from tests.support.tiny_models import CPU, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_folder(tmp_path / "base")


def _rewrite(folder: Path, **over: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **over}))


def test_a_folder_is_found_by_path_and_by_spelling(folder: Path, home: Home) -> None:
    found = find_base(str(folder), home)
    assert found.folder == find_base(f"hf:{folder}", home).folder
    assert found.shape.parameters == 520 * 64 + 2 * found.shape.layer_parameters + 64
    assert generation_eos(found) == [2]


@pytest.mark.parametrize("spec", ["nonsense", "hf:/there/is/none", "smollm3"])
def test_what_is_not_there_is_said(home: Home, spec: str) -> None:
    with pytest.raises(ConfigError, match="unknown base model"):
        find_base(spec, home)


def test_a_hub_model_that_was_never_pulled_says_how(home: Home) -> None:
    with pytest.raises(MissingExtra) as caught:
        find_base("hf:Qwen/Qwen2.5-1.5B-Instruct", home)
    assert caught.value.hint == "kb models pull Qwen/Qwen2.5-1.5B-Instruct"


def test_pickles_and_code_are_not_read(folder: Path, home: Home) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="no safetensors"):
        find_base(str(folder), home)
    _rewrite(folder, auto_map={"AutoModelForCausalLM": "evil.Model"})
    with pytest.raises(DataError, match="requires code from the model"):
        find_base(str(folder), home)


def test_a_licence_with_conditions_must_be_accepted(folder: Path, home: Home) -> None:
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n# A model\n")
    found = find_base(str(folder), home)
    with pytest.raises(ConfigError, match=r"accept_licence=cc-by-nc-4\.0"):
        check_base(found, Recipe())
    check_base(found, Recipe(accept_licence="CC-BY-NC-4.0"))
    (folder / MANIFEST).write_text('{"licence": "Apache-2.0"}')
    check_base(find_base(str(folder), home), Recipe())


def test_every_fault_of_a_pair_is_said_at_once(folder: Path, home: Home) -> None:
    _rewrite(folder, quantization_config={"load_in_4bit": True})
    recipe = Recipe(method="last-n-layers", n_layers=9, max_length=4096)
    with pytest.raises(ConfigError) as caught:
        check_base(find_base(str(folder), home), recipe)
    for part in ("stored in four bits", "fewer than n_layers=9", "shorter than max_length=4096"):
        assert part in str(caught.value)


def test_llama_adapter_is_refused_for_qwen2_before_loading(tmp_path: Path, home: Home) -> None:
    found = find_base(str(tiny_folder(tmp_path / "qwen", "qwen2")), home)
    with pytest.raises(ConfigError, match="not qwen2"):
        check_base(found, Recipe(method="llama-adapter"))


def test_the_dtype_is_the_recipes(folder: Path, home: Home) -> None:
    import torch

    found = find_base(str(folder), home)
    assert load_model(found, Recipe(dtype="f32"), CPU).dtype == torch.float32
    assert load_model(found, Recipe(), CPU).dtype == torch.bfloat16
    assert load_model(found, Recipe(method="full"), CPU).dtype == torch.float32
    assert GPUS["t4"].dtype == "fp16"


@pytest.mark.parametrize("kind", ["linear", "yarn"])
def test_a_stretched_context_reads_longer_rows(folder: Path, home: Home, kind: str) -> None:
    import torch

    recipe = Recipe(rope_scaling=kind, rope_factor=2.0, dtype="f32")  # type: ignore[arg-type]
    model = load_model(find_base(str(folder), home), recipe, CPU)
    assert model.config.max_position_embeddings == 1024
    ids = torch.randint(3, 500, (1, 700))
    plain = load_model(find_base(str(folder), home), Recipe(dtype="f32"), CPU)
    with torch.no_grad():
        assert not torch.allclose(model(ids).logits, plain(ids).logits)


@pytest.mark.weights
def test_smollm2_as_a_folder_speaks_as_its_gguf_file(model_home: Home) -> None:
    import openvino_genai
    import torch

    base = find_base("smollm2", model_home)
    tokenizer = load_tokenizer(base)
    assert tokenizer("In 1932").input_ids == tokenizer("In ").input_ids + [
        tokenizer.convert_tokens_to_ids(digit) for digit in "1932"
    ]
    model = load_model(base, Recipe(dtype="f32"), CPU).eval()
    pipe = openvino_genai.LLMPipeline(
        str(model_home.models / "smollm2" / "model.gguf"), "CPU", INFERENCE_PRECISION_HINT="f32"
    )
    config = openvino_genai.GenerationConfig(max_new_tokens=12, apply_chat_template=False)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}], tokenize=False, add_generation_prompt=True
    )
    ids = torch.tensor([tokenizer.encode(prompt, add_special_tokens=False)])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
    said = tokenizer.decode(out[0][ids.shape[1] :], skip_special_tokens=True)
    assert said == pipe.generate([prompt], config).texts[0]
    assert base.licence == "Apache-2.0"
