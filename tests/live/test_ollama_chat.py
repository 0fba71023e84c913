"""Chat with a real Ollama, with SmolLM2 put into it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from ollama import Client
from pydantic import BaseModel

from core.chat.local.genai import GenAIChat
from core.chat.ollama_server import ask_context, ask_state
from core.chat.remote.ollama import OllamaChat, check_whole
from core.errors import BackendError, KbError
from core.files import Home
from core.models import open_chat, resolve
from core.settings import ModelSettings, RagSettings, Settings
from tests.support.live_ollama import MODEL, NO_KEEPALIVE, OllamaServer, running_ollama

pytestmark = [pytest.mark.live, pytest.mark.weights]

COPY = "smollm2-copy"
AWAY_S = 1.0


@pytest.fixture(scope="module")
def gguf(weights: Path) -> Path:
    return weights / "smollm2" / "model.gguf"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, gguf: Path) -> Iterator[OllamaServer]:
    with running_ollama(tmp_path_factory.mktemp("ollama")) as running:
        running.create(MODEL, gguf)
        with Client(host=running.url, trust_env=False) as client:
            client.copy(MODEL, COPY)
        yield running


@pytest.fixture(scope="module")
def url(server: OllamaServer) -> str:
    return server.url


def settings_for(url: str, **models: float | str) -> Settings:
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
    # SmolLM2 reads and writes text; there is nothing to record, for the server is real.
    ABSENT: ClassVar[frozenset[str]] = frozenset(
        """test_tool_calling test_tool_calling_async test_bind_runnables_as_tools test_tool_choice
        test_tool_message_histories_string_content test_tool_message_histories_list_content
        test_tool_calling_with_no_arguments test_tool_message_error_status test_structured_few_shot_examples
        test_agent_loop test_unicode_tool_call_integration test_pdf_inputs test_audio_inputs test_image_inputs
        test_image_tool_message test_pdf_tool_message test_anthropic_inputs test_stream_time test_json_mode""".split()
    )
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
            "repeat_penalty": 1.1,  # without it a model this small goes round in circles
            "client_kwargs": {"limits": NO_KEEPALIVE},
        }

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def model_override_value(self) -> str:
        return COPY


def test_auto_takes_the_model_that_the_server_has(url: str) -> None:
    state = ask_state(url, timeout_s=5)
    assert set(state.models) == {f"{MODEL}:latest", f"{COPY}:latest"}
    assert int(state.version.split(".")[1]) >= 24
    assert ask_context(MODEL, url, timeout_s=5) == 8192
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

    messages = [HumanMessage("word " * 600 + "Sum up.")]
    plain = ChatOllama(model=MODEL, base_url=url, num_ctx=512, num_predict=5, client_kwargs={"limits": NO_KEEPALIVE})
    cut = plain.invoke(messages)
    assert cut.usage_metadata is not None
    with pytest.raises(KbError, match=r"models\.num_ctx"):
        check_whole(cut.usage_metadata["input_tokens"], 602, 512)


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


class Animal(BaseModel):
    """An animal."""

    name: str
    description: str


def test_output_that_is_cut_is_an_error_and_not_half_a_value(url: str) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(url, max_tokens=6), Home(Path("/nowhere")))
    question = "Describe a cat at length, as JSON."
    for schema in (Animal, Animal.model_json_schema()):
        with pytest.raises(KbError, match=r"raise models\.max_tokens"):
            chat.with_structured_output(schema).invoke(question)
    raw = chat.with_structured_output(Animal, include_raw=True).invoke(question)
    assert raw["parsed"] is None and isinstance(raw["parsing_error"], KbError)
    assert raw["raw"].response_metadata["done_reason"] == "length"


def test_the_count_of_a_prompt_does_not_depend_on_what_was_asked_before(chat: OllamaChat) -> None:
    question = "What is the capital of France? " * 20
    counts = {chat.invoke(question).usage_metadata["input_tokens"] for _ in range(2)}  # type: ignore[index]
    assert len(counts) == 1


def test_settings_reach_the_server(server: OllamaServer) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(server.url, keep_alive="90", num_ctx=1024), Home(Path("/nowhere")))
    assert isinstance(chat, OllamaChat)
    assert chat.reasoning is False
    chat.invoke("hello")
    with Client(host=server.url, trust_env=False) as client:
        loaded = {model.model: model for model in client.ps().models}[f"{MODEL}:latest"]
    assert loaded.context_length == 1024
    thinking = open_chat(f"ollama:{MODEL}", settings_for(server.url, think=True), Home(Path("/nowhere")))
    with pytest.raises(BackendError, match="does not support thinking"):
        thinking.invoke("hello")


@pytest.mark.parametrize("streamed", [True, False])
def test_a_server_killed_in_the_middle_costs_time_only(server: OllamaServer, streamed: bool) -> None:
    settings = settings_for(server.url, max_tokens=120)
    chat = open_chat(f"ollama:{MODEL}", settings, Home(Path("/nowhere")))
    question = "Write a long story about a harbour."
    expected = chat.invoke(question)
    revival = threading.Timer(AWAY_S, server.start)
    pieces = []
    if streamed:
        for chunk in chat.stream(question):
            pieces.append(chunk.text)
            if len(pieces) == 20:
                server.kill()
                revival.start()
    else:
        threading.Timer(0.5, lambda: (server.kill(), revival.start())).start()
        pieces.append(chat.invoke(question).text)
    revival.join()
    assert "".join(pieces) == expected.text


def test_a_server_that_stays_away_is_an_error_in_the_end(server: OllamaServer) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(server.url, deadline_s=1.0), Home(Path("/nowhere")))
    stream = chat.stream("Write a long story about a harbour.")
    next(stream)
    server.kill()
    try:
        with pytest.raises(BackendError, match=server.url):
            list(stream)
        with pytest.raises(BackendError, match="cannot be reached"):
            chat.invoke("hello")
    finally:
        server.start()


def test_a_model_that_the_server_lacks(url: str) -> None:
    with pytest.raises(BackendError, match="no model 'nosuch'") as caught:
        open_chat("ollama:nosuch", settings_for(url), Home(Path("/nowhere"))).invoke("hello")
    assert caught.value.hint.startswith("ollama pull nosuch")


def test_an_answer_that_takes_too_long(url: str) -> None:
    chat = open_chat(f"ollama:{MODEL}", settings_for(url, timeout_s=0.001), Home(Path("/nowhere")))
    with pytest.raises(BackendError, match=r"models\.timeout_s"):
        chat.invoke("hello")
