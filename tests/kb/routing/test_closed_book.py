"""How alike two answers of a run are, and that the second is drawn."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from core.chat.generate import Generation
from core.settings import Settings
from kb.routing.closed_book import ClosedBookPair, ask_twice
from tests.support.scripted_chat import Scripted


def reply(text: str, finish: Any = "stop") -> Generation:
    return Generation(text=text, first_token_s=0.1, total_s=0.2, prompt_tokens=5, completion_tokens=3, finish=finish)


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        ("It holds 310 litres.", "It holds 310 litres.", 1.0),
        ("It holds 310 litres.", "It holds 311 litres.", 0.0),
        ("It holds 310 litres.", "It holds litres.", 0.0),
        ("Ole Brandt leads it.", "Ole Brandt.", 2 * 2 / 6),
        ("The documents do not say.", "The documents do not say.", 0.0),
        ("", "", 0.0),
    ],
)
def test_answers_agree_in_words_and_in_every_figure(first: str, second: str, agreement: float) -> None:
    assert ClosedBookPair(greedy=reply(first), drawn=reply(second)).agreement == pytest.approx(agreement)
    assert ClosedBookPair(greedy=reply(second), drawn=reply(first)).agreement == pytest.approx(agreement)


def test_an_answer_that_was_cut_agrees_with_nothing() -> None:
    pair = ClosedBookPair(greedy=reply("Ole Brandt", "length"), drawn=reply("Ole Brandt"))
    assert pair.agreement == 0.0 and pair.tokens == (10, 6)


class Recorded(Scripted):
    """Answers with the controls of its call."""

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(str(sorted(kwargs.items()))))])


def test_the_first_answer_is_greedy_and_the_second_is_drawn() -> None:
    pair = ask_twice(Recorded(), [HumanMessage("x")], Settings())
    assert pair.greedy.text == "[('max_tokens', 64), ('temperature', 0.0)]"
    assert pair.drawn.text == "[('max_tokens', 64), ('seed', 1), ('temperature', 0.7)]"
