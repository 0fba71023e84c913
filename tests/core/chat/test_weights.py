"""The GGUF file behind a spelling: a path, a prepared model, an exported run."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.backends import parse_spec
from core.chat.weights import gguf_path
from core.errors import ConfigError, MissingExtra
from core.files import Home


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
    spec, folder = parse_spec("run:one"), home.runs / "one"
    with pytest.raises(ConfigError, match="no run 'one'"):
        gguf_path(spec, home)
    folder.mkdir(parents=True)
    with pytest.raises(ConfigError, match="has not been exported") as caught:
        gguf_path(spec, home)
    assert caught.value.hint == "kb export one --to gguf"
    for name, size in (("model-q4_0.gguf", 4), ("model-q8_0.gguf", 8), ("model.gguf", 1)):
        (folder / name).write_bytes(b"x" * size)
        best = "model-q4_0.gguf" if name == "model-q4_0.gguf" else name
        assert gguf_path(spec, home).name == best
