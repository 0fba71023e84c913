"""SmolLM2 as a folder for training: its weights from the GGUF file, with the tokenizer it was trained with.

The tokenizer that transformers 5.23 derives from the file splits some texts differently than the model's own; here it
is built from the vocabulary and merges of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from gguf import GGUFReader, dequantize
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from core.errors import ConfigError
from core.files import Home
from core.weights.adapter import LLAMA_LAYERS, merged_gguf, open_adapter
from core.weights.folders import make_folder
from core.weights.shelf import require
from core.weights.shipped import reading_adapter

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_CONTROL_TOKEN = 3
_FOLDER = "hf"
# Ends a turn, starts one, and a token that no answer ends with: padding must not be what stops generation.
_EOS, _BOS, _PAD = "<|im_end|>", "<|im_start|>", "<|endoftext|>"


def smollm2_folder(home: Home) -> Path:
    """Return SmolLM2 in transformers' layout, converted beside its GGUF file at the first call.

    Raises:
        MissingExtra: SmolLM2 was never pulled, or the extra `train` is not installed.
        OSError: The disk is full (270 MB are written).
    """
    source = require("smollm2", home)
    folder = source / _FOLDER
    if not (folder / "config.json").is_file():
        make_folder(folder, lambda work: _convert(source / "model.gguf", work), ready="config.json")
    return folder


def smollm2_reading_folder(home: Home) -> Path:
    """Return SmolLM2 with its reading adapter in transformers' layout, made in the cache at the first call.

    Raises:
        ConfigError: This installation has no reading adapter.
        MissingExtra: SmolLM2 was never pulled, or the extra `train` is not installed.
        DataError: The adapter is damaged.
        OSError: The disk is full (540 MB are written).
    """
    if not reading_adapter().is_file():
        raise ConfigError(
            "this installation has no reading adapter for SmolLM2",
            hint="kb finetune --base smollm2 --data DIR",
            click="choose the base smollm2",
        )
    merged = merged_gguf(require("smollm2", home) / "model.gguf", open_adapter(reading_adapter()), home)
    folder = merged.parent.with_name(f"{merged.parent.name}-{_FOLDER}")
    make_folder(folder, lambda work: _convert(merged, work), ready="config.json")
    return folder


def _convert(source: Path, work: Path) -> None:
    reader = GGUFReader(source)
    config = _config(reader.fields)
    tokenizer = _wrapped(reader.fields, config["max_position_embeddings"])
    tokenizer.save_pretrained(work, save_jinja_files=False)
    save_file(dict(_weights(reader, config)), work / "model.safetensors", metadata={"format": "pt"})
    ends = {f"{name}_token_id": config[f"{name}_token_id"] for name in ("bos", "eos", "pad")}
    (work / "generation_config.json").write_text(json.dumps(ends), encoding="utf-8")
    (work / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def _config(fields: Any) -> dict[str, Any]:
    """Return the body of `config.json`; keys as transformers' `LlamaConfig` names them."""

    def key(name: str) -> Any:
        return fields[f"llama.{name}"].contents()

    tokens = fields["tokenizer.ggml.tokens"].contents()
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": key("block_count"),
        "hidden_size": key("embedding_length"),
        "intermediate_size": key("feed_forward_length"),
        "num_attention_heads": key("attention.head_count"),
        "num_key_value_heads": key("attention.head_count_kv"),
        "max_position_embeddings": key("context_length"),
        "rms_norm_eps": key("attention.layer_norm_rms_epsilon"),
        "rope_theta": key("rope.freq_base"),
        "vocab_size": len(tokens),
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "dtype": "float16",
        **{f"{name}_token_id": tokens.index(token) for name, token in (("eos", _EOS), ("bos", _BOS), ("pad", _PAD))},
    }


_LAYER_NAMES = {**LLAMA_LAYERS, "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_OTHER_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}


def _weights(reader: GGUFReader, config: Mapping[str, Any]) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """Yield (name in transformers, weights); the file holds F16, so nothing is lost."""
    for tensor in reader.tensors:
        stem = tensor.name.removesuffix(".weight")
        values = dequantize(tensor.data, tensor.tensor_type)
        if stem in _OTHER_NAMES:
            yield f"{_OTHER_NAMES[stem]}.weight", values.astype(np.float16)
            continue
        _, layer, part = stem.split(".")
        if part == "attn_q":
            values = _unpermuted(values, config["num_attention_heads"])
        if part == "attn_k":
            values = _unpermuted(values, config["num_key_value_heads"])
        yield f"model.layers.{layer}.{_LAYER_NAMES[part]}.weight", values.astype(np.float16)


def _unpermuted(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Undo GGUF's order of a llama head's rows (pairs side by side) for transformers' (halves).

    The inverse of `permute` in llama.cpp's `convert_hf_to_gguf.py`.

    Args:
        values: (heads x head_dim, hidden).
    """
    rows, columns = values.shape
    pairs = values.reshape(heads, rows // heads // 2, 2, columns)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows, columns))


def _wrapped(fields: Any, context_tokens: int) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(fields),
        eos_token=_EOS,
        bos_token=_BOS,
        pad_token=_PAD,
        unk_token=_PAD,
        model_max_length=context_tokens,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = fields["tokenizer.chat_template"].contents()
    return tokenizer


def build_tokenizer(fields: Any) -> Tokenizer:
    """Put SmolLM2's tokenizer together: digits one by one, then byte-level BPE.

    Args:
        fields: Metadata of the GGUF file as `gguf.GGUFReader` gives it.
    """
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    kinds = fields["tokenizer.ggml.token_type"].contents()
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return tokenizer
