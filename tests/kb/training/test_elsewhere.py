"""docs/unsloth.md, command by command: rows and recipe go to another environment, the adapter comes back as a run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import Home
from finetune.runs import open_run, read_card
from tests.support.command import ROOT, kb
from tests.support.families import family_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
_PAGE = (ROOT / "docs" / "unsloth.md").read_text(encoding="utf-8")
_WHOLE, _FOUR_BIT = "unsloth/llama-3-8b", "unsloth/llama-3-8b-bnb-4bit"


def _pulled(home: Home, name: str) -> None:
    """Put a tiny base where `kb models pull` would put the one of this name."""
    folder = family_folder(home.models / name.replace("/", "--"), "smollm-2", learned=True)
    card = {"name": name, "licence": "Apache-2.0", "size_bytes": 1, "files": {}}
    (folder / "manifest.json").write_text(json.dumps(dict.fromkeys(("source", "version", "sha256"), "") | card))


def _commands() -> list[str]:
    """Return the commands of the page's first block that run without Unsloth, without their comments."""
    block = re.findall(r"```\n(.*?)```", _PAGE, re.DOTALL)[0]
    lines = [line.partition("  #")[0].strip() for line in block.splitlines() if line.strip()]
    return [command for line in lines for command in line.split(" && ") if "pip install" not in command]


@pytest.fixture
def machine(own_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with documents whose models may be added to."""
    models = own_home.models.resolve()
    own_home.models.unlink()
    own_home.models.mkdir()
    for model in models.iterdir():
        (own_home.models / model.name).symlink_to(model)
    monkeypatch.setenv("KB_HOME", str(own_home.root))
    monkeypatch.setenv("KB_RAG__OLLAMA_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("KB_MODELS__MAX_TOKENS", "6")
    return own_home


@pytest.mark.slow
def test_every_command_of_the_page_works(machine: Home, tmp_path: Path) -> None:
    _pulled(machine, _WHOLE)
    recipe = re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)[0]
    small = {"rank = 16": "rank = 4\nmax_steps = 2", "batch_size = 16": "batch_size = 2", 'method = "qlora"': ""}
    for words, other in {**small, f"hf:{_FOUR_BIT}": f"hf:{_WHOLE}"}.items():
        assert words in recipe
        recipe = recipe.replace(words, other)
    (tmp_path / "mine.toml").write_text(recipe)
    commands = _commands()
    assert [command.split()[0] for command in commands] == ["kb"] * 3 + ["python", "unsloth/bin/python"] + ["kb"] * 4
    for command in commands:
        words = shlex.split(command)
        if words[0] == "kb":
            done = kb(*words[1:], *(("--limit", "2") if words[1] == "compare" else ()), cwd=tmp_path)
        elif words[-1] == "unsloth":
            continue
        else:
            # A machine without kb: neither its home nor its models.
            script = str(ROOT / "docs" / words[1])
            base = str(machine.models / _WHOLE.replace("/", "--"))
            (tmp_path / "mine.toml").write_text(recipe.replace(f"hf:{_WHOLE}", base))
            done = subprocess.run(
                [sys.executable, script, *words[2:]],
                cwd=tmp_path,
                env={**os.environ, "KB_HOME": str(tmp_path / "none"), "CUDA_VISIBLE_DEVICES": ""},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
        assert done.returncode == 0, f"{command}: {done.stderr}"
    card = read_card(open_run(machine, "adapter"))
    assert card.base == f"hf:{_WHOLE}" and card.data_sha256 and card.parity["openvino f16"]["passed"]  # type: ignore[index]


def test_the_recipe_of_the_page_is_one_and_a_base_that_is_not_here_is_named(machine: Home, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)[0])
    (tmp_path / "rows.jsonl").write_text('{"question": "When?", "answer": "At noon."}\n' * 2)
    words = ("finetune", "--data", "rows.jsonl", "--recipe", "mine.toml", "--dry-run")
    done = kb(*words, cwd=tmp_path)
    assert done.returncode == 3 and f"kb models pull {_FOUR_BIT}" in done.stderr
