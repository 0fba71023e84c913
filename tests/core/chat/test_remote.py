"""A chat model behind a server counts by itself, begins anew what broke off, and answers asynchronously alike."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import tenacity.nap
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk

from core.chat.remote.base import Chunks, RemoteChat
from core.chat.remote.retry import Interrupted
from core.errors import BackendError, ConfigError


class Server(RemoteChat):
    """Answers `text`; each number of `breaks` is where an attempt is interrupted."""

    text: str = "The fee is 5 euros."
    breaks: list[int] = []  # noqa: RUF012 - a pydantic field, copied per instance
    attempts: int = 0

    @property
    def _llm_type(self) -> str:
        return "server"

    def attempt(self, messages: list[BaseMessage], stop: list[str] | None, **kwargs: Any) -> Chunks:
        end = self.breaks[self.attempts] if self.attempts < len(self.breaks) else None
        self.attempts += 1
        for letter in self.text[:end]:
            yield ChatGenerationChunk(message=AIMessageChunk(content=letter))
        if end is not None:
            raise Interrupted("the connection was interrupted")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenacity.nap.time, "sleep", lambda seconds: None)


@pytest.mark.parametrize("breaks", [[], [4], [0, 4, 8]])
def test_an_answer_survives_the_server(breaks: list[int]) -> None:
    chat = Server(breaks=breaks)
    assert chat.invoke("q").text == chat.text
    streamed = Server(breaks=breaks)
    assert "".join(chunk.text for chunk in streamed.stream("q")) == streamed.text
    assert streamed.attempts == len(breaks) + 1


def test_asynchronous_calls_give_the_same() -> None:
    async def both() -> tuple[str, str]:
        whole = (await Server(breaks=[3]).ainvoke("q")).text
        parts = [chunk.text async for chunk in Server(breaks=[3]).astream("q")]
        return whole, "".join(parts)

    assert asyncio.run(both()) == (Server().text, Server().text)


def test_without_a_deadline_a_break_is_an_error() -> None:
    with pytest.raises(BackendError, match="interrupted"):
        Server(breaks=[3], deadline_s=0).invoke("q")


@given(st.text(max_size=200))
def test_counts_are_estimates_from_above(text: str) -> None:
    chat = Server()
    assert 3 * chat.get_num_tokens(text) >= len(text.encode())
    assert chat.get_num_tokens_from_messages([HumanMessage(text)]) > chat.get_num_tokens(text)


def test_there_are_no_token_ids() -> None:
    with pytest.raises(ConfigError, match="no token ids"):
        Server().get_token_ids("text")
