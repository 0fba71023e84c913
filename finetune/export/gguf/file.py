"""A merged checkpoint as one GGUF file, written with the `gguf` package, for families that a runtime here can check.

Every key that a runtime could guess is written: rotary embedding, end tokens, template, sampling. Weights pass through
one at a time. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray

from core.errors import DataError
from finetune.data.template import ChatFormat
from finetune.export.gguf.vocabulary import add_vocabulary, pre_tokenizer, tokenizer_body
from finetune.export.gguf.weights import HINT, LAYOUTS, checkpoint_config, gguf_shapes, gguf_tensors, rope_of


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


def check_writable(config: Mapping[str, Any], chat: ChatFormat) -> None:
    """Check that a model is of a kind that is written here, before anything is merged or written.

    Args:
        config: The body of its `config.json`.
        chat: Its tokenizer.

    Raises:
        DataError: Its architecture, its tokenizer or its rotary embedding is of another kind.
    """
    kind = str(config.get("model_type"))
    written = [name for name, layout in LAYOUTS.items() if layout.written]
    if kind not in written:
        raise DataError(
            f"unsupported architecture for GGUF export: {kind}; supported are {', '.join(written)}", hint=HINT
        )
    _rope_kind(config)
    _check_no_rope_layers(config)
    pre_tokenizer(tokenizer_body(chat))


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
    config = checkpoint_config(folder)
    check_writable(config, chat)
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[LAYOUTS[config["model_type"]].architecture])
    try:
        _add_identity(writer, name, licence, ENCODINGS[encoding])
        _add_shape(writer, config)
        _add_rope(writer, config)
        add_vocabulary(writer, chat, int(config["vocab_size"]))
        _write_tensors(writer, folder, config, ENCODINGS[encoding].kind)
    finally:
        writer.close()


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
    writer.add_context_length(_context_tokens(config))
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


def _context_tokens(config: Mapping[str, Any]) -> int:
    """Return the longest context that is attended to as in training: these architectures have no window in GGUF."""
    whole = int(config["max_position_embeddings"])
    return min(whole, window_tokens(config) or whole)


def window_tokens(config: Mapping[str, Any]) -> int:
    """Return the sliding window of a model that its GGUF file cannot say; 0 where it has none, or the file says it."""
    windowed = config.get("use_sliding_window", config.get("model_type") == "mistral")
    return int(config.get("sliding_window") or 0) if windowed else 0


def _rope_kind(config: Mapping[str, Any]) -> str:
    """Return how the rotary embedding is scaled.

    Raises:
        DataError: In a way that is not written here.
    """
    kind = str(rope_of(config)["rope_type"])
    if kind not in ("default", "linear", "yarn", "llama3"):
        raise DataError(f"unsupported rotary embedding for GGUF export: {kind}", hint=HINT)
    return kind


def _check_no_rope_layers(config: Mapping[str, Any]) -> None:
    """Check that runtimes leave the rotary embedding out where the model does: in every fourth layer of SmolLM3.

    Raises:
        DataError: It is left out elsewhere; no key of the file could say where.
    """
    layers = config.get("no_rope_layers")
    if layers and any(bool(with_rope) != bool((index + 1) % 4) for index, with_rope in enumerate(layers)):
        raise DataError(
            "unsupported rotary embedding for GGUF export: left out of other layers than the 4th", hint=HINT
        )


def _add_rope(writer: Any, config: Mapping[str, Any]) -> None:
    rope = rope_of(config)
    writer.add_rope_freq_base(float(rope["rope_theta"]))
    kind = _rope_kind(config)
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(rope["factor"]))
    elif kind == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(float(rope["factor"]))
        trained = rope.get("original_max_position_embeddings") or config["max_position_embeddings"] / rope["factor"]
        writer.add_rope_scaling_orig_ctx_len(int(trained))


def _write_tensors(writer: Any, folder: Path, config: Mapping[str, Any], kind: Type) -> None:
    stored = [(name, shape, _kind_of(shape, kind)) for name, shape in gguf_shapes(folder, config)]
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
    for (name, values), (_, _, chosen) in zip(gguf_tensors(folder, config), stored, strict=True):
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
        raise DataError(f"weight {name} exceeds the range of half precision", hint=HINT)
    return plain
