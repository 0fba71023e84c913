"""An adapter in a GGUF file: the deltas land in the right layers and in GGUF's order of rows."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import DataError
from core.files import Home
from core.weights.adapter import LLAMA_LAYERS, merged_gguf, open_adapter, permuted

HIDDEN, HEADS, KEY_HEADS, INNER = 8, 2, 1, 12
SHAPES = {
    "attn_q": (8, HIDDEN),
    "attn_k": (4, HIDDEN),
    "attn_v": (4, HIDDEN),
    "attn_output": (HIDDEN, 8),
    "ffn_gate": (INNER, HIDDEN),
    "ffn_up": (INNER, HIDDEN),
    "ffn_down": (HIDDEN, INNER),
}


def write_base(path: Path, rng: np.random.Generator) -> dict[str, np.ndarray]:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    tensors = {f"blk.0.{stem}.weight": rng.normal(size=shape).astype(np.float16) for stem, shape in SHAPES.items()}
    tensors["blk.0.attn_norm.weight"] = rng.normal(size=HIDDEN).astype(np.float32)
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


def write_adapter(path: Path, rng: np.random.Generator, stems: list[str], scale: float) -> dict[str, np.ndarray]:
    pairs = {}
    tensors = {}
    for stem in stems:
        rows, columns = SHAPES[stem]
        down, up = (rng.normal(size=shape).astype(np.float16) for shape in ((2, columns), (rows, 2)))
        name = f"base_model.model.model.layers.0.{LLAMA_LAYERS[stem]}"
        tensors |= {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}
        pairs[stem] = scale * (up.astype(np.float32) @ down.astype(np.float32))
    save_file(tensors, path, metadata={"scale": str(scale), "prompt_digest": "abc"})
    return pairs


def values_of(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in gguf.GGUFReader(path).tensors}


def test_every_layer_gets_its_delta(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    base = write_base(tmp_path / "model.gguf", rng)
    deltas = write_adapter(tmp_path / "adapter.safetensors", rng, list(SHAPES), 0.5)
    adapter = open_adapter(tmp_path / "adapter.safetensors")
    assert (adapter.scale, adapter.prompt_digest) == (0.5, "abc")
    merged = merged_gguf(tmp_path / "model.gguf", adapter, Home(tmp_path / "home"))
    values = values_of(merged)
    for stem, delta in deltas.items():
        heads = {"attn_q": HEADS, "attn_k": KEY_HEADS}.get(stem)
        expected = base[f"blk.0.{stem}.weight"] + (permuted(delta, heads) if heads else delta)
        np.testing.assert_allclose(values[f"blk.0.{stem}.weight"], expected, atol=4e-3)
    np.testing.assert_array_equal(values["blk.0.attn_norm.weight"], base["blk.0.attn_norm.weight"])
    written = merged.stat().st_mtime_ns
    assert merged_gguf(tmp_path / "model.gguf", adapter, Home(tmp_path / "home")).stat().st_mtime_ns == written


def test_rows_of_a_head_become_pairs() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]
    assert permuted(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_an_adapter_of_another_model_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    write_base(tmp_path / "model.gguf", rng)
    path = tmp_path / "adapter.safetensors"
    name = "base_model.model.model.layers.7.mlp.up_proj"
    halves = {f"{name}.lora_A.weight": np.ones((2, 8), "float16"), f"{name}.lora_B.weight": np.ones((12, 2), "float16")}
    save_file(halves, path, metadata={"scale": "1"})
    with pytest.raises(DataError, match="another model"):
        merged_gguf(tmp_path / "model.gguf", open_adapter(path), Home(tmp_path / "home"))
    assert not list((tmp_path / "home").rglob("*.gguf"))
    path.write_bytes(b"no adapter")
    with pytest.raises(DataError, match="not an adapter"):
        open_adapter(path)
