"""Every next step that training and export print is a command that is accepted, for every family and method."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from tests.kb.cli.conftest import Cli, Done
from tests.support.families import FAMILIES, family_folder
from tests.support.tiny_models import begun

pytestmark = [
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
_STEP = re.compile(r"(?:hint: |Next: |; )(kb [^;\n]*)")
_METHODS = ("prompt", "prefix", "p-tuning", "llama-adapter", "ia3", "full")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A folder whose `home` holds the weights that search needs and, soon, runs."""
    root = tmp_path_factory.mktemp("steps")
    (root / "home").mkdir()
    (root / "home" / "models").symlink_to(weights)
    return root


@pytest.fixture(autouse=True)
def asked_briefly(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"KB_HOME": place / "home", "KB_MODELS__MAX_TOKENS": 4, "KB_RAG__OLLAMA_URL": "http://127.0.0.1:9"}
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PATH", str(place))


def _trained(place: Path, family: str, method: str) -> str:
    """Train a run for one step; return its name."""
    from finetune.training.policy import publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    name = f"{family}-{method}"
    if not (place / family).is_dir():
        family_folder(place / family, family)
    _, run, prepared = begun(place, family, name=name, method=method, max_steps=1, save_steps=9, eval_steps=9)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    publish(run, "sft")
    return name


def _done(cli: Cli, command: str) -> Done:
    words = shlex.split(command.replace("QUESTION", "When does the ferry leave?"), comments=True)
    return cli(*words[1:])


def _steps(done: Done) -> list[str]:
    return [step.strip() for step in _STEP.findall(done.err)]


def _walk(cli: Cli, first: str) -> list[str]:
    """Follow a command's next steps to their end; a step that is refused fails the test."""
    done = _done(cli, first)
    followed: list[str] = []
    steps = _steps(done)
    assert steps, f"{first}: no next step in {done.err!r}"
    while steps:
        step = steps.pop()
        if step not in followed:
            followed.append(step)
            done = _done(cli, step)
            assert done.code == 0, f"{first} leads to {step}: {done.err}"
            steps += _steps(done) if step.split()[1] == "export" else []
    return followed


def _ingested(cli: Cli, place: Path) -> None:
    page = place / "ferry.md"
    if not page.is_file():
        page.write_text("# Ferry\n\nThe ferry to the island leaves at 1:15 in the afternoon.\n")
        assert cli("ingest", "-q", page).code == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_leads_to_an_answer(cli: Cli, place: Path, family: str) -> None:
    _ingested(cli, place)
    name = _trained(place, family, "lora")
    asked = f'kb ask --model run:{name} "QUESTION"'
    assert _walk(cli, asked)[0].startswith(f"kb export {name} --to hf")  # what is not exported yet
    for target in ("gguf", "ollama"):
        done = _done(cli, f"kb export {name} --to {target}")
        if done.code == 0:
            continue
        for step in _steps(done):
            assert _done(cli, step).code == 0, f"export --to {target} leads to {step}"
    assert _done(cli, asked).code == 0


@pytest.mark.parametrize("method", _METHODS)
def test_every_method_leads_to_an_answer(cli: Cli, place: Path, method: str) -> None:
    _ingested(cli, place)
    name = _trained(place, "smollm-2", method)
    asked = f'kb ask --model run:{name} "QUESTION"'
    if method in ("ia3", "full"):
        assert _walk(cli, asked)[0].startswith(f"kb export {name} --to hf")
        return
    assert _done(cli, asked).code == 0
    for target in ("gguf", "hf"):
        assert _walk(cli, f"kb export {name} --to {target}") == [asked]
