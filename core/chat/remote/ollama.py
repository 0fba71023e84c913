"""Chat models in an Ollama server: explicit about context and sampling, and loud when a prompt was cut.

Ollama drops what does not fit its context without a word, keeps a random seed, penalises repetition and lets models
think by default; here none of that holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import Runnable
from langchain_ollama import ChatOllama
from ollama import Client
from pydantic import model_validator

from core.backends import ModelSpec
from core.chat.ollama_server import InputTooLong, client_arguments, failures
from core.chat.remote.base import Chunks, RemoteChat
from core.chat.remote.retry import Interrupted
from core.chat.structured import structured
from core.errors import KbError
from core.files import Home
from core.settings import ModelSettings, Settings

_DEFAULT_NUM_CTX = 4096
_SECONDS = re.compile(r"-?[0-9]+")


class _FrankClient(Client):
    """Asks the server to refuse a prompt that does not fit, and to stop at the end of its context, not to forget."""

    def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        if "/api/chat" in args:
            kwargs["json"] = {**kwargs["json"], "truncate": False, "shift": False}
        return super()._request(cls, *args, stream=stream, **kwargs)


class OllamaChat(RemoteChat, ChatOllama):
    """`ChatOllama` whose failures are `KbError`s, whose prompts are whole and whose answers survive a restart."""

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
        # What comes in parts of its own would be lost.
        apart = (kwargs.get("tools"), kwargs.get("reasoning", self.reasoning), kwargs.get("logprobs", self.logprobs))
        joined = not any(apart)
        return super()._generate(messages, stop, run_manager, joined=joined, **kwargs)

    def _create_chat_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, *, joined: bool = False, **kwargs: Any
    ) -> Iterator[Any]:
        """Yield the server's parts; joined, the last one with all the text.

        LangChain makes a message of every part, two milliseconds a token: time that a server on the same cores lacks.
        It is streamed all the same, so that a server that falls silent is noticed.
        """
        parts: Iterator[Any] = super()._create_chat_stream(messages, stop, **kwargs)
        if not joined:
            yield from parts
            return
        texts, last = [], None
        for last in parts:
            texts.append(last["message"]["content"] or "")
        if last is not None:
            last["message"]["content"] = "".join(texts)
            yield last

    def attempt(self, messages: list[BaseMessage], stop: list[str] | None, **kwargs: Any) -> Chunks:
        """Stream one answer, once.

        Raises:
            KbError: The prompt does not fit `num_ctx`; nothing is cut.
            Unreachable: Nothing listens.
            Interrupted: The server broke off.
            BackendError: It lacks the model, fell silent or failed.
        """
        url = self.base_url or ""
        n_words = _count_words(messages)
        if self.num_ctx and n_words >= self.num_ctx:
            raise _too_long(self.num_ctx)
        finished = False
        with _failures(url, self.model, self.num_ctx):
            for chunk in ChatOllama._stream(self, messages, stop, None, **kwargs):
                if isinstance(chunk.message, AIMessageChunk) and chunk.message.usage_metadata:
                    check_whole(chunk.message.usage_metadata["input_tokens"], n_words, self.num_ctx)
                    finished = True
                yield chunk
        if not finished:
            raise Interrupted(f"Ollama at {url} broke off the answer of {self.model}", hint="ollama ps")

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        method: Literal["function_calling", "json_mode", "json_schema"] = "json_schema",
        include_raw: bool = False,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return the model held to a JSON schema; an answer cut at `num_predict` is a `KbError`, not half a value."""
        if method != "json_schema":
            return super().with_structured_output(schema, method=method, include_raw=include_raw, **kwargs)
        return structured(self, schema, include_raw=include_raw, keyword="format")


def _count_words(messages: list[BaseMessage]) -> int:
    return sum(len(str(message.text).split()) for message in messages)


def check_whole(n_prompt: int, n_words: int, num_ctx: int | None) -> None:
    """Raise when the server read less than it was sent.

    No tokenizer joins words across blanks, so a prompt has at least as many tokens as words; a server too old to
    know `truncate` reports, after cutting, fewer.

    Args:
        n_prompt: Tokens that the server says it read (`prompt_eval_count`); 0 where it does not say.
        n_words: Words that it was sent.
        num_ctx: Its window, in tokens.

    Raises:
        KbError: It cut the prompt.
    """
    if n_prompt and num_ctx and (n_prompt >= num_ctx or n_prompt < n_words):
        raise _too_long(num_ctx)


def _too_long(num_ctx: int | None) -> KbError:
    return KbError(
        f"the prompt does not fit models.num_ctx = {num_ctx} tokens; raise it, or use fewer passages (rag.top_k)",
        hint=f'kb ask --set models.num_ctx={2 * (num_ctx or _DEFAULT_NUM_CTX)} "QUESTION"',
        click="choose fewer passages under Model and controls",
    )


@contextmanager
def _failures(url: str, model: str, num_ctx: int | None) -> Iterator[None]:
    try:
        with failures(url, model):
            yield
    except InputTooLong as error:
        raise _too_long(num_ctx) from error


def open_ollama(name: str, url: str, settings: ModelSettings) -> OllamaChat:
    """Return a model of a server; the server is asked at the first question.

    Args:
        name: Model name, with or without tag.
        url: Where Ollama listens.
        settings: How it generates.
    """
    # Ollama reads a number as seconds and a text as a duration with its unit.
    keep_alive = int(settings.keep_alive) if _SECONDS.fullmatch(settings.keep_alive) else settings.keep_alive
    return OllamaChat(
        model=name,
        base_url=url,
        num_ctx=settings.num_ctx,
        num_predict=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
        # Ollama's default of 1.1 changes even greedy answers.
        repeat_penalty=1.0,
        keep_alive=keep_alive,
        reasoning=settings.think,
        deadline_s=settings.deadline_s,
        client_kwargs=client_arguments(url, settings.timeout_s),
    )


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> OllamaChat:  # noqa: ARG001
    """Return the model of the Ollama that settings name."""
    return open_ollama(spec.name, settings.rag.ollama_url, settings.models)
