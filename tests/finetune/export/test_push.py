"""Uploads: what goes up, what stays here, and that it answers when it is back. The Hub is an imitation on loopback."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from core.errors import BackendError, ConfigError, GateError
from finetune.export.push import plan
from finetune.runs import read_card, update_card
from kb.cli.main import app
from tests.finetune.export.conftest import Trained, opened
from tests.support.hub_uploads import COMMIT, uploading_hub
from tests.support.trained_runs import make_run

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


def _kb(trained: Trained, endpoint: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own: the Hub's client reads its endpoint when it is imported."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "KB_"))}
    return subprocess.run(
        [sys.executable, "-m", "kb.cli", "export", *arguments],
        env={
            **clean,
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(trained.home.root / "hf"),
            "KB_HOME": str(trained.home.root),
            "HF_HUB_DISABLE_XET": "1",
            **env,
        },
        input="y\n",
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def test_an_adapter_goes_up_with_its_card_and_comes_back_alive(llama: Trained, tmp_path: Path) -> None:
    with uploading_hub(tmp_path) as (endpoint, asked):
        done = _kb(llama, endpoint, "tanks", "--push", "someone/tanks", "--json", HF_TOKEN="hf_secret")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["commit"] == COMMIT
    assert "private repository someone/tanks" in done.stderr and "Upload?" in done.stderr
    files = {path.name: path for path in (tmp_path / "someone" / "tanks").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "README.md", "tokenizer.json"} <= set(files)
    card = files["README.md"].read_text(encoding="utf-8")
    assert card.startswith("---\n") and 'library_name: "peft"' in card and "# tanks" in card
    everything = b"".join(path.read_bytes() for path in files.values())
    for private in ("hf_secret", str(llama.home.root.parent)):
        assert private.encode() not in everything
    # Where large files go is signed by itself; the token stays with the Hub.
    assert {token for method, _, token in asked if method != "PUT"} == {"Bearer hf_secret"}
    assert {token for method, _, token in asked if method == "PUT"} == {""}
    assert ("GET", "api/models/someone/tanks") in {(method, path) for method, path, _ in asked}


@pytest.fixture
def here(llama: Trained, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in this process, its Hub at an endpoint of the test's."""

    def run(endpoint: str, *arguments: str, said: str = "") -> Result:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setenv("KB_HOME", str(llama.home.root))
        return CliRunner().invoke(app, ["export", "tanks", "--push", "someone/tanks", *arguments], input=said)

    return run


def test_without_a_yes_nothing_goes_up(
    here: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with uploading_hub(tmp_path) as (endpoint, asked):
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        refused = here(endpoint, said="n\n")
        assert refused.exit_code == 1 and "Upload?" in refused.output
        monkeypatch.delenv("HF_TOKEN")
        assert isinstance(here(endpoint, "--yes").exception, ConfigError)
    assert not asked


def test_a_hub_that_refuses_is_an_error(
    here: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with uploading_hub(tmp_path, refuses=True) as (endpoint, asked):
        done = here(endpoint, "--yes")
    assert isinstance(done.exception, BackendError), done.output
    assert "uploading to someone/tanks failed" in str(done.exception) and "hf_secret" not in str(done.exception)
    assert asked


def test_what_is_planned_is_checked_first(llama: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(llama.home, llama.job.base.folder, "doubtful")
    job = opened(llama.home, "doubtful")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="HF_TOKEN"):
        plan(job, "someone/doubtful", merged=False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with pytest.raises(ConfigError, match="use USER/NAME"):
        plan(job, "doubtful", merged=False)
    planned = plan(job, "someone/doubtful", merged=True)
    assert planned.folder == run.merged and "merged model" in str(planned)
    # Nobody else has this base, so an adapter of it would be of no use.
    job.recipe = job.recipe.model_copy(update={"base": "smollm2-reading"})
    assert plan(job, "someone/doubtful", merged=False).merged
    update_card(run, parity={"openvino f16": {"passed": False}})
    with pytest.raises(GateError, match="answered differently"):
        plan(job, "someone/doubtful", merged=False)
    assert read_card(run).parity
