from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError, MissingExtra
from core.files import Home, sha256_of
from core.weights.hub import choose_files
from core.weights.shelf import list_models, remove, require
from tests.support.hub_server import COMMIT, hub

# In a process of its own, since the client reads its endpoint when it is imported.
_PULL = """
import json, sys
from pathlib import Path
from core.errors import KbError
from core.files import Home
from core.weights.shelf import pull
seen = []
try:
    pull(sys.argv[1], Home(Path(sys.argv[2])), progress=lambda *step: seen.append(step))
except KbError as error:
    print(json.dumps({"error": type(error).__name__, "message": str(error), "hint": error.hint}))
else:
    print(json.dumps({"steps": seen}))
"""


def _pull(name: str, home: Home, endpoint: str, **env: str) -> dict[str, object]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", _PULL, name, str(home.root)],
        env={**clean, "HF_ENDPOINT": endpoint, "HF_HOME": str(home.root / "hf"), "PYTHONPATH": str(Path.cwd()), **env},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _repository(root: Path, name: str, files: dict[str, bytes]) -> None:
    for file, content in files.items():
        path = root / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_repository_arrives_without_anything_that_runs_code(tmp_path: Path, home: Home) -> None:
    _repository(
        tmp_path,
        "org/some.model",
        {
            "config.json": b"{}",
            "model.safetensors": b"t" * 4_000_000,
            "tokenizer.json": b"{}",
            "1_Pooling/config.json": b"{}",
            "pytorch_model.bin": b"pickle",
            "modeling_own.py": b"evil",
            "onnx/model.onnx": b"o",
            "onnx/config.json": b"{}",
            ".gitattributes": b"x",
            "README.md": b"#",
        },
    )
    with hub(tmp_path) as (endpoint, asked):
        result = _pull("org/some.model", home, endpoint)
    assert "steps" in result, result
    folder = home.models / "org--some.model"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "1_Pooling/config.json",
        "manifest.json",
    }
    assert not any(word in path for path in asked for word in (".bin", ".py", "onnx"))
    steps = result["steps"]
    assert isinstance(steps, list)
    assert steps[-1][0] == "downloading"
    assert steps[-1][1] == steps[-1][2] > 4_000_000
    (model,) = list_models(home)
    assert (model.name, model.version, model.licence) == ("org/some.model", COMMIT, "mit")
    assert model.files["model.safetensors"] == sha256_of(folder / "model.safetensors")
    assert model.size_bytes == sum((folder / name).stat().st_size for name in model.files)
    assert require("org/some.model", home) == folder
    remove("org/some.model", home)
    assert list_models(home) == []
    with pytest.raises(MissingExtra):
        require("org/some.model", home)


def test_a_damaged_file_leaves_no_model(tmp_path: Path, home: Home) -> None:
    _repository(tmp_path, "org/name", {"config.json": b"{}", "model.safetensors": b"t" * 1000})
    with hub(tmp_path, damaged="model.safetensors") as (endpoint, _):
        result = _pull("org/name", home, endpoint)
    assert result["error"] == "DataError"
    assert [path.name for path in home.models.iterdir()] == [".org--name.lock"]


def test_an_unknown_repository_and_a_silent_hub(tmp_path: Path, home: Home) -> None:
    with hub(tmp_path) as (endpoint, _):
        assert _pull("org/none", home, endpoint)["error"] == "ConfigError"
    gone = _pull("org/none", home, endpoint)
    assert gone["error"] == "BackendError"
    assert gone["hint"] == "kb models pull org/none"
    offline = _pull("org/none", home, endpoint, HF_HUB_OFFLINE="1")
    assert offline["error"] == "BackendError"


def test_one_gguf_of_several_is_named(tmp_path: Path, home: Home) -> None:
    _repository(tmp_path, "org/many", {"m-Q4_0.gguf": b"4", "m-Q8_0.gguf": b"8", "config.json": b"{}"})
    with hub(tmp_path) as (endpoint, _):
        refused = _pull("org/many", home, endpoint)
        assert refused["error"] == "ConfigError"
        assert refused["hint"] == "kb models pull org/many:m-Q8_0.gguf"
        assert "steps" in _pull("org/many:m-Q8_0.gguf", home, endpoint)
    folder = require("org/many:m-Q8_0.gguf", home)
    assert folder.name == "org--many--m-Q8_0.gguf"
    assert (folder / "m-Q8_0.gguf").read_bytes() == b"8"
    assert not (folder / "m-Q4_0.gguf").exists()


def test_pickles_alone_are_refused() -> None:
    with pytest.raises(DataError, match="pickle"):
        choose_files(["config.json", "pytorch_model.bin"], "org/name")


def test_names_that_leave_the_folder_are_not_asked_for() -> None:
    names = ["../up.json", "/etc/x.json", "a/../../b.json", ".hidden/c.json", "model.safetensors"]
    assert choose_files(names, "org/name") == ["model.safetensors"]


def test_a_missing_gguf_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no file 'b\.gguf'"):
        choose_files(["a.gguf"], "org/name", "b.gguf")


def test_a_tokenizer_arrives_without_weights_and_beside_them(tmp_path: Path, home: Home) -> None:
    files = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": b"t" * 1000, "evil.py": b"x"}
    _repository(tmp_path, "org/some", files)
    with hub(tmp_path) as (endpoint, asked):
        assert "steps" in _pull("org/some:tokenizer", home, endpoint)
        assert not any("safetensors" in path for path in asked)
    folder = require("org/some:tokenizer", home)
    assert {path.name for path in folder.iterdir()} == {"config.json", "tokenizer.json", "manifest.json"}
    with pytest.raises(MissingExtra):  # the model itself is not there by that
        require("org/some", home)
