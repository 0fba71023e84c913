"""A run asked alone, twice: its likeliest answer, one that is drawn, and how alike the two are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage

from core.chat.generate import Generation, generate
from core.metrics import numbers_of, numeric_match, token_f1
from core.reading.proved import proper
from core.settings import Settings
from rag.answer.cite import abstains


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedBookPair:
    """Two answers to one question.

    Attributes:
        greedy: The likeliest.
        drawn: The other one.
    """

    greedy: Generation
    drawn: Generation

    @property
    def agreement(self) -> float:
        """Token F1 of the two; 0 where one declines, is empty or was cut, or where their figures differ."""
        if "length" in (self.greedy.finish, self.drawn.finish):
            return 0.0
        first, second = (proper(reply.text.strip()) for reply in (self.greedy, self.drawn))
        if not (first and second) or abstains(first) or abstains(second):
            return 0.0
        for one_answer, other_answer in ((first, second), (second, first)):
            if numbers_of(one_answer) and not numeric_match(other_answer, one_answer, relative_tolerance=0.0):
                return 0.0
        return token_f1(first, second)

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens read and written."""
        replies = (self.greedy, self.drawn)
        return sum(reply.prompt_tokens for reply in replies), sum(reply.completion_tokens for reply in replies)


def ask_twice(chat: BaseChatModel, messages: Sequence[BaseMessage], settings: Settings) -> ClosedBookPair:
    """Ask a model that runs in this process twice.

    Args:
        chat: Takes `temperature`, `seed` and `max_tokens` per call.
        messages: Without any passage.
        settings: `routing` and `models.seed` are read.

    Raises:
        KbError: The model failed.
    """
    routing = settings.routing
    limit = {"max_tokens": routing.max_tokens}
    greedy = generate(chat, messages, options={**limit, "temperature": 0.0})
    drawn = {**limit, "temperature": routing.temperature, "seed": settings.models.seed + 1}
    return ClosedBookPair(greedy=greedy, drawn=generate(chat, messages, options=drawn))
