"""Spellings of chat models, what `auto` stands for, and errors of back ends that are not there."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backends import SPELLINGS, ModelSpec, parse_spec
from core.chat.ollama_server import ask_state
from core.chat.remote.address import is_loopback
from core.chat.remote.base import RemoteChat
from core.errors import BackendError, ConfigError, DataError, KbError, MissingExtra
from core.files import Home
from core.models import EMBEDDED_DEFAULT, ollama_has, open_chat, resolve
from core.reading.extractive import ExtractiveChat
from core.settings import ModelSettings, RagSettings, Settings


def settings_for(ollama_url: str) -> Settings:
    return Settings(rag=RagSettings(ollama_url=ollama_url), models=ModelSettings(timeout_s=5, deadline_s=1))


@pytest.fixture
def free_url() -> str:
    """A URL of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class _Page(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"<html>not what you look for</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def other_service() -> Iterator[str]:
    """A web server that is no model server."""
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("auto", ModelSpec(kind="auto")),
        ("extractive", ModelSpec(kind="extractive")),
        (" smollm2 ", ModelSpec(kind="smollm2")),
        ("gguf:/a b/m:1.gguf", ModelSpec(kind="gguf", name="/a b/m:1.gguf")),
        ("hf:org/name", ModelSpec(kind="hf", name="org/name")),
        ("ollama:llama3.1:8b", ModelSpec(kind="ollama", name="llama3.1:8b")),
        ("openai:m@http://127.0.0.1:1/v1/", ModelSpec(kind="openai", name="m", url="http://127.0.0.1:1/v1")),
        ("openai:a@b@https://u:p@h/v1", ModelSpec(kind="openai", name="a@b", url="https://u:p@h/v1")),
        ("langchain:openai:gpt-x", ModelSpec(kind="langchain", name="openai:gpt-x")),
        ("run:first-1", ModelSpec(kind="run", name="first-1")),
    ],
)
def test_spellings(text: str, spec: ModelSpec) -> None:
    assert parse_spec(text) == spec
    assert parse_spec(str(spec)) == spec


@given(st.text(max_size=40))
def test_any_text_is_a_spec_that_spells_itself_or_a_config_error(text: str) -> None:
    try:
        spec = parse_spec(text)
    except ConfigError as error:
        assert all(spelling in error.message for spelling in SPELLINGS)
    else:
        assert str(spec).rstrip("/") == text.strip().rstrip("/")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("olama:llama3", "ollama:NAME"),
        ("smolm2", "smollm2"),
        ("extractve", "extractive"),
        ("openai:gpt", "openai:NAME@URL"),
        ("gguf", "gguf:PATH"),
        ("run:../../etc", "run:NAME"),
        ("langchain:openai", "langchain:PROVIDER:NAME"),
    ],
)
def test_an_unknown_spelling_names_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match="did you mean") as caught:
        parse_spec(text)
    assert caught.value.message.endswith(f"did you mean {nearest}?")


def test_auto_without_ollama_is_the_embedded_default(free_url: str, home: Home) -> None:
    assert str(resolve("auto", settings_for(free_url))) == EMBEDDED_DEFAULT
    assert isinstance(open_chat("auto", settings_for(free_url), home), ExtractiveChat)


def test_auto_beside_another_service_is_the_embedded_default(other_service: str) -> None:
    assert str(resolve("auto", settings_for(other_service))) == EMBEDDED_DEFAULT


def test_auto_asks_nobody_but_this_machine() -> None:
    # A documentation address: a connection would hang, then fail; it is never tried.
    assert not is_loopback("http://192.0.2.1:11434")
    assert is_loopback("http://localhost:1") and is_loopback("http://[::1]:1") and is_loopback("http://127.1.2.3")
    assert str(resolve("auto", settings_for("http://192.0.2.1:11434"))) == EMBEDDED_DEFAULT


def test_extractive_loads_no_other_back_end() -> None:
    code = (
        "import sys; from pathlib import Path; from core.models import open_chat; from core.settings import Settings;"
        "from core.files import Home; open_chat('extractive', Settings(), Home(Path('/nowhere')));"
        "print([m for m in ('ollama', 'openai', 'openvino_genai', 'torch', 'gguf') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_absent_runs_files_weights_and_folders(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run 'nosuch'") as run:
        open_chat("run:nosuch", Settings(), home)
    assert run.value.hint == "kb runs list"
    with pytest.raises(ConfigError, match="no such file"):
        open_chat(f"gguf:{tmp_path / 'nosuch.gguf'}", Settings(), home)
    with pytest.raises(MissingExtra) as weights:
        open_chat("smollm2", Settings(), home)
    assert weights.value.hint == "kb models pull smollm2"
    with pytest.raises(KbError):
        open_chat(f"hf:{tmp_path / 'nosuch'}", Settings(), home)


def test_langchain_without_the_provider(home: Home) -> None:
    with pytest.raises(ConfigError, match="langchain:nosuchprovider:model"):
        open_chat("langchain:nosuchprovider:model", Settings(), home)
    with pytest.raises(MissingExtra, match="langchain-groq") as caught:
        open_chat("langchain:groq:model", Settings(), home)
    assert caught.value.hint.endswith("pip install langchain-groq")


def test_langchain_opens_what_its_provider_makes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    settings = Settings(models=ModelSettings(max_tokens=7, temperature=0.5, timeout_s=9))
    chat = open_chat("langchain:openai:gpt-x", settings, home)
    assert chat._llm_type == "openai-chat"
    assert chat._identifying_params["model_name"] == "gpt-x"
    assert (chat.max_tokens, chat.temperature, chat.request_timeout) == (7, 0.5, 9)  # type: ignore[attr-defined]
    far = open_chat("langchain:ollama:llama3.1", settings, home)
    assert (far._llm_type, far.temperature) == ("chat-ollama", 0.5)  # type: ignore[attr-defined]


def test_a_file_that_is_no_gguf_is_refused_when_opened(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(DataError, match="not a GGUF file"):
        open_chat(f"gguf:{path}", Settings(), home)


@pytest.mark.parametrize(("spec", "hint"), [("ollama:llama3.1", "ollama serve"), ("openai:m@{url}/v1", "curl")])
def test_a_server_that_is_not_there(spec: str, hint: str, free_url: str, home: Home) -> None:
    chat = open_chat(spec.format(url=free_url), settings_for(free_url), home)
    with pytest.raises(BackendError, match="cannot be reached") as caught:
        chat.invoke("hello")
    assert caught.value.hint.startswith(hint)
    with pytest.raises(BackendError, match="cannot be reached"):
        list(chat.stream("hello"))


@pytest.mark.parametrize("spec", ["ollama:llama3.1", "openai:m@{url}/v1"])
def test_a_server_of_another_kind(spec: str, other_service: str, home: Home) -> None:
    chat = open_chat(spec.format(url=other_service), settings_for(other_service), home)
    with pytest.raises(BackendError, match=other_service):
        chat.invoke("hello")


async def _ask(chat: RemoteChat) -> None:
    await chat.ainvoke("hello")


def test_asynchronous_calls_fail_the_same_way(free_url: str, home: Home) -> None:
    import asyncio

    chat = open_chat("ollama:llama3.1", settings_for(free_url), home)
    assert isinstance(chat, RemoteChat)
    with pytest.raises(BackendError, match="cannot be reached"):
        asyncio.run(_ask(chat))


def test_listing_models_of_nobody(free_url: str) -> None:
    assert not ollama_has("llama3.1", free_url)
    with pytest.raises(BackendError, match="cannot be reached"):
        ask_state(free_url, timeout_s=2)


@given(st.text(max_size=200))
def test_counting_for_a_server_asks_nobody_and_never_counts_too_few_words(text: str) -> None:
    chat = open_chat("openai:m@http://127.0.0.1:9/v1", Settings(), Home(Path("/nowhere")))
    assert chat.get_num_tokens(text) >= len(text.encode()) / 3
    with pytest.raises(ConfigError):
        chat.get_token_ids(text)
