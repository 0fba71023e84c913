"""One reply streamed to its end: text, loops, token counts, times and why it ended."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from core.chat.generate import generate


class Writer(BaseChatModel):
    """Streams given chunks and remembers what it was asked for."""

    chunks: list[AIMessageChunk]
    asked_stop: ClassVar[list[Any]] = []

    @property
    def _llm_type(self) -> str:
        return "writer"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.asked_stop.append(stop)
        for chunk in self.chunks:
            yield ChatGenerationChunk(message=chunk)


def usage(read: int, written: int) -> Any:
    return {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}


ASKED = [HumanMessage("How deep is the harbour?")]


def test_pieces_usage_and_the_reason_are_gathered() -> None:
    pieces: list[str] = []
    chat = Writer(
        chunks=[
            AIMessageChunk(content="Eight", usage_metadata=usage(7, 1)),
            AIMessageChunk(content=" metres", usage_metadata=usage(0, 2)),
            AIMessageChunk(content="", response_metadata={"finish_reason": "length"}),
        ]
    )
    reply = generate(chat, ASKED, on_text=pieces.append, stop=["\n"])
    assert (reply.text, pieces) == ("Eight metres", ["Eight", " metres"])
    assert (reply.prompt_tokens, reply.completion_tokens, reply.finish) == (7, 3, "length")
    assert chat.asked_stop[-1] == ["\n"]


def test_a_model_that_reports_nothing_is_counted() -> None:
    reply = generate(Writer(chunks=[AIMessageChunk(content="abcdef")]), ASKED)
    assert (reply.prompt_tokens, reply.completion_tokens, reply.finish) == (8, 2, "stop")


def test_a_loop_is_cut_unless_asked_not_to() -> None:
    chunks = [AIMessageChunk(content="It opens at nine. ") for _ in range(9)]
    assert generate(Writer(chunks=chunks), ASKED).text == "It opens at nine. "
    assert generate(Writer(chunks=chunks), ASKED, cut_loops=False).text == "It opens at nine. " * 9


def test_the_time_to_the_first_token_is_that_of_the_first_text() -> None:
    ticks = count()
    chunks = [AIMessageChunk(content=""), AIMessageChunk(content="a"), AIMessageChunk(content="b")]
    reply = generate(Writer(chunks=chunks), ASKED, clock=lambda: float(next(ticks)))
    assert (reply.first_token_s, reply.total_s) == (1.0, 2.0)
    silent = generate(Writer(chunks=[AIMessageChunk(content="")]), ASKED, clock=lambda: float(next(ticks)))
    assert silent.first_token_s == silent.total_s == 1.0
