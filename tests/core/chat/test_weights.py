"""The GGUF file behind a spelling: a path, a prepared model, an exported run."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest

from core.backends import parse_spec
from core.chat.local.readable import check_readable, is_readable
from core.chat.local.weights import gguf_path, run_weights, runs_with_weights, weight_files, weights_in
from core.errors import ConfigError, DataError, MissingExtra
from core.files import Home
from core.weights.gguf_header import read_header


def write(
    path: Path,
    *,
    architecture: str = "llama",
    tokenizer: str = "gpt2",
    pre: str = "qwen2",
    rope: str = "",
    rope_factors: bool = False,
    padding: int = 0,
) -> Path:
    """Write the head of a GGUF file with one small matrix."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(64)
    writer.add_tokenizer_model(tokenizer)
    writer.add_tokenizer_pre(pre)
    if rope:
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope))
    if rope_factors:
        writer.add_tensor("rope_freqs.weight", np.ones(4, np.float32))
    writer.add_tensor("w.weight", np.ones((4 + padding, 32), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_path_is_itself(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "m.gguf"
    with pytest.raises(ConfigError, match="no such file"):
        gguf_path(parse_spec(f"gguf:{path}"), home)
    path.touch()
    assert gguf_path(parse_spec(f"gguf:{path}"), home) == path


def test_a_prepared_model_must_be_pulled(home: Home) -> None:
    with pytest.raises(MissingExtra) as caught:
        gguf_path(parse_spec("smollm2"), home)
    assert caught.value.hint == "kb models pull smollm2"


def test_a_run_gives_its_best_file(home: Home) -> None:
    folder = home.runs / "one"
    with pytest.raises(ConfigError, match="no run 'one'"):
        run_weights("one", home)
    folder.mkdir(parents=True)
    with pytest.raises(ConfigError, match="training of run 'one' is not finished") as caught:
        run_weights("one", home)
    assert caught.value.hint == "kb finetune --resume one"
    (folder / "model-broken.gguf").write_bytes(b"x" * 9999)
    for name, rows in (("model-q4_0.gguf", 0), ("model-q8_0.gguf", 8), ("model.gguf", 0)):
        write(folder / name, padding=rows)
        assert run_weights("one", home).name == name  # the larger one, then the unquantised one
    assert weight_files(folder / "model.gguf") == [folder / "model.gguf"]


def test_folders_of_a_run_are_asked_where_there_is_no_file_that_can_be_read(home: Home) -> None:
    folder = home.runs / "one"
    for method, kind in (("lora", "LORA"), ("prompt", "PROMPT_TUNING")):
        (home.runs / method / "adapter").mkdir(parents=True)
        (home.runs / method / "adapter" / "adapter_config.json").write_text(json.dumps({"peft_type": kind}))
    assert weights_in(home.runs / "prompt") == home.runs / "prompt" / "adapter"
    with pytest.raises(ConfigError, match="has not been exported") as caught:
        run_weights("lora", home)
    assert caught.value.hint.startswith("kb export lora --to hf")
    for part in ("merged", "adapter"):
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text("{}")
    write(folder / "model.gguf", architecture="gemma3")
    (folder / "merged" / "model.safetensors").touch()
    assert run_weights("one", home) == folder / "merged"
    assert weight_files(folder / "merged") == [folder / "merged" / "model.safetensors"]
    assert runs_with_weights(home) == ["one", "prompt"]


def test_a_damaged_file_alone_is_opened_and_says_what_is_wrong(home: Home) -> None:
    (home.runs / "one").mkdir(parents=True)
    (home.runs / "one" / "model.gguf").write_bytes(b"GGUF")
    assert run_weights("one", home).name == "model.gguf"


def test_what_openvino_reads_otherwise_is_not_readable(tmp_path: Path) -> None:
    assert is_readable(write(tmp_path / "plain.gguf"))
    changes = {"kind": {"architecture": "phi3"}, "pieces": {"tokenizer": "llama"}, "words": {"pre": "llama-bpe"}}
    for name, change in {**changes, "stretched": {"rope": "yarn"}, "factors": {"rope_factors": True}}.items():
        path = write(tmp_path / f"{name}.gguf", **change)
        assert not is_readable(path), name
        with pytest.raises(DataError, match="Ollama"):
            check_readable(read_header(path))
