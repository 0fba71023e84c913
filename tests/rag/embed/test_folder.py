"""A folder of a sentence encoder becomes a prepared graph with its identity, made once and again after a change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from core.errors import DataError
from core.files import Home, sha256_of
from rag.embed.folder import open_folder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "bridge", "opened", "lamp"]


def encoder(folder: Path, *, seed: int = 0) -> Path:
    """A BERT of one layer and eight words, as sentence-transformers keeps it."""
    rng = np.random.default_rng(seed)
    linears = {f"attention.self.{part}": (8, 8) for part in ("query", "key", "value")}
    linears |= {"attention.output.dense": (8, 8), "intermediate.dense": (12, 8), "output.dense": (8, 12)}
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), 8),
        "embeddings.position_embeddings.weight": (16, 8),
        "embeddings.token_type_embeddings.weight": (2, 8),
    }
    for name, size in linears.items():
        sizes |= {f"encoder.layer.0.{name}.weight": size, f"encoder.layer.0.{name}.bias": size[:1]}
    for name in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        sizes |= {f"{name}.LayerNorm.weight": (8,), f"{name}.LayerNorm.bias": (8,)}
    folder.mkdir(exist_ok=True)
    save_file(
        {f"bert.{name}": rng.normal(1, 0.5, size).astype(np.float32) for name, size in sizes.items()},
        folder / "model.safetensors",
    )
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    contents = {
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "config.json": {
            "model_type": "bert",
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": 16,
        },
        "1_Pooling/config.json": {"pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"prompts": {"query": "lamp ", "document": ""}},
    }
    (folder / "1_Pooling").mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def test_an_encoder_is_prepared_once_with_its_identity(home: Home, tmp_path: Path) -> None:
    folder = encoder(tmp_path / "model")
    first = open_folder(folder, "me/tiny", home, precision="f32")
    identity = first.identity
    assert identity.model == f"me/tiny@{sha256_of(folder / 'model.safetensors')[:12]}"
    assert (identity.dimension, identity.pooling, identity.max_tokens) == (8, "mean", 16)
    assert (identity.query_prefix, identity.document_prefix) == ("lamp ", "")
    vectors = first.embed_documents(["the bridge opened", "the lamp"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    (graph,) = (home.cache / "graphs").glob("me--tiny-*")
    again = open_folder(folder, "me/tiny", home, precision="f32")
    np.testing.assert_array_equal(again.embed_documents(["the lamp"]), first.embed_documents(["the lamp"]))
    assert list((home.cache / "graphs").glob("me--tiny-*")) == [graph]


def test_other_weights_make_another_graph(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    before = open_folder(encoder(folder), "tiny", home, precision="f32").identity.model
    config = folder / "config_sentence_transformers.json"
    encoder(folder, seed=1)
    config.write_text(json.dumps({"prompts": {"query": "the bridge ", "document": ""}}))
    after = open_folder(folder, "tiny", home, precision="f32").identity
    assert after.model != before
    assert after.query_prefix == "the bridge "


def test_weights_that_can_run_code_are_not_read(home: Home, tmp_path: Path) -> None:
    folder = encoder(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="no safetensors weights; pickle files can run code and are not read"):
        open_folder(folder, "tiny", home)
