"""The vectors against sentence-transformers, which is where the models come from."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import DataError
from core.files import Home
from core.inference import has_bf16
from rag.embed.open import open_embedder
from tests.support.varied_texts import texts

pytestmark = [
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("sentence_transformers"), reason="needs kb[train]"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script_method.:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def many(weights: Path) -> list[str]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights / "minilm" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [text for text in texts(160) if len(tokenizer.encode(text)) <= 256][:100]


@pytest.fixture(scope="module")
def wanted(weights: Path, many: list[str]) -> NDArray[np.float32]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(weights / "minilm"), device="cpu")
    return np.asarray(model.encode(many, batch_size=8, show_progress_bar=False), dtype=np.float32)


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_minilm_gives_the_reference_vectors(
    precision: str, model_home: Home, many: list[str], wanted: NDArray[np.float32]
) -> None:
    if precision == "bf16" and not has_bf16():
        pytest.skip("this CPU has no bfloat16 arithmetic")
    found = open_embedder("minilm", model_home, precision=precision).embed_documents(many)
    assert len(many) == 100
    assert np.sum(found * wanted, axis=1).min() >= (0.999999 if precision == "f32" else 0.9999)


def _tiny(kind: str, pooling: str, folder: Path, tokenizer: Path, *, dense: bool = False, safe: bool = True) -> Any:
    """Make a small random model of a kind and save it as sentence-transformers does."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    torch.manual_seed(0)
    sizes = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
    if kind == "distilbert":
        sizes = {"dim": 48, "n_layers": 2, "n_heads": 4, "hidden_dim": 96}
    config = AutoConfig.for_model(kind, vocab_size=30522, max_position_embeddings=130, pad_token_id=0, **sizes)
    raw = folder.parent / "raw"
    AutoModel.from_config(config).save_pretrained(raw)
    AutoTokenizer.from_pretrained(str(tokenizer)).save_pretrained(raw)
    transformer = Transformer(str(raw))
    transformer.max_seq_length = 128
    modules = [transformer, Pooling(48, pooling_mode=pooling), *([Dense(48, 32)] if dense else []), Normalize()]
    model = SentenceTransformer(modules=modules, prompts={"query": "find: ", "document": ""}, device="cpu")
    model.save_pretrained(str(folder), safe_serialization=safe)
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "model"


@pytest.mark.parametrize(
    ("kind", "pooling", "dense"),
    [
        ("bert", "mean", False),
        ("bert", "cls", False),
        ("bert", "mean", True),
        ("distilbert", "cls", False),
        ("roberta", "mean", False),
        ("mpnet", "max", False),
    ],
)
def test_any_folder_is_converted_once(
    kind: str, pooling: str, dense: bool, folder: Path, home: Home, weights: Path
) -> None:
    reference = _tiny(kind, pooling, folder, weights / "minilm", dense=dense)
    embedder = open_embedder(str(folder), home, precision="f32")
    some = [text for text in texts(20, most_words=20) if embedder.count_tokens([text])[0] <= 128]
    wanted = reference.encode(some, normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(np.sum(embedder.embed_documents(some) * wanted, axis=1), 1, atol=1e-4)
    asked = reference.encode(["bridge"], prompt_name="query", normalize_embeddings=True, show_progress_bar=False)[0]
    assert float(embedder.embed_query("bridge") @ asked) == pytest.approx(1, abs=1e-4)
    identity = embedder.identity
    assert (identity.dimension, identity.pooling, identity.query_prefix, identity.max_tokens) == (
        32 if dense else 48,
        pooling,
        "find: ",
        128,
    )
    (graph,) = home.cache.rglob("graph.xml")
    made = graph.stat().st_mtime_ns
    assert open_embedder(str(folder), home, precision="f32").identity == identity
    assert graph.stat().st_mtime_ns == made


def test_pickled_weights_and_code_are_refused(folder: Path, home: Home, weights: Path) -> None:
    _tiny("bert", "mean", folder, weights / "minilm")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="safetensors"):
        open_embedder(str(folder), home)
    (folder / "pytorch_model.bin").rename(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_bytes())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("raise SystemExit('ran')")
    with pytest.raises(DataError, match="code"):
        open_embedder(str(folder), home)


def test_a_changed_folder_is_another_model(folder: Path, home: Home, weights: Path) -> None:
    _tiny("bert", "mean", folder, weights / "minilm")
    first = open_embedder(str(folder), home).identity
    shutil.rmtree(folder)
    _tiny("bert", "cls", folder, weights / "minilm")
    assert open_embedder(str(folder), home).identity != first
