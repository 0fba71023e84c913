"""`kb export` at the door: usage before work."""

from __future__ import annotations

import importlib.util
import json

import pytest
from typer.testing import CliRunner

from core.errors import ConfigError
from core.files import Home
from kb.cli.main import app
from tests.support.trained_runs import make_base, make_run

_RUN = CliRunner()


def _fails(*arguments: str) -> ConfigError:
    done = _RUN.invoke(app, ["export", *arguments])
    assert isinstance(done.exception, ConfigError), done.output
    return done.exception


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("x", "--to", "onnx"), "use one of gguf, ollama, hf"),
        (("x", "--merged"), "--merged requires --push"),
        (("x", "--to", "hf", "--quantize", "q8_0"), "--quantize is for"),
        (("nosuch",), "unknown run 'nosuch'"),
        (("../../etc",), "unknown run"),
    ],
)
def test_wrong_usage_is_said_at_once(home: Home, arguments: tuple[str, ...], reason: str) -> None:
    assert reason in str(_fails(*arguments))


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]")
def test_a_run_becomes_a_folder_and_a_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_RAG__OLLAMA_URL", "http://127.0.0.1:9")
    make_run(home, make_base(home.root / "base", "qwen2"))
    out = home.root / "elsewhere"
    done = _RUN.invoke(app, ["export", "tanks", "--to", "hf", "--out", str(out), "--json", "--quiet"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["path"] == str(out) and (out / "config.json").is_file()
    assert "quantisation" in str(_fails("tanks", "--quantize", "int4"))
    done = _RUN.invoke(app, ["export", "tanks", "--out", str(out), "--quiet"])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(out / "model.gguf")
    assert (home.runs / "tanks" / "Modelfile").is_file()
