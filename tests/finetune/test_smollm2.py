"""A small GGUF file with SmolLM2's keys becomes a folder whose names, order of rows and tokens are transformers'."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if not (importlib.util.find_spec("gguf") and importlib.util.find_spec("tokenizers")):
    pytest.skip("needs kb[train]", allow_module_level=True)
pytestmark = pytest.mark.train

from core.errors import ConfigError  # noqa: E402
from core.files import Home  # noqa: E402
from finetune.smollm2 import _config, _unpermuted, _weights, build_tokenizer  # noqa: E402
from finetune.training.base import find_base  # noqa: E402

_LETTERS = ["a", "b", "c", "Ġ", "1", "2", "ab", "Ġab"]
TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *_LETTERS]
HIDDEN, HEADS, KV_HEADS = 32, 4, 2


def permuted(values: Any, heads: int) -> Any:
    """GGUF's order of rows: the two halves of a head, pair by pair."""
    rows, columns = values.shape
    halves = values.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import gguf

    path: Path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(64)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_context_length(128)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, 3, *[1] * len(_LETTERS)])
    writer.add_token_merges(["a b", "Ġ ab"])
    rows = np.arange(HIDDEN * HIDDEN, dtype=np.float16).reshape(HIDDEN, HIDDEN)
    writer.add_tensor("token_embd.weight", rows[: len(TOKENS)])
    writer.add_tensor("blk.0.attn_q.weight", permuted(rows, HEADS))
    writer.add_tensor("blk.0.attn_k.weight", permuted(rows[:16], KV_HEADS))
    writer.add_tensor("blk.0.ffn_down.weight", rows)
    writer.add_tensor("output_norm.weight", np.ones(HIDDEN, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return gguf.GGUFReader(path)


def test_the_configuration_has_the_sizes_of_the_file(reader: Any) -> None:
    config = _config(reader.fields)
    assert {
        "model_type": "llama",
        "num_hidden_layers": 1,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "vocab_size": 11,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "tie_word_embeddings": True,
    }.items() <= config.items()
    assert config["rms_norm_eps"] == pytest.approx(1e-5)
    assert config["rope_theta"] == 10_000.0


def test_weights_have_the_names_and_the_row_order_of_transformers(reader: Any) -> None:
    weights = dict(_weights(reader, _config(reader.fields)))
    assert sorted(weights) == [
        "model.embed_tokens.weight",
        "model.layers.0.mlp.down_proj.weight",
        "model.layers.0.self_attn.k_proj.weight",
        "model.layers.0.self_attn.q_proj.weight",
        "model.norm.weight",
    ]
    rows = np.arange(HIDDEN * HIDDEN, dtype=np.float16).reshape(HIDDEN, HIDDEN)
    np.testing.assert_array_equal(weights["model.layers.0.self_attn.q_proj.weight"], rows)
    np.testing.assert_array_equal(weights["model.layers.0.self_attn.k_proj.weight"], rows[:16])
    np.testing.assert_array_equal(weights["model.layers.0.mlp.down_proj.weight"], rows)
    assert {values.dtype for values in weights.values()} == {np.dtype(np.float16)}


def test_rows_of_a_head_are_taken_from_pairs_to_halves() -> None:
    pairs = np.array([[0], [2], [1], [3], [4], [6], [5], [7]], dtype=np.float32)
    assert _unpermuted(pairs, 2).ravel().tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


def test_the_tokenizer_takes_digits_one_by_one_and_keeps_control_tokens_whole(reader: Any) -> None:
    tokenizer = build_tokenizer(reader.fields)
    assert tokenizer.encode("ab ab12").tokens == ["ab", "Ġab", "1", "2"]
    assert tokenizer.encode("<|im_start|>ab<|im_end|>").ids == [1, TOKENS.index("ab"), 2]
    assert tokenizer.decode(tokenizer.encode("ab ab12").ids) == "ab ab12"


def test_a_base_without_its_adapter_names_the_one_to_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.smollm2.reading_adapter", lambda: tmp_path / "absent.safetensors")
    with pytest.raises(ConfigError, match="no reading adapter") as caught:
        find_base("smollm2-reading", Home(tmp_path))
    assert "--base smollm2" in caught.value.hint
