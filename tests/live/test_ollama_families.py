"""Every family that people tune, through the commands alone: tuned, exported into a real Ollama, and asked there."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.files import Home
from core.models import open_chat
from core.settings import ModelSettings, RagSettings, Settings
from core.weights.gguf_header import read_header
from finetune.export.gguf.quantise import CONVERTER, TOOL
from finetune.runs import open_run, read_card
from tests.kb.cli.conftest import Cli, Done, cli
from tests.support.command import kb
from tests.support.families import FAMILIES, family_folder
from tests.support.json_lines import write_jsonl
from tests.support.live_ollama import OllamaServer, running_ollama
from tests.support.tiny_models import pair
from tests.support.trained_runs import CHANGED

__all__ = ["cli"]

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
# Longer than what is asked: at the edge of a window runtimes differ by a token, and llama.cpp has none for Mistral.
_LONG = {"sliding_window": 400}
_CHOICES = (
    "learning_rate=5e-3",
    "max_steps=160",
    "batch_size=4",
    "dtype=f32",
    "rank=16",
    "retain=none",
    "eval_rows=0",
    "packing=none",
)


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
    rows = [pair(n, question=question, answer=answer) for n, (question, answer) in enumerate(CHANGED)]
    write_jsonl(root / "rows" / "train.jsonl", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_HOME", str(home.root))
        patch.setenv("KB_RAG__OLLAMA_URL", server.url)
        patch.setenv("KB_MODELS__NUM_CTX", "2048")
        patch.setenv("KB_MODELS__MAX_TOKENS", "24")
        patch.setenv("OMP_NUM_THREADS", "1")
        done = kb("ingest", "-q", str(root / "page.md"))
        assert done.returncode == 0, done.stderr
        yield home


def _done(cli: Cli, *arguments: object, code: int = 0) -> Done:
    done = cli(*arguments)
    assert done.code == code, done.out + done.err
    return done


def _tuned(cli: Cli, home: Home, name: str, title: str = "one", **over: int) -> str:
    """Tune a family once; return the name of the run."""
    root = home.root.parent
    run = f"{name}-{title}"
    if not (home.runs / run).is_dir():
        base = family_folder(root / run, name, learned=True, **over)
        choices = [word for choice in _CHOICES for word in ("--set", choice)]
        data = ("--data", root / "rows", "--no-dpo", "--skip", "export", "--method", "lora")
        _done(cli, "finetune", run, "-q", "--base", base, *data, *choices)
    return run


def _answer(home: Home, server: OllamaServer, spelling: str) -> str:
    """Return what a model says to a question that tuning gave another answer."""
    models = ModelSettings(num_ctx=2048, max_tokens=16)
    chat = open_chat(spelling, Settings(rag=RagSettings(ollama_url=server.url), models=models), home)
    return str(chat.invoke(_QUESTION).text).strip()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_tuned_exported_and_asked_here_and_there(
    cli: Cli, place: Home, server: OllamaServer, name: str
) -> None:
    run = _tuned(cli, place, name, **_LONG if "sliding_window" in FAMILIES[name].over else {})
    converter = shutil.which(CONVERTER)
    if not FAMILIES[name].written and converter is None:
        pytest.skip(f"no {CONVERTER} on PATH")
    if name in _UNKNOWN_WORDS:
        refused = _done(cli, "export", run, "--to", "ollama", code=4)
        assert f"{CONVERTER} failed" in refused.err and f"kb export {run} --to hf" in refused.err
        _done(cli, "export", run, "--to", "hf")
        assert _answer(place, server, f"run:{run}") == "Lyon."
        return
    done = _done(cli, "export", run, "--to", "ollama")
    assert done.out.strip() == f"kb-{run}" and f"kb ask --model ollama:kb-{run}" in done.err
    seen = read_card(open_run(place, run)).parity["ollama f16"]
    assert isinstance(seen, dict) and seen["passed"] and seen["stopped"] >= 8
    here, there = (_answer(place, server, spelling) for spelling in (f"run:{run}", f"ollama:kb-{run}"))
    assert here == there != "Paris."  # what the base says
    for spelling in (f"run:{run}", f"ollama:kb-{run}"):
        answer = json.loads(
            _done(cli, "ask", "What is the capital of France?", "-k", "1", "--model", spelling, "--json").out
        )
        assert answer["model"] == spelling and answer["ground"] in ("cited", "ungrounded", "abstained")


@pytest.mark.parametrize("name", ["q4_K_M", "q5_K_M", "q6_K"])
def test_k_quants_by_the_tool_are_compared_before_they_are_put_in_place(cli: Cli, place: Home, name: str) -> None:
    if shutil.which(TOOL) is None:
        pytest.skip(f"no {TOOL} on PATH")
    run = _tuned(cli, place, "llama-3", "wide", **_WIDE)
    done = cli("export", run, "--to", "gguf", "--quantize", name)
    made = open_run(place, run).folder / f"model-{name}.gguf"
    seen = read_card(open_run(place, run)).parity[f"ollama {name}"]
    assert isinstance(seen, dict) and seen["conversations"] == 20
    if done.code:  # four bits may be too few for so small a model
        assert name == "q4_K_M" and done.code == 1 and "nothing was published" in done.err and not made.exists()
        return
    assert seen["passed"] and {"Q4_K", "Q5_K", "Q6_K"} & set(read_header(made).matrix_types.values())
