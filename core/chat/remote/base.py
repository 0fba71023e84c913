"""What chat models behind a server share: counts that ask nobody, answers that survive the server, one path for sync
and async calls.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr, model_validator

from core.chat.remote.retry import Patience
from core.errors import BackendError, ConfigError

# English has about 4.2 bytes a token, figures and code fewer; too many tokens is the safe side when a prompt is packed.
_BYTES_PER_TOKEN = 3
_TOKENS_PER_MESSAGE = 8

Chunks = Generator[ChatGenerationChunk, None, None]


class Diverged(BackendError):
    """A server that came back writes another answer than the one whose beginning was already given out."""


class RemoteChat(BaseChatModel):
    """Mixed in before a client's own class, it replaces counting, asynchronous calls, and the answer of a dead server.

    Attributes:
        deadline_s: Longest time a call is tried again while the server is away.
    """

    deadline_s: float = 60.0
    _patience: Patience = PrivateAttr()

    @model_validator(mode="after")
    def _set_patience(self) -> Self:
        self._patience = Patience(self.deadline_s)
        return self

    @abstractmethod
    def attempt(self, messages: list[BaseMessage], stop: list[str] | None, **kwargs: Any) -> Chunks:
        """Stream one answer, once.

        Raises:
            Unreachable: Nothing listens.
            Interrupted: The server broke off, the answer's regular end included in what must have come.
            KbError: Anything else that repeating would not mend.
        """

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        # Nobody has seen a part of it: another attempt begins anew.
        return self._patience(lambda: generate_from_stream(self.attempt(messages, stop, **kwargs)))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with closing(resumed(lambda: self.attempt(messages, stop, **kwargs), self._patience)) as chunks:
            for chunk in chunks:
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    def get_num_tokens(self, text: str) -> int:
        """Return an estimate from above, one token for three bytes of UTF-8."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Any] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> int:
        """Return an estimate from above of the prompt's length; `tools` count as their text."""
        texts = [str(message.text) for message in messages] + [str(tool) for tool in tools or ()]
        return sum(self.get_num_tokens(text) + _TOKENS_PER_MESSAGE for text in texts)

    def get_token_ids(self, text: str) -> list[int]:  # noqa: ARG002
        """Refuse: the vocabulary stands on the server.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("a model behind a server has no token ids; use get_num_tokens", hint="kb models list")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await BaseChatModel._agenerate(self, messages, stop, run_manager, **kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for chunk in BaseChatModel._astream(self, messages, stop, run_manager, **kwargs):
            yield chunk


def resumed(attempt: Callable[[], Chunks], patience: Patience) -> Chunks:
    """Stream an answer, beginning another attempt wherever the server breaks off.

    With one seed a model writes one answer, so a new attempt repeats what was given out before; that part is held
    back, and nobody reads anything twice. The deadline counts from the last word that was new. Reasoning is not
    compared and may repeat.

    Args:
        attempt: Begins the answer from its first word.
        patience: How long the server may be away.

    Raises:
        Diverged: The new attempt does not begin with what was given out.
        KbError: What the last attempt raised.
    """
    shown = ""
    failed_at: list[float] = []
    current: Chunks | None = None

    def advance() -> ChatGenerationChunk | None:
        nonlocal current
        current = current or _after(shown, attempt())
        try:
            return next(current, None)
        except BackendError:
            current = None
            raise

    try:
        while (chunk := patience(advance, failed_at)) is not None:
            if chunk.text:
                shown += chunk.text
                failed_at.clear()
            yield chunk
    finally:
        if current is not None:
            current.close()


def _after(shown: str, chunks: Chunks) -> Chunks:
    """Yield what `chunks` hold beyond the text `shown`."""
    remaining = shown
    with closing(chunks):
        for chunk in chunks:
            text = chunk.text
            if not remaining:
                yield chunk
            elif text.startswith(remaining):
                message = chunk.message.model_copy(update={"content": text[len(remaining) :]})
                yield ChatGenerationChunk(message=message, generation_info=chunk.generation_info)
                remaining = ""
            elif remaining.startswith(text):
                remaining = remaining[len(text) :]
            else:
                raise _diverged()
    if remaining:
        raise _diverged()


def _diverged() -> Diverged:
    message = "the model server restarted and continued with a different answer"
    return Diverged(message, hint='ask again: kb ask "QUESTION"')
