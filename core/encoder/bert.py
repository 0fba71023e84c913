"""BERT encoders as OpenVINO graphs, from safetensors and nothing else (Devlin et al. 2019, post-layer-norm, erf GELU).

A sentence encoder ends in pooled, L2-normalised vectors; a span reader in two scores per token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inference import openvino

ops = openvino.opset15
# OpenVINO ships without types.
Node = Any

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
        for key, required in plain.items():
            if config.get(key, required) != required:
                raise ValueError(f"{key} is {config[key]!r}, not {required!r}")
        return cls(
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            layer_norm_eps=config["layer_norm_eps"],
        )


def _constant(value: NDArray[Any] | np.float32) -> Node:
    return ops.constant(np.ascontiguousarray(value, dtype=np.float32))


def _ints(*values: int) -> Node:
    return ops.constant(np.array(values, dtype=np.int64))


def _scalar(value: int) -> Node:
    return ops.constant(np.array(value, dtype=np.int64))


class _Builder:
    """Names weights by their place in the checkpoint while the graph grows."""

    def __init__(self, weights: Weights, shape: BertShape) -> None:
        self._weights = weights
        self._shape = shape

    def linear(self, x: Node, name: str) -> Node:
        """`x @ W.T + b`."""
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return ops.add(ops.matmul(x, _constant(weight), False, True), _constant(bias))

    def norm(self, x: Node, name: str) -> Node:
        """Layer normalisation over the last axis."""
        centred = ops.mvn(x, _ints(-1), True, self._shape.layer_norm_eps, "INSIDE_SQRT")
        scaled = ops.multiply(centred, _constant(self._weights[f"{name}.weight"]))
        return ops.add(scaled, _constant(self._weights[f"{name}.bias"]))

    def embed(self, ids: Node, types: Node | None = None) -> Node:
        """Word, position and type embeddings, normalised; ids `(b, t)` to `(b, t, hidden)`.

        Without `types` every token is of type 0.
        """
        table = self._weights["embeddings.word_embeddings.weight"]
        words = ops.gather(_constant(table), ids, _scalar(0))
        length = ops.gather(ops.shape_of(ids), _ints(1), _scalar(0))
        positions = self._weights["embeddings.position_embeddings.weight"]
        kinds = self._weights["embeddings.token_type_embeddings.weight"]
        if types is None:
            positions = positions + kinds[0]
        places = ops.slice(_constant(positions), _ints(0), length, _ints(1), _ints(0))
        summed = ops.add(words, places)
        if types is not None:
            summed = ops.add(summed, ops.gather(_constant(kinds), types, _scalar(0)))
        return self.norm(summed, "embeddings.LayerNorm")

    def attend(self, x: Node, mask: Node, prefix: str) -> Node:
        """Multi-head self-attention; `mask` is added to the scores, `(b, 1, 1, t)`.

        Spelled as single products: the CPU plugin fuses them faster than its own attention operation.
        """
        size = self._shape.hidden // self._shape.heads
        query, key, value = (self.heads(x, f"{prefix}.self.{part}") for part in ("query", "key", "value"))
        query = ops.multiply(query, _constant(np.float32(size**-0.5)))
        scores = ops.add(ops.matmul(query, key, False, True), mask)
        mixed = ops.matmul(ops.softmax(scores, -1), value, False, False)
        joined = ops.reshape(ops.transpose(mixed, _ints(0, 2, 1, 3)), _ints(0, 0, self._shape.hidden), True)
        return self.linear(joined, f"{prefix}.output.dense")

    def heads(self, x: Node, name: str) -> Node:
        """A projection cut into heads: `(b, t, hidden)` to `(b, heads, t, hidden / heads)`."""
        size = self._shape.hidden // self._shape.heads
        cut = ops.reshape(self.linear(x, name), _ints(0, 0, self._shape.heads, size), True)
        return ops.transpose(cut, _ints(0, 2, 1, 3))

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


def build_bert(weights: Weights, shape: BertShape, pooling: str = "mean") -> openvino.Model:
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
    ids, mask = _input("input_ids"), _input("attention_mask")
    kept = ops.convert(mask, "f32")
    x = _encode(build, build.embed(ids), kept, shape.layers)
    # The mean's divisor cancels in the normalisation.
    unit = ops.normalize_l2(_pool(x, kept, pooling), _ints(1), 1e-12, "max")
    return openvino.Model([ops.result(unit)], [ids, mask], "bert")


def build_span_reader(weights: Weights, shape: BertShape) -> openvino.Model:
    """Assemble an encoder with a start/end head.

    Args:
        weights: Checkpoint tensors by their Hugging Face names without a prefix, and `head.weight` `(2, hidden)` and
            `head.bias` `(2,)`.
        shape: The numbers of the architecture.

    Returns:
        A model with inputs `input_ids`, `token_type_ids` and `attention_mask`, int64 `(batch, tokens)`, and one output
        `(batch, tokens, 2)`, float32: the scores of an answer that starts, and that ends, at the token.

    Raises:
        KeyError: A tensor is missing.
    """
    build = _Builder(weights, shape)
    ids, types, mask = _input("input_ids"), _input("token_type_ids"), _input("attention_mask")
    x = _encode(build, build.embed(ids, types), ops.convert(mask, "f32"), shape.layers)
    return openvino.Model([ops.result(build.linear(x, "head"))], [ids, types, mask], "span-reader")


def _input(name: str) -> Node:
    return ops.parameter(openvino.PartialShape([-1, -1]), openvino.Type.i64, name=name)


def _encode(build: _Builder, x: Node, kept: Node, layers: int) -> Node:
    """Run the encoder's blocks; `kept` is 1.0 for tokens and 0.0 for padding, `(b, t)`."""
    # 0 where a token is kept, -10,000 where it is padding: nothing is left of it after the softmax.
    padding = ops.multiply(ops.subtract(kept, _constant(np.float32(1))), _constant(np.float32(1e4)))
    padding = ops.unsqueeze(padding, _ints(1, 2))
    for index in range(layers):
        x = build.layer(x, padding, f"encoder.layer.{index}")
    return x
