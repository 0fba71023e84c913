"""The gate before every export: which runtimes are asked, and what a server holds afterwards."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BackendError, GateError
from finetune.export.gate import Gate
from finetune.export.ollama.model import Server
from finetune.runs import read_card
from tests.finetune.export.conftest import NOWHERE, Trained
from tests.support.ollama_models import GivenAnswer, ModelServer, key_of, model_server
from tests.support.trained_runs import rewritten

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]
# A few of a run's questions: what is compared is tested beside `parity`.
_ASKED = 5


def answers(llama: Trained) -> dict[str, GivenAnswer]:
    """What a faithful server says."""
    return {
        key_of(messages): GivenAnswer(
            prompt=expected.prompt,
            n_prompt=len(expected.prompt_ids),
            text=llama.reference.text(expected.answer_ids),
            stopped=expected.stopped,
        )
        for messages, expected in zip(llama.job.conversations, llama.expected, strict=True)
    }


@pytest.fixture(autouse=True)
def card_as_before(llama: Trained) -> Iterator[None]:
    """The run is shared by all tests of a process: a comparison that fails here must not stop an upload there."""
    files = {path: path.read_bytes() for path in llama.job.run.folder.glob("*.*") if path.suffix in (".json", ".md")}
    yield
    for path, content in files.items():
        path.write_bytes(content)


@pytest.fixture
def faithful(llama: Trained) -> Iterator[ModelServer]:
    with model_server(answers(llama)) as server:
        yield server


def gate(llama: Trained, server: Server, stages: list[str] | None = None) -> Gate:
    return Gate(
        run=llama.job.run,
        folder=llama.job.merged(),
        chat=llama.job.chat,
        conversations=llama.job.conversations[:_ASKED],
        server=server,
        described=lambda: llama.job.ollama,
        progress=(stages if stages is not None else []).append,
    )


def at(server: ModelServer) -> Server:
    return Server(url=server.url, timeout_s=30, num_ctx=512)


@pytest.fixture
def unreadable(llama: Trained, tmp_path: Path) -> Path:
    """A file without a context length, which OpenVINO GenAI cannot take."""
    return rewritten(llama.job.run.gguf, tmp_path / "model.gguf", keys={"llama.context_length": 0})


@pytest.mark.parametrize("keep", [True, False])
def test_a_faithful_server_keeps_the_model_under_its_name_where_it_should(
    llama: Trained, faithful: ModelServer, keep: bool
) -> None:
    files = sorted(llama.job.merged().iterdir())
    stages: list[str] = []
    gate(llama, at(faithful), stages).check_in_ollama("import", files, llama.job.ollama, keep=keep)
    assert list(faithful.models) == (["kb-tanks"] if keep else [])
    assert sorted(faithful.blobs.values()) == sorted(path.stat().st_size for path in files)
    seen: Any = read_card(llama.job.run).parity["ollama import"]
    assert seen["passed"]
    assert seen["equal"] == seen["conversations"] == _ASKED
    assert stages[-1] == "comparing with Ollama"


def test_a_file_is_uploaded_once(llama: Trained, faithful: ModelServer) -> None:
    for expected in (1, 0):
        stages: list[str] = []
        files = [llama.job.run.gguf]
        gate(llama, at(faithful), stages).check_in_ollama("file", files, llama.job.ollama, keep=False)
        assert stages.count("uploading model.gguf") == expected


def test_a_server_that_answers_otherwise_keeps_what_it_had(llama: Trained) -> None:
    wrong = {key: replace(answer, text=f"Perhaps {answer.text}") for key, answer in answers(llama).items()}
    with model_server(wrong) as server:
        server.models["kb-tanks"] = older = {"model": "an older export"}
        with pytest.raises(GateError, match="nothing was published"):
            gate(llama, at(server)).check_in_ollama("import", [llama.job.run.gguf], llama.job.ollama, keep=True)
        assert server.models == {"kb-tanks": older}
    seen: Any = read_card(llama.job.run).parity["ollama import"]
    assert not seen["passed"]


def test_without_a_runtime_nothing_is_verified(llama: Trained, unreadable: Path) -> None:
    with pytest.raises(BackendError, match="no runtime is available to verify f16") as caught:
        gate(llama, NOWHERE).check_file("f16", unreadable, quantised=False, keep=False)
    assert caught.value.hint.startswith("ollama serve")


def test_a_file_that_only_ollama_reads_is_compared_there(
    llama: Trained, faithful: ModelServer, unreadable: Path
) -> None:
    before = read_card(llama.job.run).parity
    gate(llama, at(faithful)).check_file("odd", unreadable, quantised=False, keep=True)
    assert set(read_card(llama.job.run).parity) - set(before) == {"ollama odd"}
    assert list(faithful.models) == ["kb-tanks"]


def test_a_template_that_ollama_cannot_say_leaves_the_other_runtime(llama: Trained, faithful: ModelServer) -> None:
    def refuse() -> Any:
        from core.errors import DataError

        raise DataError("unsupported chat template for Ollama")

    checked = replace(gate(llama, at(faithful)), described=refuse)
    checked.check_file("plain", llama.job.run.gguf, quantised=False, keep=True)
    assert "openvino plain" in read_card(llama.job.run).parity
    assert not faithful.models
