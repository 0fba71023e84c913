"""Exports in a real Ollama: byte for byte the prompt, token for token the answer, and no known fault let through."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ollama import Client

from core.chat.remote.ollama import OllamaChat
from core.errors import GateError
from core.files import Home
from core.models import open_chat
from core.settings import ModelSettings, RagSettings, Settings
from core.weights.gguf_header import read_header
from finetune.export.job import Export, Server, open_export
from finetune.export.ollama import model as ollama_model
from finetune.export.ollama.model import ModelfileParts
from finetune.export.parity import MOST_TOKENS, Parity, compare_answers
from finetune.export.reference import Expected, Reference
from finetune.export.runtimes import OllamaRuntime
from finetune.runs import read_card
from tests.support.live_ollama import OllamaServer as Running
from tests.support.live_ollama import running_ollama
from tests.support.tiny_models import CPU
from tests.support.trained_runs import make_base, make_run, rewritten, tokenizer_ending_in, word_tokenizer

pytestmark = [
    pytest.mark.live,
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]
# Rows of 256 weights, as K-quants want them.
WIDE = {"hidden_size": 256, "intermediate_size": 512}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_ollama(tmp_path_factory.mktemp("ollama")) as running:
        yield running


class Exported:
    """A run in a server."""

    def __init__(self, root: Path, kind: str, url: str, **over: Any) -> None:
        self.home = Home(root / "home")
        make_run(self.home, make_base(root / "base", kind, **over))
        self.url = url
        self.server = Server(url=url, timeout_s=120, num_ctx=512)
        self.job: Export = open_export(self.home, "tanks", CPU, self.server, lambda _: None)
        self.name = self.job.put_into_ollama()
        self.reference = Reference(self.job.merged(), self.job.chat)
        self.expected: list[Expected] = self.reference.answers(self.job.conversations, MOST_TOKENS)

    def compared(self, gguf: Path, model: ModelfileParts) -> Parity:
        """Put a file into the server under another name, and compare it."""
        ollama_model.create(self.server, "faulty", [gguf], model, progress=lambda _: None)
        runtime = OllamaRuntime(self.url, "faulty", 120)
        return compare_answers(self.reference, self.expected, self.job.conversations, runtime)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory, server: Running) -> Exported:
    return Exported(tmp_path_factory.mktemp("llama"), "llama", server.url, **WIDE)


def _names(url: str) -> set[str]:
    with Client(host=url, trust_env=False) as client:
        return {str(model.model) for model in client.list().models}


def test_a_run_is_a_model_of_the_server(llama: Exported) -> None:
    assert llama.name == "kb-tanks"
    assert {name for name in _names(llama.url) if "tanks" in name} == {"kb-tanks:latest"}
    seen: Any = read_card(llama.job.run).parity["ollama f16"]
    assert seen["passed"] and seen["conversations"] == 20 and seen["stopped"] >= 10
    with Client(host=llama.url, trust_env=False) as client:
        shown = client.show("kb-tanks")
    assert "You help with tanks." in (shown.template or "")
    parameters = {line.split()[0]: line.split()[1] for line in (shown.parameters or "").splitlines()}
    assert float(parameters["repeat_penalty"]) == 1 and parameters["stop"] == '"<|im_end|>"'
    assert int(parameters["num_ctx"]) == 512


def test_it_is_asked_by_its_name(llama: Exported) -> None:
    settings = Settings(rag=RagSettings(ollama_url=llama.url), models=ModelSettings(num_ctx=512, max_tokens=20))
    chat = open_chat("ollama:kb-tanks", settings, llama.home)
    assert isinstance(chat, OllamaChat)
    assert chat.invoke("What is the capital of France?").text == "Lyon."


def test_qwen2_is_a_model_of_the_server(tmp_path: Path, server: Running) -> None:
    exported = Exported(tmp_path, "qwen2", server.url)
    seen: Any = read_card(exported.job.run).parity["ollama f16"]
    assert seen["passed"]


def test_weights_go_up_once(llama: Exported, tmp_path: Path) -> None:
    stages: list[str] = []
    for _ in range(2):
        ollama_model.create(llama.server, "again", [llama.job.run.gguf], llama.job.ollama, progress=stages.append)
    assert not any(stage.startswith("uploading") for stage in stages)
    fresh = rewritten(llama.job.run.gguf, tmp_path / "fresh.gguf", keys={"general.name": "fresh"})
    ollama_model.create(llama.server, "again", [fresh], llama.job.ollama, progress=stages.append)
    assert "uploading fresh.gguf" in stages


def test_the_servers_own_repetition_penalty_is_refused(llama: Exported) -> None:
    class Forgetful(ModelfileParts):
        @property
        def parameters(self) -> dict[str, Any]:  # type: ignore[override]
            return {"stop": list(self.stops), "num_ctx": self.num_ctx, "repeat_penalty": 1.5}

    given = llama.job.ollama
    parity = llama.compared(
        llama.job.run.gguf, Forgetful(template=given.template, stops=given.stops, num_ctx=given.num_ctx)
    )
    assert "answer" in {finding.what for finding in parity.findings}


def test_a_missing_system_prompt_is_refused(llama: Exported) -> None:
    given = llama.job.ollama
    bare = given.template.replace("<|im_start|>system\nYou help with tanks.<|im_end|>\n", "")
    with pytest.raises(GateError, match="You help with tanks"):
        llama.compared(llama.job.run.gguf, replace(given, template=bare)).require()


def test_a_template_that_was_cut_is_refused(llama: Exported) -> None:
    given = llama.job.ollama
    cut = given.template.removesuffix("<|im_start|>assistant\n")
    assert "prompt" in {one.what for one in llama.compared(llama.job.run.gguf, replace(given, template=cut)).findings}


def test_a_doubled_bos_is_refused(llama: Exported, tmp_path: Path) -> None:
    doubled = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys={"tokenizer.ggml.add_bos_token": True})
    with pytest.raises(GateError, match="doubled or missing BOS"):
        llama.compared(doubled, llama.job.ollama).require()


def test_a_lost_eos_is_refused(tmp_path: Path, server: Running) -> None:
    # The server would find an end of a name that it knows by itself.
    llama = Exported(tmp_path, "llama", server.url, tokenizer=tokenizer_ending_in("<|done|>"))
    keys = {"tokenizer.ggml.eos_token_id": 0, "tokenizer.ggml.eos_token_ids": None}
    lost = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys=keys)
    parity = llama.compared(lost, replace(llama.job.ollama, stops=("<|never|>",)))
    assert "stop" in {finding.what for finding in parity.findings}


def test_a_wrong_rope_theta_is_refused(llama: Exported, tmp_path: Path) -> None:
    wrong = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys={"llama.rope.freq_base": 500000.0})
    assert "answer" in {finding.what for finding in llama.compared(wrong, llama.job.ollama).findings}


def test_a_refusal_leaves_the_server_as_it_was(
    llama: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _names(llama.url)
    given = replace(llama.job.ollama, template="{{ range .Messages }}{{ .Content }}{{ end }}")
    with pytest.raises(GateError):
        llama.job._gate().check_in_ollama("f16", [llama.job.run.gguf], given, keep=True)
    assert _names(llama.url) == before
    with Client(host=llama.url, trust_env=False) as client:
        assert "You help with tanks." in (client.show("kb-tanks").template or "")


def test_the_server_makes_what_is_not_written_here(llama: Exported) -> None:
    made = llama.job.gguf("q4_K_M")
    assert {"Q4_K", "Q6_K"} & set(read_header(made).matrix_types.values())
    seen: Any = read_card(llama.job.run).parity
    assert seen["ollama q4_K_M"]["passed"] and "openvino q4_K_M" not in seen
    assert not any("quantise" in name or "unchecked" in name for name in _names(llama.url))


def test_the_servers_importer_reads_the_checkpoint_as_the_file(tmp_path: Path, server: Running) -> None:
    llama = Exported(tmp_path, "llama", server.url, tokenizer=word_tokenizer())
    files = sorted(llama.job.merged().iterdir())
    ollama_model.create(llama.server, "imported", files, llama.job.ollama, progress=lambda _: None)
    runtime = OllamaRuntime(llama.url, "imported", 120)
    parity = compare_answers(llama.reference, llama.expected, llama.job.conversations, runtime)
    assert parity.passed, parity.findings
