"""Messages of a conversation: the turns that a question may point back to, and those that fit a context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Role = Literal["system", "user", "assistant"]
# Tokens of a chat template around one message, at most.
_MESSAGE_TOKENS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a conversation."""

    role: Role
    text: str


def turns(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    """Return earlier questions with their answers; a question without an answer is left out."""
    return [
        (question.text, answer.text)
        for question, answer in pairwise(_spoken(messages))
        if question.role == "user" and answer.role == "assistant"
    ]


def unpaired_count(messages: Sequence[ChatMessage]) -> int:
    """Return how many messages are neither a question with its answer nor a system message."""
    return len(_spoken(messages)) - 2 * len(turns(messages))


def _spoken(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    return [message for message in messages if message.role != "system"]


def latest_messages(
    conversation: Sequence[ChatMessage], room: int, count_tokens: Callable[[str], int]
) -> list[ChatMessage]:
    """Return the messages that fit into a context: system messages, the question, and the latest turns before it.

    Args:
        conversation: Oldest first; the last message is the question.
        room: Tokens for all messages.
        count_tokens: Counts the tokens of a text.
    """
    system = [message for message in conversation[:-1] if message.role == "system"]
    earlier = [message for message in conversation[:-1] if message.role != "system"]
    room -= sum(count_tokens(message.text) + _MESSAGE_TOKENS for message in (*system, conversation[-1]))
    kept: list[ChatMessage] = []
    for message in reversed(earlier):
        room -= count_tokens(message.text) + _MESSAGE_TOKENS
        if room < 0:
            break
        kept.insert(0, message)
    while kept and kept[0].role == "assistant":  # an answer whose question did not fit
        del kept[0]
    return [*system, *kept, conversation[-1]]
