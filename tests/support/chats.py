"""Chat models that answer as a test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from core.reading.passages import parse


class Parrot(BaseChatModel):
    """A model that answers from the passages of its prompt as a function says, a few characters at a time."""

    reply: Any
    seen: list[str] = []  # noqa: RUF012 - a pydantic field, copied per instance

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise AssertionError("answers are streamed")

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = "\n".join(message.text for message in messages)
        self.seen.append(prompt)
        text = self.reply(parse(prompt)[0])
        for at in range(0, len(text) or 1, 3):
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[at : at + 3]))
