"""The question writer as a chat model: batches, and a cache so that an interrupted run writes nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from synth.generate.cache import Call, CallCache, key_of
from synth.generate.writer_prompt import SYSTEM, MarkedText, user_turn

_BATCH = 32
_MOST_TOKENS = 40


class BatchChat(Protocol):
    """A chat model that answers many conversations at once."""

    def generate_batch(self, conversations: Sequence[Sequence[BaseMessage]], **kwargs: Any) -> list[str]:
        """Answer conversations in one batch, in their order."""
        ...


class AdaptedWriter:
    """Writes questions greedily.

    Args:
        chat: SmolLM2 with the writer's adapter.
        key: Names model and adapter in the cache.
        cache: Keeps the questions.
    """

    def __init__(self, chat: BatchChat, key: str, cache: CallCache) -> None:
        self._chat = chat
        self._key = key
        self._cache = cache

    def write(self, marked: Sequence[MarkedText]) -> list[str]:
        """Return a question for each text, in order.

        Raises:
            BackendError: The runtime failed, or the cache cannot be written.
        """
        turns = [user_turn(text) for text in marked]
        keys = {turn: key_of(model=self._key, prompt=turn) for turn in turns}
        known = {turn: call.text for turn, key in keys.items() if (call := self._cache.get(key)) is not None}
        fresh = [turn for turn in keys if turn not in known]
        for start in range(0, len(fresh), _BATCH):
            some = fresh[start : start + _BATCH]
            conversations = [[SystemMessage(SYSTEM), HumanMessage(turn)] for turn in some]
            replies = self._chat.generate_batch(conversations, temperature=0.0, max_tokens=_MOST_TOKENS)
            for turn, reply in zip(some, replies, strict=True):
                self._cache.put(keys[turn], Call(text=reply))
                known[turn] = reply
        return [known[turn] for turn in turns]
