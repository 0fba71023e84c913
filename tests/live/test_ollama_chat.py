"""Chat with a real Ollama: `ollama serve` from PATH, on a free port of this machine, with SmolLM2 put into it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from ollama import Client

from kb.chat.genai import GenAIChat
from kb.chat.ollama import OllamaChat, model_names
from kb.errors import BackendError, KbError
from kb.files import Home
from kb.models import open_chat, resolve
from kb.settings import ModelSettings, RagSettings, Settings

pytestmark = [pytest.mark.live, pytest.mark.weights]

MODEL = "smollm2-test"
START_S = 60.0
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)
# The model's Jinja template in Ollama's language, its default system prompt included.
TEMPLATE = (
    "{{- if not (and .Messages (eq (index .Messages 0).Role \"system\")) }}<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n{{ end }}"
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
)  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without models, without the cloud."""
    binary = shutil.which("ollama")
    if binary is None:
        pytest.skip("no ollama on PATH")
    state = tmp_path_factory.mktemp("ollama")
    url = f"http://127.0.0.1:{free_port()}"
    env = os.environ | {
        "HOME": str(state),
        "OLLAMA_MODELS": str(state / "models"),
        "OLLAMA_HOST": url.removeprefix("http://"),
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_NOHISTORY": "1",
    }
    with (state / "log").open("wb") as log:
        process = subprocess.Popen([binary, "serve"], env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_S
        while not _answers(url):
            assert process.poll() is None and time.monotonic() < deadline, (state / "log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/version", trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def gguf(weights: Path) -> Path:
    return weights / "smollm2" / "model.gguf"


@pytest.fixture(scope="module")
def url(server: str, gguf: Path) -> str:
    """The server with SmolLM2 as `smollm2-test`."""
    digest = f"sha256:{sha256(gguf.read_bytes()).hexdigest()}"
    with Client(host=server, trust_env=False) as client:
        client.create_blob(gguf)
        client.create(
            model=MODEL,
            files={gguf.name: digest},
            template=TEMPLATE,
            parameters={"stop": ["<|im_end|>"]},
            stream=False,
        )
    return server


def settings_for(url: str, **models: float) -> Settings:
    return Settings(
        rag=RagSettings(ollama_url=url, ollama_model=MODEL),
        models=ModelSettings(**({"num_ctx": 2048, "timeout_s": 120} | models)),  # type: ignore[arg-type]
    )


@pytest.fixture
def chat(url: str) -> OllamaChat:
    opened = open_chat(f"ollama:{MODEL}", settings_for(url), Home(Path("/nowhere")))
    assert isinstance(opened, OllamaChat)
    return opened


class TestIntegration(ChatModelIntegrationTests):
    url: str

    @pytest.fixture(autouse=True)
    def _server(self, url: str) -> None:
        type(self).url = url

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OllamaChat

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "model": MODEL,
            "base_url": self.url,
            "num_ctx": 2048,
            "num_predict": 100,
            "temperature": 0.0,
            "seed": 0,
            "repeat_penalty": 1.0,
            "client_kwargs": {"limits": NO_KEEPALIVE},
        }

    @property
    def has_tool_calling(self) -> bool:
        return False


def test_auto_takes_the_model_that_the_server_has(url: str) -> None:
    assert model_names(url, timeout_s=5) == {f"{MODEL}:latest"}
    assert str(resolve("auto", settings_for(url))) == f"ollama:{MODEL}"
    other = Settings(rag=RagSettings(ollama_url=url, ollama_model="llama3.1"))
    assert str(resolve("auto", other)) == "extractive"


def test_it_writes_what_the_same_file_writes_in_this_process(chat: OllamaChat, gguf: Path) -> None:
    question = [HumanMessage("What is the capital of France?")]
    here = GenAIChat(path=gguf, max_tokens=40).invoke(question)
    there = chat.invoke(question)
    assert there.text == here.text == "The capital of France is Paris."
    assert there.usage_metadata is not None and here.usage_metadata is not None
    assert there.usage_metadata["input_tokens"] == here.usage_metadata["input_tokens"]
    assert "".join(chunk.text for chunk in chat.stream(question)) == there.text


def test_asynchronous_answers_are_the_same(chat: OllamaChat) -> None:
    async def ask() -> AIMessage:
        return await chat.ainvoke("What is the capital of France?")

    assert asyncio.run(ask()).text == "The capital of France is Paris."


def test_a_prompt_that_does_not_fit_is_an_error_and_not_a_cut(url: str) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(url, num_ctx=512), Home(Path("/nowhere")))
    for prompt in ("word " * 600, "word " * 5000):
        with pytest.raises(KbError, match=r"models\.num_ctx = 512") as caught:
            chat.invoke(prompt)
        assert caught.value.hint.startswith("kb ask --set models.num_ctx=1024")
    with pytest.raises(KbError, match=r"models\.num_ctx"):
        list(chat.stream([HumanMessage("word " * 600), AIMessage("Yes?"), HumanMessage("Sum up.")]))


def test_a_server_that_cuts_is_found_out_by_its_count(url: str) -> None:
    from langchain_ollama import ChatOllama

    from kb.chat.ollama import _check_whole

    messages = [HumanMessage("word " * 600 + "Sum up.")]
    plain = ChatOllama(model=MODEL, base_url=url, num_ctx=512, num_predict=5, client_kwargs={"limits": NO_KEEPALIVE})
    cut = plain.invoke(messages)
    assert cut.usage_metadata is not None
    with pytest.raises(KbError, match=r"models\.num_ctx"):
        _check_whole(cut.usage_metadata["input_tokens"], messages, 512)


def test_an_answer_is_cut_at_max_tokens(url: str) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(url, max_tokens=5), Home(Path("/nowhere")))
    answer = chat.invoke("Write a long story.")
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 5
    assert answer.response_metadata["done_reason"] == "length"


def test_output_keeps_to_a_schema(chat: OllamaChat) -> None:
    schema = {"title": "Animal", "type": "object", "properties": {"legs": {"type": "integer"}}, "required": ["legs"]}
    assert set(chat.with_structured_output(schema).invoke("How many legs has a cat?")) == {"legs"}
    assert "legs" in json.loads(chat.invoke("How many legs has a cat?", format=schema).text)


def test_a_model_that_the_server_lacks(url: str) -> None:
    with pytest.raises(BackendError, match="no model 'nosuch'") as caught:
        open_chat("ollama:nosuch", settings_for(url), Home(Path("/nowhere"))).invoke("hello")
    assert caught.value.hint == "ollama pull nosuch"


def test_an_answer_that_takes_too_long(url: str) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(url, timeout_s=0.001), Home(Path("/nowhere")))
    with pytest.raises(BackendError, match=r"models\.timeout_s"):
        chat.invoke("hello")
