"""Streams one reply of a chat model to its end, with its times and token counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, cast

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage

from core.backends import token_counter
from core.chat.loops import without_loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One reply.

    Attributes:
        text: All of it; of a stretch that was repeated without end, one copy.
        first_token_s: Seconds to the first text, or to the end where there was none.
        total_s: Seconds to the end.
        prompt_tokens: As the model reports them, else counted by `token_counter`.
        completion_tokens: The same for the reply.
        finish: `length` where the limit of tokens cut it off.
    """

    text: str
    first_token_s: float
    total_s: float
    prompt_tokens: int
    completion_tokens: int
    finish: Literal["stop", "length"] = "stop"


def generate(
    chat: BaseChatModel,
    messages: Sequence[BaseMessage],
    *,
    on_text: Callable[[str], None] = lambda _: None,
    stop: Sequence[str] | None = None,
    cut_loops: bool = True,
    options: Mapping[str, Any] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Generation:
    """Stream a reply.

    Args:
        chat: The model.
        messages: What it reads.
        on_text: Receives each piece of text as it comes.
        stop: Sequences at which the model ends; left to the model's own setting if None.
        cut_loops: End a reply that repeats itself without end.
        options: Further keywords of one call, by the model's own names.
        clock: Seconds, monotonic.

    Raises:
        KbError: The model failed.
    """
    begun = clock()
    first: float | None = None
    text = ""
    prompt = completion = 0
    finish = "stop"
    stream = chat.stream(list(messages), stop=list(stop) if stop else None, **(options or {}))
    with closing(cast("Generator[AIMessageChunk]", stream)) as chunks:
        for chunk in chunks:
            if chunk.text and first is None:
                first = clock()
            if chunk.usage_metadata:  # every chunk reports its own share
                prompt += chunk.usage_metadata["input_tokens"]
                completion += chunk.usage_metadata["output_tokens"]
            metadata = chunk.response_metadata
            finish = metadata.get("finish_reason") or metadata.get("done_reason") or finish
            if not chunk.text:
                continue
            text += chunk.text
            on_text(chunk.text)
            shortened = without_loop(text) if cut_loops else None
            if shortened is not None:
                text = shortened
                break
    ended = clock()
    count = token_counter(chat)
    return Generation(
        text=text,
        first_token_s=(ended if first is None else first) - begun,
        total_s=ended - begun,
        prompt_tokens=prompt or sum(count(message.text) for message in messages),
        completion_tokens=completion or count(text),
        finish="length" if finish == "length" else "stop",
    )
