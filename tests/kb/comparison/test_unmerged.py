"""Runs whose weights are never merged (prompt tuning and its kind) are compared through transformers with peft."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from core.files import Home
from kb.comparison.job import ComparisonRequest, compare
from kb.workspace import open_workspace
from tests.support.command import kb
from tests.support.families import family_folder
from tests.support.tiny_models import begun

pytestmark = [
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
METHODS = ("prompt", "prefix", "p-tuning", "llama-adapter")
QUESTIONS = (
    {"question": "What is the rent in the Alder lease?", "answer": "$1,450", "doc": "alder.md", "pages": [0]},
    {"question": "Who painted the harbour?", "answer": None},
)
Compared = Callable[[str], Home]


@pytest.fixture(scope="module")
def tuned(stocked_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Train a run of a method for a step, once, in a home that holds documents; returns the home."""
    from finetune.training.policy import publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    @cache
    def train(method: str) -> Home:
        root = tmp_path_factory.mktemp(method)
        shutil.copytree(stocked_home.root, root / "home", symlinks=True)
        family_folder(root / "llama", "smollm-2")
        home, run, prepared = begun(root, name="soft", method=method, max_steps=1, save_steps=9, eval_steps=9)
        run_sft(Stage(run=run, name="sft", prepared=prepared))
        publish(run, "sft")
        return Home(home.root)

    return train


def _asked(folder: Path) -> Path:
    path = folder / "q.jsonl"
    path.write_text("\n".join(map(json.dumps, QUESTIONS)))
    return path


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_is_never_merged_is_compared_as_it_was_trained(tuned: Compared, method: str, tmp_path: Path) -> None:
    home = tuned(method)
    flags = {"models.max_tokens": 6, "rag.top_k": 1, "rag.ollama_url": "http://127.0.0.1:9"}
    notes: list[str] = []
    request = ComparisonRequest(run="soft", questions=[_asked(tmp_path)], out=tmp_path / "out", probes=False)
    report = compare(open_workspace(home.root, flags=flags), request, on_note=notes.append).report
    arms = {arm["name"]: arm for arm in report["arms"]}
    assert list(arms) == ["base", "base+rag", "tuned", "tuned+rag"]
    assert {arms[name]["model"] for name in ("tuned", "tuned+rag")} == {"run:soft"}
    assert all(arm["asked"] == len(QUESTIONS) for arm in arms.values())
    said = {reply["arm"]: reply["text"] for reply in report["side_by_side"][0]["replies"]}
    assert set(said) == set(arms) and said["tuned"].strip()
    assert not any("gguf" in note.lower() for note in notes)
    assert not list((home.runs / "soft").glob("*.gguf")) and not (home.runs / "soft" / "merged").exists()


def test_the_commands_never_lead_to_a_file_that_cannot_be_made(tuned: Compared, tmp_path: Path) -> None:
    home = str(tuned("prompt").root)
    quick = {"KB_HOME": home, "KB_MODELS__MAX_TOKENS": "6", "KB_RAG__OLLAMA_URL": "http://127.0.0.1:9"}
    words = ("compare", "soft", "--questions", str(_asked(tmp_path)), "--out", str(tmp_path / "out"), "--no-probes")
    compared = kb(*words, **quick)
    assert compared.returncode == 0, compared.stderr
    assert "gguf" not in (compared.stdout + compared.stderr).lower()
    brought = kb("runs", "import", str(Path(home) / "runs" / "soft" / "adapter"), "--name", "back", **quick)
    assert brought.returncode == 0, brought.stderr
    assert 'Next: kb ask --model run:back "QUESTION"; kb compare back' in brought.stderr
    asked = kb("ask", "--model", "run:back", "What is the rent in the Alder lease?", "-k", "1", **quick)
    assert asked.returncode == 0, asked.stderr
