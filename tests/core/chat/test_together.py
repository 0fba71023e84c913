"""Several questions to one model at once."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import HumanMessage

from core.chat.together import generate_together
from tests.support.scripted_chat import Scripted

ASKED = [[HumanMessage("one")], [HumanMessage("two")]]


def test_a_server_is_asked_side_by_side_and_answers_keep_their_order() -> None:
    chat = Scripted(pause_s=0.2)
    replies = generate_together(chat, ASKED, max_tokens=9)
    assert [reply.text for reply in replies] == ["reply to one", "reply to two"]
    assert chat.busiest == 2


class Batched(Scripted):
    """Answers in batches, as the engine in this process does."""

    def generate_batch(self, conversations: Any, **kwargs: Any) -> list[str]:
        return [f"{conversation[0].text} of {len(conversations)}, {kwargs}" for conversation in conversations]


def test_a_model_with_batches_is_asked_once() -> None:
    replies = generate_together(Batched(), ASKED, max_tokens=9)
    assert [reply.text for reply in replies] == ["one of 2, {'max_tokens': 9}", "two of 2, {'max_tokens': 9}"]
    assert all(reply.prompt_tokens and reply.completion_tokens for reply in replies)


class Limited(Scripted):
    """Has a longest answer of its own, as the client of Ollama has."""

    num_predict: int = 500

    def reply(self, text: str) -> str:
        return str(self.num_predict)


def test_an_answer_is_no_longer_than_asked() -> None:
    chat = Limited()
    assert [reply.text for reply in generate_together(chat, ASKED, max_tokens=9)] == ["9", "9"]
    assert chat.num_predict == 500
