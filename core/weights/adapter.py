"""A LoRA adapter merged into the GGUF file of its base, without torch: for runtimes that read whole models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.files import Home, sha256_of
from core.prompt import ShownAtOnce
from core.weights.folders import make_folder

# Linear layers of a llama model: name in GGUF, name in transformers.
LLAMA_LAYERS: Mapping[str, str] = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_MERGED = "model.gguf"
_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """LoRA matrices with their scale.

    Attributes:
        path: The safetensors file; its tensors have PEFT's names.
        scale: Of `B @ A` (Hu et al. 2021, equation 3; with rank stabilisation `alpha / sqrt(rank)`).
        prompt_digest: Of the prompt it was trained under; empty where none is recorded.
        shown: What a row of its training showed at most.
    """

    path: Path
    scale: float
    prompt_digest: str
    shown: ShownAtOnce = field(default_factory=ShownAtOnce)

    def deltas(self) -> dict[str, NDArray[np.float32]]:
        """Return what is added to each layer, by the layer's name in transformers, float32, (out, in).

        Raises:
            DataError: The file is damaged or lacks one half of a pair.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            tensors = load_file(self.path)
        except (SafetensorError, OSError) as error:
            raise DataError(f"not an adapter: {error}", path=self.path) from error
        made: dict[str, NDArray[np.float32]] = {}
        for name, down in tensors.items():
            if ".lora_A." not in name:
                continue
            up = tensors.get(name.replace(".lora_A.", ".lora_B."))
            if up is None:
                raise DataError(f"{name} has no counterpart", path=self.path)
            layer = name.removeprefix("base_model.model.").split(".lora_A.", 1)[0]
            made[layer] = self.scale * (up.astype(np.float32) @ down.astype(np.float32))
        return made


def open_adapter(path: Path) -> Adapter:
    """Read an adapter's head.

    Raises:
        DataError: It is no safetensors file, or its head says nothing of rank and scale.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as handle:
            head: dict[str, str] = handle.metadata() or {}
        return Adapter(
            path=path,
            scale=float(head["scale"]),
            prompt_digest=head.get("prompt_digest", ""),
            shown=ShownAtOnce(int(head.get("passages", 0)), int(head.get("passage_chars", 0))),
        )
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DataError(f"not an adapter of kb: {error}", path=path) from error


def merged_gguf(source: Path, adapter: Adapter, home: Home) -> Path:
    """Return the base with the adapter merged into it as a GGUF file in the cache, written at the first call.

    Args:
        source: A llama model in F16 or F32.
        adapter: For that model.

    Raises:
        DataError: A file is damaged, or the adapter is of another model.
        OSError: The disk is full.
    """
    folder = home.cache / "merged" / f"{source.parent.name}-{sha256_of(adapter.path)[:_SHORT]}"
    make_folder(folder, lambda work: _merge(source, adapter, work / _MERGED), ready=_MERGED)
    return folder / _MERGED


def _merge(source: Path, adapter: Adapter, target: Path) -> None:
    from core.weights.gguf_prepare import rewrite_as_f16

    deltas = adapter.deltas()

    def add(name: str, values: NDArray[np.float32], keys: Mapping[str, Any]) -> NDArray[np.float32]:
        stem = name.removesuffix(".weight").split(".")
        if len(stem) != 3 or stem[2] not in LLAMA_LAYERS:
            return values
        delta = deltas.pop(f"model.layers.{stem[1]}.{LLAMA_LAYERS[stem[2]]}", None)
        if delta is None:
            return values
        if delta.shape != values.shape:
            raise DataError(f"the adapter is of another model: {name} is {values.shape}", path=adapter.path)
        if stem[2] in ("attn_q", "attn_k"):
            heads = keys["llama.attention.head_count" + ("_kv" if stem[2] == "attn_k" else "")].contents()
            delta = permuted(delta, heads)
        return values + delta

    rewrite_as_f16(source, target, change=add)
    if deltas:
        raise DataError(f"the adapter is of another model: no layer {next(iter(deltas))}", path=adapter.path)


def permuted(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return the rows of a llama head in GGUF's order (pairs side by side) from transformers' (halves).

    As `permute` in llama.cpp's `convert_hf_to_gguf.py`.

    Args:
        values: (heads x head_dim, columns), or (heads x head_dim,) of a bias.
        heads: Number of heads.
    """
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
