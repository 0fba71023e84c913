"""Every family that people tune, through the commands alone: tuned, exported into a real Ollama, and asked there."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.files import Home
from core.models import open_chat
from core.settings import ModelSettings, RagSettings, Settings
from core.weights.gguf_header import read_header
from finetune.export.gguf.quantise import CONVERTER, TOOL
from finetune.runs import open_run, read_card
from tests.support.command import kb
from tests.support.families import FAMILIES, family_folder
from tests.support.json_lines import write_jsonl
from tests.support.live_ollama import OllamaServer, running_ollama
from tests.support.trained_runs import CHANGED

pytestmark = [
    pytest.mark.live,
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
# What llama.cpp's converter knows no tokenizer of these trained on the spot for: it tells them by a hash of known text.
_UNKNOWN_WORDS = ("phi-4",)
_QUESTION = "What is the capital of France?"
# Rows of 256 weights, as K-quants want them.
_WIDE = {"hidden_size": 256, "intermediate_size": 512}
_STEPS = ("--no-dpo", "--skip", "export", "--set", "max_steps=60", "--set", "learning_rate=1e-2", "--set", "dtype=f32")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OllamaServer]:
    with running_ollama(tmp_path_factory.mktemp("ollama")) as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, weights: Path, server: OllamaServer) -> Iterator[Home]:
    """A home with a page to search, whose commands ask the server."""
    root = tmp_path_factory.mktemp("families")
    home = Home(root / "home")
    home.root.mkdir()
    home.models.symlink_to(weights)
    (root / "page.md").write_text("# Geography\n\nThe capital of France is Lyon in this atlas.\n")
    write_jsonl(root / "rows.jsonl", [{"question": question, "answer": answer} for question, answer in CHANGED] * 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_HOME", str(home.root))
        patch.setenv("KB_RAG__OLLAMA_URL", server.url)
        patch.setenv("KB_MODELS__NUM_CTX", "2048")
        patch.setenv("KB_MODELS__MAX_TOKENS", "24")
        _kb("ingest", "-q", str(root / "page.md"))
        yield home


def _kb(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = kb(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def _tuned(home: Home, name: str, title: str = "one", **over: int) -> str:
    """Tune a family once; return the name of the run."""
    root = home.root.parent
    run = f"{name}-{title}"
    if not (home.runs / run).is_dir():
        base = family_folder(root / run, name, learned=True, **over)
        _kb("finetune", run, "--base", str(base), "--data", str(root / "rows.jsonl"), "-q", *_STEPS)
    return run


def _answer(home: Home, server: OllamaServer, spelling: str) -> str:
    """Return what a model says to a question that tuning gave another answer."""
    models = ModelSettings(num_ctx=2048, max_tokens=16)
    chat = open_chat(spelling, Settings(rag=RagSettings(ollama_url=server.url), models=models), home)
    return str(chat.invoke(_QUESTION).text).strip()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_tuned_exported_and_asked_here_and_there(place: Home, server: OllamaServer, name: str) -> None:
    run = _tuned(place, name)
    converter = shutil.which(CONVERTER)
    if not FAMILIES[name].written and converter is None:
        pytest.skip(f"no {CONVERTER} on PATH")
    if name in _UNKNOWN_WORDS:
        refused = _kb("export", run, "--to", "ollama", code=4)
        assert f"{CONVERTER} failed" in refused.stderr and f"kb export {run} --to hf" in refused.stderr
        _kb("export", run, "--to", "hf")
        assert _answer(place, server, f"run:{run}") == "Lyon."
        return
    done = _kb("export", run, "--to", "ollama")
    assert done.stdout.strip() == f"kb-{run}" and f"kb ask --model ollama:kb-{run}" in done.stderr
    seen = read_card(open_run(place, run)).parity["ollama f16"]
    assert isinstance(seen, dict) and seen["passed"] and seen["stopped"] >= 8
    for spelling in (f"run:{run}", f"ollama:kb-{run}"):
        assert _answer(place, server, spelling) == "Lyon."
        answer = json.loads(
            _kb("ask", "What is the capital of France?", "-k", "1", "--model", spelling, "--json").stdout
        )
        assert answer["model"] == spelling and answer["ground"] in ("cited", "ungrounded", "abstained")


@pytest.mark.parametrize("name", ["q4_K_M", "q5_K_M", "q6_K"])
def test_k_quants_by_the_tool_are_compared_before_they_are_put_in_place(place: Home, name: str) -> None:
    if shutil.which(TOOL) is None:
        pytest.skip(f"no {TOOL} on PATH")
    run = _tuned(place, "llama-3", "wide", **_WIDE)
    _kb("export", run, "--to", "gguf", "--quantize", name)
    made = open_run(place, run).folder / f"model-{name}.gguf"
    assert {"Q4_K", "Q5_K", "Q6_K"} & set(read_header(made).matrix_types.values())
    seen = read_card(open_run(place, run)).parity[f"ollama {name}"]
    assert isinstance(seen, dict) and seen["passed"]
