"""Asks one chat model several things at once: in one batch, side by side on a server, else one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage

from core.backends import token_counter
from core.chat.generate import Generation, generate
from core.chat.loops import without_loop

# Fields by which chat models limit an answer.
_LIMITS = ("num_predict", "max_tokens")


def generate_together(
    chat: BaseChatModel,
    conversations: Sequence[Sequence[BaseMessage]],
    *,
    max_tokens: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Generation]:
    """Answer several conversations, in their order.

    Args:
        chat: The model.
        conversations: What it reads, one after the other; the limit of each answer is the same.
        max_tokens: Longest answer; models that cannot be limited ignore it.
        clock: Seconds, monotonic.

    Raises:
        KbError: The model failed.
    """
    batch: Any = getattr(chat, "generate_batch", None)
    if batch is not None:
        begun = clock()
        texts = batch(conversations, max_tokens=max_tokens)
        whole = [without_loop(text) or text for text in texts]
        return [_of_batch(chat, *pair, clock() - begun) for pair in zip(conversations, whole, strict=True)]
    limited = _limited(chat, max_tokens)
    from core.chat.local.base import LocalChat

    workers = 1 if isinstance(chat, LocalChat) else max(1, len(conversations))
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda messages: generate(limited, messages, clock=clock), conversations))


def _limited(chat: BaseChatModel, max_tokens: int) -> BaseChatModel:
    name = next((name for name in _LIMITS if name in type(chat).model_fields), "")
    return chat.model_copy(update={name: max_tokens}) if name else chat


def _of_batch(chat: BaseChatModel, messages: Sequence[BaseMessage], text: str, total_s: float) -> Generation:
    count = token_counter(chat)
    return Generation(
        text=text,
        first_token_s=total_s,
        total_s=total_s,
        prompt_tokens=sum(count(message.text) for message in messages),
        completion_tokens=count(text),
    )
