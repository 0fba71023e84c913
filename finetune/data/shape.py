"""The shape of a causal model: the numbers of its `config.json` that decide parameters, memory and operations.

Covers the layout of the Llama family (Llama, Mistral, Qwen2, SmolLM2 and others like them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Sizes of a decoder.

    Attributes:
        hidden: Width of the residual stream.
        intermediate: Width inside the gated feed-forward network.
        heads: Query heads; `kv_heads` keys and values share among them.
        head_dim: Width of one head.
        vocabulary: Rows of the embedding.
        tied: Whether the output matrix is the embedding.
        qkv_bias: Whether query, key and value projections have a bias.
        context_tokens: Longest input the model was trained for.
        four_bit: Whether the stored weights are quantised to four bits already.
        model_type: transformers' name of the architecture.
    """

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool
    qkv_bias: bool
    context_tokens: int
    four_bit: bool = False
    model_type: str = "llama"

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """Every linear of one layer: name to (inputs, outputs)."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "q_proj": (self.hidden, queries),
            "k_proj": (self.hidden, keys),
            "v_proj": (self.hidden, keys),
            "o_proj": (queries, self.hidden),
            "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }

    @property
    def linear_parameters(self) -> int:
        """Weights in the linears of all layers."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linears.values())

    @property
    def layer_parameters(self) -> int:
        """Weights of one layer: linears, biases and two norms."""
        biases = (self.heads + 2 * self.kv_heads) * self.head_dim if self.qkv_bias else 0
        return self.linear_parameters // self.layers + biases + 2 * self.hidden

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding and, where it is its own, of the output matrix."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.layers * self.layer_parameters + self.embedding_parameters + self.hidden


_NEEDED = ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "vocab_size")


def shape_of(config: Mapping[str, Any], name: str) -> ModelShape:
    """Read a shape from the body of a `config.json`.

    Args:
        config: The decoded file.
        name: The model's, for messages.

    Raises:
        DataError: A size is missing: this is no causal text model of a known layout.
    """
    missing = [key for key in _NEEDED if not isinstance(config.get(key), int)]
    if missing:
        raise DataError(
            f"unsupported model {name}: config.json lacks {', '.join(missing)}",
            hint="kb finetune --base smollm2 --estimate",
        )
    heads = config["num_attention_heads"]
    model_type = str(config.get("model_type", ""))
    return ModelShape(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        intermediate=config["intermediate_size"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or config["hidden_size"] // heads,
        vocabulary=config["vocab_size"],
        tied=bool(config.get("tie_word_embeddings", model_type in ("gemma", "gemma2"))),
        qkv_bias=bool(config.get("attention_bias", model_type == "qwen2")),
        context_tokens=int(config.get("max_position_embeddings") or 0),
        four_bit=bool((config.get("quantization_config") or {}).get("load_in_4bit")),
        model_type=model_type,
    )


# What the recipes name, so that an estimate needs no download; from the published config.json files.
KNOWN_SHAPES: Mapping[str, ModelShape] = {
    "smollm2": ModelShape(
        layers=30,
        hidden=576,
        intermediate=1536,
        heads=9,
        kv_heads=3,
        head_dim=64,
        vocabulary=49_152,
        tied=True,
        qkv_bias=False,
        context_tokens=8192,
    ),
    "Qwen/Qwen2.5-0.5B-Instruct": ModelShape(
        layers=24,
        hidden=896,
        intermediate=4864,
        heads=14,
        kv_heads=2,
        head_dim=64,
        vocabulary=151_936,
        tied=True,
        qkv_bias=True,
        context_tokens=32_768,
        model_type="qwen2",
    ),
    "Qwen/Qwen2.5-1.5B-Instruct": ModelShape(
        layers=28,
        hidden=1536,
        intermediate=8960,
        heads=12,
        kv_heads=2,
        head_dim=128,
        vocabulary=151_936,
        tied=True,
        qkv_bias=True,
        context_tokens=32_768,
        model_type="qwen2",
    ),
    "meta-llama/Meta-Llama-3-8B-Instruct": ModelShape(
        layers=32,
        hidden=4096,
        intermediate=14_336,
        heads=32,
        kv_heads=8,
        head_dim=128,
        vocabulary=128_256,
        tied=False,
        qkv_bias=False,
        context_tokens=8192,
    ),
}
