"""Targets of an export, runs that cannot be exported, and what a result says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.exporting import ExportResult, checked_target, export_run
from kb.workspace import open_workspace


def test_a_target_is_checked_before_anything_is_opened(home: Home) -> None:
    assert checked_target("gguf", "q8_0") == "gguf"
    with pytest.raises(ConfigError, match="unknown target 'onnx'; use one of gguf, ollama, hf"):
        export_run(open_workspace(), "mine", "onnx")
    with pytest.raises(ConfigError, match="--quantize is for"):
        checked_target("hf", "q8_0")


def test_an_unknown_run_is_named(home: Home) -> None:
    with pytest.raises(ConfigError, match="none-such"):
        export_run(open_workspace(), "none-such")


def test_a_result_names_the_model_as_it_is_asked() -> None:
    file = ExportResult(
        run="mine", to="gguf", quantize="f16", path=Path("/r/model.gguf"), parity={"f16": {"equal": 20}}
    )
    assert file.spelling == "run:mine"
    assert file.to_json() == {
        "run": "mine",
        "to": "gguf",
        "quantize": "f16",
        "path": "/r/model.gguf",
        "parity": {"f16": {"equal": 20}},
    }
    served = ExportResult(run="mine", to="ollama", quantize="f16", model="kb-mine", parity={})
    assert served.spelling == "ollama:kb-mine" and served.to_json()["model"] == "kb-mine"
