"""Heads of GGUF files: real ones written by `gguf`, and damaged ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.chat.local.readable import check_readable
from core.errors import DataError
from core.weights.gguf_header import read_header

TOKENS = ["<s>", "</s>", "a", "ä", "<|im_end|>"]


def write(path: Path, encoding: GGMLQuantizationType = GGMLQuantizationType.F16, *, context: int = 64) -> Path:
    writer = GGUFWriter(path, "llama")
    if context:
        writer.add_context_length(context)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, 1, 1, 3])
    writer.add_token_merges([f"a {n}" for n in range(200)])
    writer.add_eos_token_id(1)
    writer.add_eot_token_id(4)
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("norm.weight", np.ones(4, dtype=np.float32))
    data = np.zeros((2, 20 if encoding == GGMLQuantizationType.Q4_1 else 32), dtype=np.uint8)
    if encoding == GGMLQuantizationType.F16:
        writer.add_tensor("w.weight", np.ones((2, 32), dtype=np.float16))
    else:
        writer.add_tensor("w.weight", data, raw_dtype=encoding)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_header_says_what_the_gguf_package_reads(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf")
    header = read_header(path)
    reader = GGUFReader(path)
    assert header.architecture == reader.fields["general.architecture"].contents() == "llama"
    assert header.context_tokens == 64
    assert header.chat_template == "{{ messages }}"
    assert header.control_tokens == ("<s>", "</s>", "<|im_end|>")
    assert header.stop_token_ids == {1, 4}
    assert header.matrix_types == {"w.weight": "F16"}
    assert "tokenizer.ggml.merges" not in header.metadata
    check_readable(header)


def test_matrices_that_would_be_read_wrongly_are_refused(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "m.gguf", GGMLQuantizationType.Q4_1))
    with pytest.raises(DataError, match=r"Q4_1.*F16, Q4_0, Q8_0 are supported") as caught:
        check_readable(header)
    assert caught.value.hint == "kb models pull smollm2"


def test_a_file_without_its_context_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="context length is missing"):
        check_readable(read_header(write(tmp_path / "m.gguf", context=0)))


def test_absent_and_empty_files(tmp_path: Path) -> None:
    (tmp_path / "empty.gguf").touch()
    for name in ("nosuch.gguf", "empty.gguf"):
        with pytest.raises(DataError, match="cannot be read"):
            read_header(tmp_path / name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_a_data_error_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    whole = write(tmp_path / "whole.gguf").read_bytes()
    damaged = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.gguf"
    path.write_bytes(bytes(damaged))
    try:
        header = read_header(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert header.path == path
