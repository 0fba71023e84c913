"""Small BERT graphs give what the formulas of the paper give, written once more in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.encoder.bert import BertShape, build_bert, build_span_reader
from core.inference import core

Array = NDArray[np.float64]
SHAPE = BertShape(hidden=8, layers=2, heads=2, layer_norm_eps=1e-6)
CONFIG = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "layer_norm_eps": 1e-6}


def _weights() -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (11, 8),
        "embeddings.position_embeddings.weight": (6, 8),
        "embeddings.token_type_embeddings.weight": (2, 8),
        "embeddings.LayerNorm.weight": (8,),
        "embeddings.LayerNorm.bias": (8,),
        "head.weight": (2, 8),
        "head.bias": (2,),
    }
    for index in range(2):
        layer = f"encoder.layer.{index}"
        linears = {f"attention.self.{part}": (8, 8) for part in ("query", "key", "value")}
        linears |= {"attention.output.dense": (8, 8), "intermediate.dense": (12, 8), "output.dense": (8, 12)}
        for name, size in linears.items():
            sizes |= {f"{layer}.{name}.weight": size, f"{layer}.{name}.bias": size[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            sizes |= {f"{layer}.{name}.weight": (8,), f"{layer}.{name}.bias": (8,)}
    # Norms scale by about 1, so that what goes in is not lost in their biases.
    return {
        name: rng.normal(float(name.endswith("Norm.weight")), 0.5, size).astype(np.float32)
        for name, size in sizes.items()
    }


WEIGHTS = _weights()


def _linear(x: Array, name: str) -> Array:
    return x @ WEIGHTS[f"{name}.weight"].T.astype(np.float64) + WEIGHTS[f"{name}.bias"]


def _norm(x: Array, name: str) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    unit = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
    return unit * WEIGHTS[f"{name}.weight"] + WEIGHTS[f"{name}.bias"]


def _attend(x: Array, name: str) -> Array:
    query, key, value = (_linear(x, f"{name}.self.{part}") for part in ("query", "key", "value"))
    heads = []
    for low in (0, 4):
        scores = query[:, low : low + 4] @ key[:, low : low + 4].T / 2.0
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        heads.append(shares / shares.sum(-1, keepdims=True) @ value[:, low : low + 4])
    return _linear(np.concatenate(heads, -1), f"{name}.output.dense")


def _hidden(ids: list[int], types: list[int]) -> Array:
    """One text without padding, `(tokens, hidden)`."""
    x = WEIGHTS["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    x = x + WEIGHTS["embeddings.position_embeddings.weight"][: len(ids)]
    x = _norm(x + WEIGHTS["embeddings.token_type_embeddings.weight"][types], "embeddings.LayerNorm")
    for index in range(2):
        layer = f"encoder.layer.{index}"
        x = _norm(x + _attend(x, f"{layer}.attention"), f"{layer}.attention.output.LayerNorm")
        inner = _linear(x, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = _norm(x + _linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return x


def _run(model: Any, *inputs: list[list[int]]) -> Array:
    compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(compiled([np.array(values, dtype=np.int64) for values in inputs])[0], dtype=np.float64)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_an_encoder_gives_the_vectors_of_the_formulas(pooling: str) -> None:
    texts = [[3, 1, 4, 1, 5], [9, 2, 6]]
    padded = [texts[0], [*texts[1], 0, 0]]
    found = _run(build_bert(WEIGHTS, SHAPE, pooling), padded, [[1] * 5, [1, 1, 1, 0, 0]])
    for row, ids in zip(found, texts, strict=True):
        hidden = _hidden(ids, [0] * len(ids))
        pooled = hidden.mean(0) if pooling == "mean" else hidden[0]
        np.testing.assert_allclose(row, pooled / np.linalg.norm(pooled), atol=1e-5)


def test_padding_changes_no_vector() -> None:
    model = build_bert(WEIGHTS, SHAPE)
    short = _run(model, [[7, 8]], [[1, 1]])
    long = _run(model, [[7, 8, 10, 10, 10, 10]], [[1, 1, 0, 0, 0, 0]])
    np.testing.assert_allclose(short, long, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(long, axis=1), 1.0, atol=1e-6)


def test_a_span_reader_scores_every_token_and_heeds_its_type() -> None:
    ids, types = [3, 1, 4, 1], [0, 0, 1, 1]
    found = _run(build_span_reader(WEIGHTS, SHAPE), [ids], [types], [[1] * 4])
    assert found.shape == (1, 4, 2)
    np.testing.assert_allclose(found[0], _linear(_hidden(ids, types), "head"), atol=1e-5)
    assert np.abs(_linear(_hidden(ids, [0] * 4), "head") - found[0]).max() > 1e-2


def test_a_missing_tensor_is_named() -> None:
    rest = {name: value for name, value in WEIGHTS.items() if name != "encoder.layer.1.output.dense.bias"}
    with pytest.raises(KeyError, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        build_bert(rest, SHAPE)


def test_a_shape_is_read_from_a_configuration() -> None:
    assert BertShape.from_config({"model_type": "bert", "hidden_act": "gelu", **CONFIG}) == SHAPE
    assert BertShape.from_config(CONFIG) == SHAPE


@pytest.mark.parametrize(
    ("key", "value"),
    [("model_type", "roberta"), ("hidden_act", "relu"), ("position_embedding_type", "relative_key")],
)
def test_another_kind_of_encoder_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{key} is '{value}', not"):
        BertShape.from_config({**CONFIG, key: value})
