"""The shape of a causal model: the numbers of its `config.json` that decide parameters, memory and operations.

Covers the layout of the Llama family (Llama, Mistral, Qwen2, SmolLM2 and others like them) and, with the names of their
own configurations, GPT-2, GPT-NeoX, StarCoder and others with a plain feed-forward network.
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
        quantisation: What the stored weights are quantised with (`bitsandbytes`, `gptq`, `awq`); empty where they are
            not.
        gated: Whether the feed-forward network has a gate beside its two matrices.
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
    quantisation: str = ""
    gated: bool = True
    model_type: str = "llama"

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """Every linear of one layer: name to (inputs, outputs).

        Names are those of the Llama family. What another family calls otherwise or stores as one matrix is listed so
        too: it has as many weights.
        """
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        gate = {"gate_proj": (self.hidden, self.intermediate)} if self.gated else {}
        return {
            "q_proj": (self.hidden, queries),
            "k_proj": (self.hidden, keys),
            "v_proj": (self.hidden, keys),
            "o_proj": (queries, self.hidden),
            **gate,
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }

    @property
    def rotary(self) -> bool:
        """Whether positions are rotations, which a recipe can stretch."""
        return self.model_type not in _UNROTATED

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
# What other families call these sizes; see `attribute_map` of transformers' configurations.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "num_hidden_layers": ("n_layer", "n_layers", "num_layers"),
    "hidden_size": ("n_embd", "d_model"),
    "intermediate_size": ("n_inner", "ffn_dim", "ffn_hidden_size"),
    "num_attention_heads": ("n_head", "n_heads", "num_heads", "attention_heads"),
    "max_position_embeddings": ("n_positions", "n_ctx", "max_seq_len"),
}
# Families whose feed-forward network has no gate; where no width is given, it is four times the hidden one.
_PLAIN_NETWORKS = frozenset(
    {"gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "codegen", "bloom", "mpt", "falcon", "opt", "phi", "xglm"}
    | {"starcoder2"}
)
_WIDENED = 4
# Families whose configuration need not say that the output matrix is the embedding, or that projections have a bias.
_TIED = frozenset({"gpt2", "gpt_bigcode", "gpt_neo", "bloom", "mpt", "falcon", "opt", "xglm", "starcoder2"})
_TIED_GATED = frozenset({"gemma", "gemma2", "gemma3", "gemma3_text", "cohere"})
_BIASED = frozenset({"qwen2", "gpt2", "gpt_bigcode", "gpt_neox", "opt", "phi", "starcoder2"})
# Families whose positions are learned or a bias, not a rotation that could be stretched.
_UNROTATED = frozenset({"gpt2", "gpt_bigcode", "gpt_neo", "opt", "bloom", "mpt", "xglm", "biogpt"})


def with_usual_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a `config.json` with its sizes under the names of the Llama family.

    Sizes of a model that reads pictures too are those of its text part.
    """
    text = config.get("text_config")
    values = {**config, **(text if isinstance(text, Mapping) else {})}
    for name, others in _OTHER_NAMES.items():
        if not isinstance(values.get(name), int):
            values[name] = next((values[other] for other in others if isinstance(values.get(other), int)), None)
    plain = values.get("model_type") in _PLAIN_NETWORKS
    if values["intermediate_size"] is None and plain and values["hidden_size"] is not None:
        values["intermediate_size"] = _WIDENED * values["hidden_size"]
    return values


def missing_sizes(config: Mapping[str, Any]) -> list[str]:
    """Return the sizes that a `config.json` does not give under any known name."""
    values = with_usual_names(config)
    return [key for key in _NEEDED if not isinstance(values.get(key), int)]


def shape_of(config: Mapping[str, Any], name: str) -> ModelShape:
    """Read a shape from the body of a `config.json`.

    Args:
        config: The decoded file.
        name: The model's, for messages.

    Raises:
        DataError: A size is missing: this is no causal text model of a known layout.
    """
    if missing := missing_sizes(config):
        raise DataError(
            f"unsupported model {name}: config.json lacks {', '.join(missing)}",
            hint="kb finetune --base smollm2 --estimate",
            click="choose another base model",
        )
    values = with_usual_names(config)
    heads = values["num_attention_heads"]
    model_type = str(values.get("model_type", ""))
    quantised = config.get("quantization_config") or {}
    return ModelShape(
        layers=values["num_hidden_layers"],
        hidden=values["hidden_size"],
        intermediate=values["intermediate_size"],
        heads=heads,
        kv_heads=values.get("num_key_value_heads") or (1 if values.get("multi_query") else heads),
        head_dim=values.get("head_dim") or values["hidden_size"] // heads,
        vocabulary=values["vocab_size"],
        tied=bool(values.get("tie_word_embeddings", model_type in _TIED | _TIED_GATED)),
        qkv_bias=bool(values.get("attention_bias", model_type in _BIASED)),
        context_tokens=int(values.get("max_position_embeddings") or 0),
        four_bit=bool(quantised) and not quantised.get("load_in_8bit") and quantised.get("bits", 4) == 4,
        quantisation=_quantisation(quantised),
        gated=model_type not in _PLAIN_NETWORKS,
        model_type=model_type,
    )


def _quantisation(quantised: Mapping[str, Any]) -> str:
    """Return the name of what weights are quantised with; files of bitsandbytes need not name it."""
    by_bits = "bitsandbytes" if quantised.get("load_in_4bit") or quantised.get("load_in_8bit") else ""
    return str(quantised.get("quant_method") or by_bits or ("unknown" if quantised else ""))


# What the recipes name, so that an estimate needs no download; from the published config.json files.
_SMOLLM2 = ModelShape(
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
)
KNOWN_SHAPES: Mapping[str, ModelShape] = {
    "smollm2": _SMOLLM2,
    "smollm2-reading": _SMOLLM2,
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
