"""Chat models in an Ollama server: explicit about context and sampling, and loud when a prompt was cut.

Ollama drops what does not fit its context without a word, keeps a random seed and penalises repetition by default;
here none of that holds. Knows the client and its failures; refuses to know where the URL comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_ollama import ChatOllama
from ollama import Client, ResponseError
from pydantic import model_validator

from kb.chat.remote import RemoteChat, is_loopback
from kb.errors import BackendError, KbError
from kb.settings import ModelSettings

_CONNECT_TIMEOUT_S = 3.0
_PROBE_TIMEOUT_S = 0.3
_NOT_FOUND = 404


class _FrankClient(Client):
    """Asks the server to refuse a prompt that does not fit, and to stop at the end of its context, not to forget."""

    def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        if "/api/chat" in args:
            kwargs["json"] = {**kwargs["json"], "truncate": False, "shift": False}
        return super()._request(cls, *args, stream=stream, **kwargs)


class OllamaChat(RemoteChat, ChatOllama):
    """`ChatOllama` whose failures are `KbError`s and whose prompts are whole."""

    @model_validator(mode="after")
    def _set_frank_client(self) -> Self:
        self._client = _FrankClient(host=self.base_url, **(self.client_kwargs or {}))
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        url = self.base_url or ""
        finished = False
        with _failures(url, self.model, self.num_ctx):
            for chunk in super()._stream(messages, stop, run_manager, **kwargs):
                if isinstance(chunk.message, AIMessageChunk) and chunk.message.usage_metadata:
                    _check_whole(chunk.message.usage_metadata["input_tokens"], messages, self.num_ctx)
                    finished = True
                yield chunk
        if not finished:
            raise BackendError(f"Ollama at {url} broke off the answer of {self.model}", hint="ollama serve")


def _check_whole(n_prompt: int, messages: list[BaseMessage], num_ctx: int | None) -> None:
    """Raise when the server read less than it was sent.

    No tokenizer joins words across blanks, so a prompt has at least as many tokens as words; a server too old to
    know `truncate` reports, after cutting, fewer.
    """
    n_words = sum(len(str(message.text).split()) for message in messages)
    if n_prompt and num_ctx and (n_prompt >= num_ctx or n_prompt < n_words):
        raise _too_long(num_ctx)


def _too_long(num_ctx: int | None) -> KbError:
    return KbError(
        f"the prompt does not fit models.num_ctx = {num_ctx} tokens: raise it, or ask with fewer passages (rag.top_k)",
        hint=f'kb ask --set models.num_ctx={2 * (num_ctx or 4096)} "QUESTION"',
    )


@contextmanager
def _failures(url: str, model: str, num_ctx: int | None) -> Iterator[None]:
    """Turn the client's failures into `KbError`s."""
    try:
        yield
    except ResponseError as error:
        if error.status_code == _NOT_FOUND:
            message = f"Ollama at {url} has no model {model!r}"
            raise BackendError(message, hint=f"ollama pull {model}") from error
        if "context length" in error.error or "context size" in error.error:
            raise _too_long(num_ctx) from error
        raise BackendError(f"Ollama at {url} failed: {error.error}", hint="ollama ps") from error
    except httpx.TimeoutException as error:
        message = f"Ollama at {url} gave no answer in time (models.timeout_s)"
        raise BackendError(message, hint="kb config show") from error
    except (httpx.HTTPError, ConnectionError) as error:
        raise BackendError(f"Ollama at {url} cannot be reached: {error}", hint="ollama serve") from error
    except ValueError as error:  # no JSON, or JSON of another service
        raise BackendError(f"what answers at {url} is not Ollama: {error}", hint="kb config show") from error


def _client_arguments(url: str, timeout_s: float, connect_s: float) -> dict[str, Any]:
    return {
        "timeout": httpx.Timeout(timeout_s, connect=connect_s),
        # A proxy of the environment has no business between this machine and itself.
        "trust_env": not is_loopback(url),
        "follow_redirects": False,
        # Nobody closes a chat model: no connection outlives its answer.
        "limits": httpx.Limits(max_keepalive_connections=0),
    }


def model_names(url: str, *, timeout_s: float) -> frozenset[str]:
    """Return the names (with tags) of the models that a server has.

    Raises:
        BackendError: Nothing answers within `timeout_s`, or not as Ollama does.
    """
    with _failures(url, "", None), Client(host=url, **_client_arguments(url, timeout_s, _PROBE_TIMEOUT_S)) as client:
        listed = client.list()
    return frozenset(model.model for model in listed.models if model.model)


def open_ollama(name: str, url: str, settings: ModelSettings) -> OllamaChat:
    """Return a model of a server; the server is asked at the first question.

    Args:
        name: Model name, with or without tag.
        url: Where Ollama listens.
        settings: How it generates.
    """
    return OllamaChat(
        model=name,
        base_url=url,
        num_ctx=settings.num_ctx,
        num_predict=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
        # Ollama's default of 1.1 changes even greedy answers.
        repeat_penalty=1.0,
        keep_alive="5m",
        reasoning=False,
        client_kwargs=_client_arguments(url, settings.timeout_s, _CONNECT_TIMEOUT_S),
    )
