"""Weights of a checkpoint under GGUF's names and in GGUF's form, one at a time, and back again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.weights.adapter import permuted
from finetune.export.checkpoint import CONFIG

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightLayout:
    """How GGUF keeps the weights of a family, as llama.cpp's converter writes them.

    Attributes:
        architecture: In GGUF.
        written: Whether whole files are written here; others are only read back and compared with their checkpoint.
        paired: Whether the rows of q and k stand in pairs, not halves.
        norm_offset: What norms hold beside transformers' values: Gemma's add one when they are applied.
    """

    architecture: gguf.MODEL_ARCH
    written: bool = False
    paired: bool = False
    norm_offset: float = 0.0


# By `model_type` in transformers.
LAYOUTS: Mapping[str, WeightLayout] = {
    "llama": WeightLayout(architecture=gguf.MODEL_ARCH.LLAMA, written=True, paired=True),
    "mistral": WeightLayout(architecture=gguf.MODEL_ARCH.LLAMA, written=True, paired=True),
    "qwen2": WeightLayout(architecture=gguf.MODEL_ARCH.QWEN2, written=True),
    "qwen3": WeightLayout(architecture=gguf.MODEL_ARCH.QWEN3, written=True),
    "smollm3": WeightLayout(architecture=gguf.MODEL_ARCH.SMOLLM3, written=True, paired=True),
    "gemma2": WeightLayout(architecture=gguf.MODEL_ARCH.GEMMA2, norm_offset=1.0),
    "gemma3_text": WeightLayout(architecture=gguf.MODEL_ARCH.GEMMA3, norm_offset=1.0),
    "phi3": WeightLayout(architecture=gguf.MODEL_ARCH.PHI3),
}
# What always works; the comment is for those who want one file.
HINT = "kb export RUN --to hf  # or --converter PATH, llama.cpp's convert_hf_to_gguf.py"


def checkpoint_config(folder: Path) -> Mapping[str, Any]:
    """Return the body of a checkpoint's `config.json`."""
    config: Mapping[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    return config


def rope_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the rotary embedding's parameters with `rope_theta` and `rope_type`, from either of their places."""
    rope = {**(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    theta = rope.get("rope_theta", config.get("rope_theta"))
    if theta is None:
        raise DataError(f"{CONFIG} lacks the base frequency of the rotary embedding (rope_theta)", hint=HINT)
    return {"rope_type": "default", **rope, "rope_theta": theta}


def llama3_factors(config: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return what every frequency is divided by under Llama 3's scaling, shape (head_dim / 2,).

    The rule of `_compute_llama3_parameters` in transformers; GGUF keeps its result as the tensor `rope_freqs`.
    """
    rope = rope_of(config)
    dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    factor, low, high = (float(rope[key]) for key in ("factor", "low_freq_factor", "high_freq_factor"))
    trained = float(rope["original_max_position_embeddings"])
    lengths = 2 * math.pi * float(rope["rope_theta"]) ** (np.arange(0, dim, 2, dtype=np.float64) / dim)
    smooth = np.clip((trained / lengths - low) / (high - low), 0, 1)
    divisors: NDArray[np.float32] = (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)
    return divisors


def _names(config: Mapping[str, Any]) -> Any:
    return gguf.get_tensor_name_map(LAYOUTS[config["model_type"]].architecture, config["num_hidden_layers"])


def _opened(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield (name in GGUF, name in transformers, lazy tensor) of every weight that a file holds."""
    from safetensors import safe_open

    names = _names(config)
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as weights:
            for key in sorted(weights.keys()):
                if key == "lm_head.weight" and config.get("tie_word_embeddings"):
                    continue  # runtimes take the embedding where there is no output matrix
                named = names.get_name(key, try_suffixes=(".weight", ".bias"))
                if named is None:
                    raise DataError(f"unsupported weight for GGUF export: {key}", path=path, hint=HINT)
                yield named, key, weights.get_slice(key)


def gguf_shapes(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    if rope_of(config)["rope_type"] == "llama3":
        yield "rope_freqs.weight", llama3_factors(config).shape
    for named, _, weight in _opened(folder, config):
        yield named, tuple(weight.get_shape())


def gguf_tensors(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield (name in GGUF, weights in GGUF's order), float32, in the order of `gguf_shapes`."""
    if rope_of(config)["rope_type"] == "llama3":
        yield "rope_freqs.weight", llama3_factors(config)
    for named, key, weight in _opened(folder, config):
        tensor: torch.Tensor = weight[:]
        yield named, to_gguf_order(key, tensor.float().numpy(), config)


def to_gguf_order(key: str, values: NDArray[np.float32], config: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a weight as GGUF keeps it: rows of q and k in pairs, norms with their offset, as the family has it.

    Args:
        key: Name in transformers.
        values: (outputs, inputs), or (outputs,) of a bias or norm.
        config: The body of `config.json`.
    """
    layout = LAYOUTS[config["model_type"]]
    if layout.norm_offset and key.endswith("norm.weight"):
        return values + np.float32(layout.norm_offset)
    return _paired(key, values, config) if layout.paired else values


def _paired(key: str, values: NDArray[Any], config: Mapping[str, Any]) -> NDArray[Any]:
    heads = config["num_attention_heads"]
    if ".self_attn.k_proj." in key:
        heads = config.get("num_key_value_heads") or heads
    elif ".self_attn.q_proj." not in key:
        return values
    return permuted(values, heads)


def from_gguf_order(key: str, values: NDArray[np.float32], config: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a weight in transformers' form; undoes `to_gguf_order`."""
    layout = LAYOUTS[config["model_type"]]
    if layout.norm_offset and key.endswith("norm.weight"):
        return values - np.float32(layout.norm_offset)
    if not layout.paired:
        return values
    rows = _paired(key, np.arange(values.shape[0], dtype=np.float32), config).astype(np.int64)
    restored = np.empty_like(values)
    restored[rows] = values
    return restored


def read_weights(path: Path, folder: Path) -> Iterator[tuple[str, str, NDArray[np.float32], NDArray[np.float32]]]:
    """Yield (name in GGUF, name in transformers, what the file holds, what the checkpoint holds) of every weight.

    What the file holds is dequantised; both are float32 in transformers' order.

    Args:
        path: A GGUF file made of the checkpoint.
        folder: The checkpoint.

    Raises:
        DataError: A weight of the checkpoint is not in the file, or has another shape there.
    """
    config = checkpoint_config(folder)
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    for named, key, weight in _opened(folder, config):
        if named not in tensors:
            raise DataError(f"weight {named} is missing", path=path, hint="kb export RUN --to gguf")
        tensor, own = tensors[named], weight[:].float().numpy()
        values: NDArray[np.float32] = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if values.shape != own.shape:
            raise DataError(f"weight {named} has shape {values.shape}, not {own.shape}", path=path, hint=HINT)
        yield named, key, from_gguf_order(key, values, config), own
