"""GGUF files: what the keys say, how weights are ordered, and which tokenizers and models are refused."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BackendError, ConfigError, DataError, GateError
from core.weights.gguf_header import read_header
from finetune.export.gguf.file import write_gguf
from finetune.export.gguf.quantise import check_quantisation, check_weights, convert
from finetune.export.gguf.vocabulary import _tokens, pre_tokenizer
from finetune.export.gguf.weights import from_gguf_order, llama3_factors, read_weights, to_gguf_order
from tests.finetune.export.conftest import Trained
from tests.support.trained_runs import TEMPLATE, rewritten

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


def _metadata(path: Path) -> Mapping[str, Any]:
    return read_header(path).metadata


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_every_key_that_could_be_guessed_is_written(kind: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(kind)
    found = _metadata(trained.job.run.gguf)
    assert found["general.architecture"] == kind
    assert found[f"{kind}.rope.freq_base"] == 1000.0
    assert found[f"{kind}.context_length"] == 512 and found[f"{kind}.attention.head_count_kv"] == 2
    assert found["tokenizer.chat_template"] == TEMPLATE
    assert (found["tokenizer.ggml.add_bos_token"], found["tokenizer.ggml.eos_token_id"]) == (False, 2)
    assert found["tokenizer.ggml.eos_token_ids"] == (2,) and found["tokenizer.ggml.padding_token_id"] == 0
    assert found["general.sampling.penalty_repeat"] == 1.0 and found["general.sampling.temp"] == 0.0
    assert len(found["tokenizer.ggml.tokens"]) == 520 and found["tokenizer.ggml.tokens"][-1] == "[PAD519]"
    assert read_header(trained.job.run.gguf).control_tokens[:3] == ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_weights_read_back_are_those_of_the_checkpoint(kind: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(kind)
    seen = 0
    for named, _, held, own in read_weights(trained.job.run.gguf, trained.job.merged()):
        np.testing.assert_allclose(held, own, atol=2e-3, err_msg=named)
        seen += 1
    assert seen == {"llama": 20, "qwen2": 26}[kind]  # Qwen2 has biases on q, k and v
    assert check_weights(trained.job.run.gguf, trained.job.merged()) < 1e-3


_heads = st.integers(1, 6)


@given(heads=_heads, pairs=st.integers(1, 8), bias=st.booleans(), part=st.sampled_from(["q_proj", "k_proj", "v_proj"]))
def test_the_order_of_rows_is_undone_exactly(heads: int, pairs: int, bias: bool, part: str) -> None:
    config = {"model_type": "llama", "num_attention_heads": heads, "num_key_value_heads": heads}
    rows = heads * 2 * pairs
    values = np.arange(rows if bias else rows * 3, dtype=np.float32).reshape((rows,) if bias else (rows, 3))
    key = f"model.layers.0.self_attn.{part}.weight"
    ordered = to_gguf_order(key, values, config)
    np.testing.assert_array_equal(from_gguf_order(key, ordered, config), values)
    moved = part != "v_proj" and pairs > 1
    assert np.array_equal(ordered, values) != moved


def test_the_order_is_that_of_the_published_converter() -> None:
    """`LlamaModel.permute` of llama.cpp's convert_hf_to_gguf.py, said its way."""
    values = np.random.default_rng(0).normal(size=(4 * 16, 8)).astype(np.float32)
    theirs = values.reshape(4, 2, 16 // 2, 8).swapaxes(1, 2).reshape(values.shape)
    config = {"model_type": "llama", "num_attention_heads": 4, "num_key_value_heads": 4}
    np.testing.assert_array_equal(to_gguf_order("model.layers.0.self_attn.q_proj.weight", values, config), theirs)


def test_llama3_factors_are_those_of_transformers() -> None:
    import torch
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = LlamaConfig(hidden_size=256, num_attention_heads=2, rope_parameters=rope, max_position_embeddings=131072)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    plain = 1 / 500000.0 ** (np.arange(0, 128, 2) / 128)
    np.testing.assert_allclose(plain / llama3_factors(config.to_dict()), scaled.numpy(), rtol=1e-5)


def test_a_quantised_file_of_other_weights_is_refused(llama: Trained, tmp_path: Path) -> None:
    path = tmp_path / "q8.gguf"
    write_gguf(llama.job.merged(), llama.job.exported, path, name="t", licence="MIT", encoding="q8_0")
    assert check_weights(path, llama.job.merged()) < 0.02
    assert set(read_header(path).matrix_types.values()) == {"Q8_0"}

    def flipped(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.ascontiguousarray(values[::-1]) if name == "blk.0.attn_k.weight" else values

    with pytest.raises(GateError, match=r"blk\.0\.attn_k\.weight differs by"):
        check_weights(rewritten(llama.job.run.gguf, tmp_path / "a.gguf", tensor=flipped), llama.job.merged())


def _tokenizer(**over: Any) -> dict[str, Any]:
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
    return {"model": {"type": "BPE", "byte_fallback": False}, "pre_tokenizer": byte_level, **over}


def _split(pattern: str) -> dict[str, Any]:
    parts = [{"type": "Split", "pattern": {"Regex": pattern}}, {"type": "ByteLevel", "use_regex": False}]
    return {"type": "Sequence", "pretokenizers": parts}


def test_pre_tokenizers_have_the_names_that_runtimes_know() -> None:
    words = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
        r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    digits = {"type": "Digits", "individual_digits": True}
    smollm = {"type": "Sequence", "pretokenizers": [digits, {"type": "ByteLevel", "use_regex": True}]}
    assert pre_tokenizer(_tokenizer()) == "gpt-2"
    assert pre_tokenizer(_tokenizer(pre_tokenizer=smollm)) == "smollm"
    assert pre_tokenizer(_tokenizer(pre_tokenizer=_split(words), normalizer={"type": "NFC"})) == "qwen2"
    assert pre_tokenizer(_tokenizer(pre_tokenizer=_split(words.replace(r"\p{N}|", r"\p{N}{1,3}|")))) == "llama-bpe"


@pytest.mark.parametrize(
    "over",
    [
        {"model": {"type": "Unigram"}},
        {"model": {"type": "BPE", "byte_fallback": True}},
        {"normalizer": {"type": "Lowercase"}},
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}},
        {"pre_tokenizer": _split(r"\w+")},
        {"pre_tokenizer": {"type": "Whitespace"}},
    ],
)
def test_other_tokenizers_are_refused(over: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="tokenizer"):
        pre_tokenizer(_tokenizer(**over))


def test_other_architectures_and_embeddings_are_refused(llama: Trained, tmp_path: Path) -> None:
    import shutil

    for over, reason in (
        ({"model_type": "gemma"}, "unsupported architecture for GGUF export: gemma"),
        ({"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1.0}}, "rotary embedding for GGUF export: dynamic"),
        ({"no_rope_layers": [1, 0]}, "left out of other layers than the 4th"),
        ({"vocab_size": 100}, "tokens and the model 100"),
        ({"rope_parameters": None, "rope_theta": None}, "base frequency"),
    ):
        folder = tmp_path / "m"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(llama.job.merged(), folder)
        config = {**json.loads((folder / "config.json").read_text(encoding="utf-8")), **over}
        (folder / "config.json").write_text(json.dumps(config))
        with pytest.raises(DataError, match=reason):
            write_gguf(folder, llama.job.exported, tmp_path / "a", name="t", licence="", encoding="f16")


def test_names_of_quantisations() -> None:
    assert (check_quantisation("Q8_0"), check_quantisation("q4_k_m"), check_quantisation("f16")) == (
        "q8_0",
        "q4_K_M",
        "f16",
    )
    with pytest.raises(ConfigError, match="q4_K_M"):
        check_quantisation("int4")
    assert gguf.GGMLQuantizationType.Q8_0.value == 8


def test_tokens_past_the_embedding_are_left_out() -> None:
    added = [{"id": 2, "content": "<x>", "special": False}, {"id": 3, "content": "<pad>", "special": True}]
    body = {"model": {"vocab": {"a": 0, "b": 1}}, "added_tokens": added}
    assert _tokens(body, 3)[0] == ["a", "b", "<x>"]
    with pytest.raises(DataError, match="2 tokens and the model 1"):
        _tokens({"model": body["model"]}, 1)


def test_a_converter_without_its_packages_says_how_to_install_them(tmp_path: Path) -> None:
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text("import nosuchpackage\n", encoding="utf-8")
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    with pytest.raises(BackendError, match="No module named 'nosuchpackage'") as caught:
        convert(script, tmp_path, tmp_path / "model.gguf", "f16")
    assert "install" in caught.value.hint and "nosuchpackage" in caught.value.hint
