from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import DataError
from core.weights.gguf_prepare import rewrite_as_f16

_KEYS = {
    "tokenizer.ggml.tokens": ["<s>", "a", "ü"],
    "tokenizer.ggml.token_type": [3, 1, 1],
    "tokenizer.chat_template": "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    "tokenizer.ggml.add_bos_token": False,
    "llama.rope.freq_base": 100000.0,
}


def _write(path: Path, matrix: NDArray[np.float32], kind: gguf.GGMLQuantizationType) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_Q4_1))
    writer.add_array("tokenizer.ggml.tokens", _KEYS["tokenizer.ggml.tokens"])
    writer.add_array("tokenizer.ggml.token_type", _KEYS["tokenizer.ggml.token_type"])
    writer.add_string("tokenizer.chat_template", str(_KEYS["tokenizer.chat_template"]))
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    writer.add_float32("llama.rope.freq_base", 100000.0)
    writer.add_tensor("token_embd.weight", gguf.quantize(matrix, kind), raw_dtype=kind)
    writer.add_tensor("norm.weight", matrix[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("kind", ["Q4_1", "Q4_0", "Q8_0", "F16"])
def test_values_shapes_and_keys_survive(kind: str, tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 64)).astype(np.float32)
    source, target = tmp_path / "source.gguf", tmp_path / "target.gguf"
    _write(source, matrix, gguf.GGMLQuantizationType[kind])
    steps: list[tuple[int, int]] = []
    rewrite_as_f16(source, target, progress=lambda done, total: steps.append((done, total)))

    before, after = gguf.GGUFReader(source), gguf.GGUFReader(target)
    assert {name: after.fields[name].contents() for name in _KEYS} == _KEYS
    assert set(after.fields) - set(before.fields) == set()
    assert after.fields["general.file_type"].contents() == 1
    old: dict[str, Any] = {tensor.name: tensor for tensor in before.tensors}
    for tensor in after.tensors:
        exact = gguf.dequantize(old[tensor.name].data, old[tensor.name].tensor_type)
        assert tensor.data.shape == exact.shape
        assert tensor.data.dtype == (np.float16 if exact.ndim > 1 else np.float32)
        np.testing.assert_array_equal(tensor.data, exact.astype(tensor.data.dtype))
    assert steps[-1] == (2, 2)


def test_a_weight_too_large_for_f16_is_named(tmp_path: Path) -> None:
    source = tmp_path / "source.gguf"
    _write(source, np.full((2, 32), 1e6, np.float32), gguf.GGMLQuantizationType.F32)
    with pytest.raises(DataError, match=r"token_embd\.weight"):
        rewrite_as_f16(source, tmp_path / "target.gguf")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 10, b"GGUF" + b"\xff" * 64])
def test_what_is_no_gguf_is_refused(content: bytes, tmp_path: Path) -> None:
    source = tmp_path / "source.gguf"
    source.write_bytes(content)
    with pytest.raises(DataError):
        rewrite_as_f16(source, tmp_path / "target.gguf")
