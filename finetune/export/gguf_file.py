"""A merged checkpoint as one GGUF file, for the Llama and Qwen2 families, on the `gguf` package.

Every key that a runtime could guess is written: rotary embedding, ends, template, sampling. Weights pass through one at
a time. Knows the two architectures; refuses to know runtimes and whether the file answers right: that is the gate's.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray

from finetune.export.checkpoint import CONFIG
from finetune.export.gguf_vocabulary import add_vocabulary
from finetune.template import ChatFormat
from kb.errors import DataError

if TYPE_CHECKING:
    import torch

_ARCHITECTURES = {"llama": gguf.MODEL_ARCH.LLAMA, "qwen2": gguf.MODEL_ARCH.QWEN2}
_HINT = "kb export RUN --to hf  # then llama.cpp's convert_hf_to_gguf.py"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How matrices are stored; vectors are always F32.

    Attributes:
        kind: Of the matrices.
        file_type: llama.cpp's number for a file of this kind.
    """

    kind: Type
    file_type: int


# What `gguf` itself can write and every runtime here reads faithfully.
ENCODINGS: Mapping[str, Encoding] = {
    "f16": Encoding(Type.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": Encoding(Type.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": Encoding(Type.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}


def writes(folder: Path) -> bool:
    """Tell whether a checkpoint's architecture is one that is written here."""
    return _config(folder).get("model_type") in _ARCHITECTURES


def write_gguf(folder: Path, chat: ChatFormat, target: Path, *, name: str, licence: str, encoding: str) -> None:
    """Write a checkpoint as GGUF.

    Args:
        folder: As `save_checkpoint` leaves it.
        chat: From `as_exported`.
        target: Overwritten.
        name: That the file carries.
        licence: Of the base; empty where unknown.
        encoding: A key of `ENCODINGS`.

    Raises:
        DataError: The architecture, the tokenizer or the rotary embedding is of a kind that is not written here, or a
            weight does not fit into half precision.
        OSError: The disk is full.
    """
    config = _config(folder)
    kind = str(config.get("model_type"))
    if kind not in _ARCHITECTURES:
        raise DataError(f"architecture {kind} is not written here, only {', '.join(_ARCHITECTURES)}", hint=_HINT)
    writer = gguf.GGUFWriter(target, kind)
    try:
        _add_identity(writer, name, licence, ENCODINGS[encoding])
        _add_shape(writer, config)
        _add_rope(writer, config)
        add_vocabulary(writer, chat, int(config["vocab_size"]))
        _write_tensors(writer, folder, config, ENCODINGS[encoding].kind)
    finally:
        writer.close()


def _config(folder: Path) -> Mapping[str, Any]:
    held: Mapping[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    return held


def _add_identity(writer: Any, name: str, licence: str, encoding: Encoding) -> None:
    writer.add_type("model")
    writer.add_name(name)
    if licence:
        writer.add_license(licence.lower())
    writer.add_file_type(encoding.file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    # Runtimes that read these ask as the model was trained to be asked; Ollama is told by its Modelfile.
    writer.add_sampling_temp(0.0)
    writer.add_sampling_penalty_repeat(1.0)


def _add_shape(writer: Any, config: Mapping[str, Any]) -> None:
    heads = config["num_attention_heads"]
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if head_dim * heads != config["hidden_size"]:
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)


def _add_rope(writer: Any, config: Mapping[str, Any]) -> None:
    rope = _rope(config)
    writer.add_rope_freq_base(float(rope["rope_theta"]))
    kind = rope["rope_type"]
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(rope["factor"]))
    elif kind == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(float(rope["factor"]))
        trained = rope.get("original_max_position_embeddings") or config["max_position_embeddings"] / rope["factor"]
        writer.add_rope_scaling_orig_ctx_len(int(trained))
    elif kind not in ("default", "llama3"):
        raise DataError(f"rotary embedding of kind {kind} is not written here", hint=_HINT)


def _rope(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the rotary embedding's parameters with `rope_theta` and `rope_type`, from either of their places."""
    rope = {**(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    theta = rope.get("rope_theta", config.get("rope_theta"))
    if theta is None:
        raise DataError(f"{CONFIG} does not say the base frequency of the rotary embedding", hint=_HINT)
    return {"rope_type": "default", **rope, "rope_theta": theta}


def llama3_factors(config: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return what every frequency is divided by under Llama 3's scaling, shape (head_dim / 2,).

    The rule of `_compute_llama3_parameters` in transformers; GGUF keeps its result as the tensor `rope_freqs`.
    """
    rope = _rope(config)
    dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    factor, low, high = (float(rope[key]) for key in ("factor", "low_freq_factor", "high_freq_factor"))
    trained = float(rope["original_max_position_embeddings"])
    lengths = 2 * math.pi * float(rope["rope_theta"]) ** (np.arange(0, dim, 2, dtype=np.float64) / dim)
    smooth = np.clip((trained / lengths - low) / (high - low), 0, 1)
    divisors: NDArray[np.float32] = (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)
    return divisors


def _write_tensors(writer: Any, folder: Path, config: Mapping[str, Any], kind: Type) -> None:
    stored = [(name, shape, _kind_of(shape, kind)) for name, shape in _shapes(folder, config)]
    for name, shape, chosen in stored:
        size_bytes = _size_bytes(shape, chosen)
        raw = None if chosen in (Type.F32, Type.F16) else chosen
        dtype = np.dtype({Type.F32: np.float32, Type.F16: np.float16}.get(chosen, np.uint8))
        # Of a quantised tensor the writer wants the shape in bytes.
        written = gguf.quant_shape_to_byte_shape(shape, chosen) if raw else shape
        writer.add_tensor_info(name, written, dtype, size_bytes, raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for (name, values), (_, _, chosen) in zip(_tensors(folder, config), stored, strict=True):
        writer.write_tensor_data(_encoded(name, values, chosen))


def _kind_of(shape: tuple[int, ...], kind: Type) -> Type:
    if len(shape) < 2:
        return Type.F32
    block, _ = gguf.GGML_QUANT_SIZES[kind]
    return kind if shape[-1] % block == 0 else Type.F16


def _size_bytes(shape: tuple[int, ...], kind: Type) -> int:
    block, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    return math.prod(shape) // int(block) * int(block_bytes)


def _encoded(name: str, values: NDArray[np.float32], kind: Type) -> NDArray[Any]:
    if kind not in (Type.F32, Type.F16):
        quantised: NDArray[Any] = gguf.quantize(values, kind)
        return quantised
    with np.errstate(over="ignore"):
        plain = values.astype(np.float16 if kind == Type.F16 else np.float32)
    if not np.isfinite(plain).all():
        raise DataError(f"weight {name} does not fit into half precision", hint=_HINT)
    return plain


def _names(config: Mapping[str, Any]) -> Any:
    return gguf.get_tensor_name_map(_ARCHITECTURES[config["model_type"]], config["num_hidden_layers"])


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
                    raise DataError(f"weight {key} has no place in GGUF", path=path, hint=_HINT)
                yield named, key, weights.get_slice(key)


def _shapes(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    if _rope(config)["rope_type"] == "llama3":
        yield "rope_freqs.weight", llama3_factors(config).shape
    for named, _, weight in _opened(folder, config):
        yield named, tuple(weight.get_shape())


def _tensors(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield (name in GGUF, weights in GGUF's order), float32, in the order of `_shapes`."""
    if _rope(config)["rope_type"] == "llama3":
        yield "rope_freqs.weight", llama3_factors(config)
    for named, key, weight in _opened(folder, config):
        tensor: torch.Tensor = weight[:]
        yield named, to_gguf_order(key, tensor.float().numpy(), config)


def to_gguf_order(key: str, values: NDArray[np.float32], config: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a weight as GGUF orders it: the llama architecture wants the rows of q and k in pairs, not halves.

    llama.cpp's `convert_hf_to_gguf.py`, `LlamaModel.permute`.

    Args:
        key: Name in transformers.
        values: (outputs, inputs), or (outputs,) of a bias.
        config: The body of `config.json`.
    """
    if config["model_type"] != "llama" or ".self_attn." not in key:
        return values
    heads = config["num_attention_heads"]
    if ".k_proj." in key:
        heads = config.get("num_key_value_heads") or heads
    elif ".q_proj." not in key:
        return values
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))


def from_gguf_order(key: str, values: NDArray[np.float32], config: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a weight in transformers' order; undoes `to_gguf_order`."""
    rows = to_gguf_order(key, np.arange(values.shape[0], dtype=np.float32), config).astype(np.int64)
    restored = np.empty_like(values)
    restored[rows] = values
    return restored


def read_weights(path: Path, folder: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield (name in transformers, weights) of what a GGUF file holds, dequantised, in transformers' order.

    Args:
        path: A GGUF file made of the checkpoint.
        folder: The checkpoint.

    Raises:
        DataError: A weight of the checkpoint is not in the file.
    """
    config = _config(folder)
    held = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    for named, key, _ in _opened(folder, config):
        if named not in held:
            raise DataError(f"weight {named} is missing", path=path, hint="kb export RUN --to gguf")
        tensor = held[named]
        values: NDArray[np.float32] = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        yield key, from_gguf_order(key, values, config)
