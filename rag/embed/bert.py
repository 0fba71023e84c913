"""A BERT sentence encoder as an OpenVINO graph, from safetensors and nothing else.

The graph ends in pooled, L2-normalised vectors, so that only `(batch, hidden)` floats leave it. It knows the
shape of BERT (Devlin et al. 2019, post-layer-norm, erf GELU); it refuses to know tokenizers, devices and where
weights come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import Model, Node, PartialShape, Type
from openvino import opset15 as ops

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """The numbers of a BERT `config.json` that the graph needs."""

    hidden: int
    layers: int
    heads: int
    layer_norm_eps: float

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> BertShape:
        """Read them from a Hugging Face `config.json`.

        Raises:
            ValueError: The configuration is not a plain BERT encoder.
        """
        plain = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
        for key, wanted in plain.items():
            if config.get(key, wanted) != wanted:
                raise ValueError(f"{key} is {config[key]!r}, not {wanted!r}")
        return cls(
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            layer_norm_eps=config["layer_norm_eps"],
        )


def _constant(value: NDArray[Any]) -> Node:
    return ops.constant(np.ascontiguousarray(value, dtype=np.float32))


def _ints(*values: int) -> Node:
    return ops.constant(np.array(values, dtype=np.int64))


def _scalar(value: int) -> Node:
    return ops.constant(np.int64(value))


class _Builder:
    """Names weights by their place in the checkpoint while the graph grows."""

    def __init__(self, weights: Weights, shape: BertShape) -> None:
        self._weights = weights
        self._shape = shape

    def linear(self, x: Node, *names: str) -> Node:
        """`x @ W.T + b`; several names are stacked into one wider product."""
        weight = np.concatenate([self._weights[f"{name}.weight"] for name in names])
        bias = np.concatenate([self._weights[f"{name}.bias"] for name in names])
        return ops.add(ops.matmul(x, _constant(weight), False, True), _constant(bias))

    def norm(self, x: Node, name: str) -> Node:
        """Layer normalisation over the last axis."""
        centred = ops.mvn(x, _ints(-1), True, self._shape.layer_norm_eps, "INSIDE_SQRT")
        scaled = ops.multiply(centred, _constant(self._weights[f"{name}.weight"]))
        return ops.add(scaled, _constant(self._weights[f"{name}.bias"]))

    def embed(self, ids: Node) -> Node:
        """Word + position + type-0 embeddings, normalised; ids `(b, t)` to `(b, t, hidden)`."""
        table = self._weights["embeddings.word_embeddings.weight"]
        words = ops.gather(_constant(table), ids, _scalar(0))
        length = ops.gather(ops.shape_of(ids), _ints(1), _scalar(0))
        fixed = self._weights["embeddings.position_embeddings.weight"]
        fixed = fixed + self._weights["embeddings.token_type_embeddings.weight"][0]
        places = ops.slice(_constant(fixed), _ints(0), length, _ints(1), _ints(0))
        return self.norm(ops.add(words, places), "embeddings.LayerNorm")

    def attend(self, x: Node, mask: Node, prefix: str) -> Node:
        """Multi-head self-attention; `mask` is added to the scores, `(b, 1, 1, t)`."""
        shape = self._shape
        size = shape.hidden // shape.heads
        names = [f"{prefix}.self.{part}" for part in ("query", "key", "value")]
        stacked = ops.reshape(self.linear(x, *names), _ints(0, 0, 3, shape.heads, size), True)
        parts = ops.transpose(stacked, _ints(2, 0, 3, 1, 4))
        query, key, value = (ops.gather(parts, _scalar(index), _scalar(0)) for index in range(3))
        mixed = ops.scaled_dot_product_attention(query, key, value, mask)
        joined = ops.reshape(ops.transpose(mixed, _ints(0, 2, 1, 3)), _ints(0, 0, shape.hidden), True)
        return self.linear(joined, f"{prefix}.output.dense")

    def layer(self, x: Node, mask: Node, prefix: str) -> Node:
        """One encoder block, `(b, t, hidden)` to the same."""
        attended = self.attend(x, mask, f"{prefix}.attention")
        x = self.norm(ops.add(x, attended), f"{prefix}.attention.output.LayerNorm")
        inner = ops.gelu(self.linear(x, f"{prefix}.intermediate.dense"), "erf")
        outer = self.linear(inner, f"{prefix}.output.dense")
        return self.norm(ops.add(x, outer), f"{prefix}.output.LayerNorm")


def _pool(x: Node, kept: Node, pooling: str) -> Node:
    """`(b, t, hidden)` to `(b, hidden)`: mean over kept tokens, or the first token."""
    if pooling == "cls":
        return ops.gather(x, _scalar(0), _scalar(1))
    weights = ops.unsqueeze(kept, _ints(2))
    return ops.reduce_sum(ops.multiply(x, weights), _ints(1), False)


def build_bert(weights: Weights, shape: BertShape, pooling: str = "mean") -> Model:
    """Assemble the encoder.

    Args:
        weights: Checkpoint tensors by their Hugging Face names, without a `bert.` prefix.
        shape: The numbers of the architecture.
        pooling: `mean` or `cls`.

    Returns:
        A model with inputs `input_ids` and `attention_mask`, int64 `(batch, tokens)`, and one output
        `(batch, hidden)`, float32, rows of unit length.

    Raises:
        KeyError: A tensor is missing.
    """
    build = _Builder(weights, shape)
    ids = ops.parameter(PartialShape([-1, -1]), Type.i64, name="input_ids")
    mask = ops.parameter(PartialShape([-1, -1]), Type.i64, name="attention_mask")
    kept = ops.convert(mask, "f32")
    hidden = ops.multiply(ops.subtract(kept, ops.constant(np.float32(1))), ops.constant(np.float32(1e4)))
    hidden = ops.unsqueeze(hidden, _ints(1, 2))
    x = build.embed(ids)
    for index in range(shape.layers):
        x = build.layer(x, hidden, f"encoder.layer.{index}")
    # The mean's divisor cancels in the normalisation.
    unit = ops.normalize_l2(_pool(x, kept, pooling), _ints(1), 1e-12, "max")
    return Model([ops.result(unit)], [ids, mask], "bert")
