"""What an Ollama server says, and what its failures mean."""

from __future__ import annotations

import httpx
import pytest
from ollama import ResponseError

from core.chat.ollama_server import InputTooLong, ask_context, ask_models, client_arguments, failures, tagged
from core.chat.remote.retry import Interrupted, Unreachable
from core.errors import BackendError, KbError
from core.models import largest_model
from tests.support.ollama import WINDOW, ollama_server

URL = "http://127.0.0.1:11434"


@pytest.mark.parametrize(
    ("name", "full"),
    [("llama3.1", "llama3.1:latest"), ("llama3.1:8b", "llama3.1:8b"), ("host:5000/org/m", "host:5000/org/m:latest")],
)
def test_a_name_has_a_tag(name: str, full: str) -> None:
    assert tagged(name) == full


def test_no_proxy_stands_before_this_machine() -> None:
    assert client_arguments(URL, 5.0)["trust_env"] is False
    assert client_arguments("http://example.org:11434", 5.0)["trust_env"] is True


def test_the_context_of_a_model_is_read() -> None:
    with ollama_server() as (url, _):
        assert ask_context("demo", url, timeout_s=5.0) == WINDOW
        with pytest.raises(BackendError, match="has no model 'other'") as caught:
            ask_context("other", url, timeout_s=5.0)
    assert caught.value.hint.startswith("ollama pull other")


def test_chat_models_are_listed_with_their_sizes() -> None:
    models = [
        {"name": "qwen:3b", "details": {"families": ["qwen2"], "parameter_size": "3.1B"}},
        {"name": "embedder", "details": {"families": ["nomic-bert"], "parameter_size": "137M"}},
        {"name": "tiny", "details": {"families": None, "parameter_size": "135M"}},
    ]
    with ollama_server(models=models) as (url, _):
        listed = ask_models(url, timeout_s=5.0)
        assert [(model.name, model.parameters) for model in listed] == [
            ("demo:latest", 0),
            ("qwen:3b", 3_100_000_000),
            ("tiny", 135_000_000),
        ]
        assert largest_model(url) == listed[1]


def test_where_nobody_listens_there_is_no_model() -> None:
    assert largest_model("http://127.0.0.1:9") is None


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (httpx.ConnectError("refused"), Unreachable, "cannot be reached"),
        (httpx.ReadTimeout("slow"), BackendError, "did not answer in time"),
        (httpx.RemoteProtocolError("closed"), Interrupted, "was interrupted"),
        (ValueError("no JSON"), BackendError, "is not Ollama"),
        (ResponseError("model not found", 404), BackendError, "has no model 'm'"),
        (ResponseError("too many requests", 429), Interrupted, "cannot answer now"),
        (ResponseError("llama runner process has unexpectedly stopped", 500), Interrupted, "cannot answer now"),
        (ResponseError("the input exceeds the context length", 400), InputTooLong, "context length"),
        (ResponseError("boom", 500), BackendError, "failed: boom"),
    ],
)
def test_failures_of_the_client_are_ours(error: Exception, kind: type[KbError], says: str) -> None:
    with pytest.raises(KbError, match=says) as caught, failures(URL, "m"):
        raise error
    assert type(caught.value) is kind and URL in str(caught.value)
