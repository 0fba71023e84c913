"""A model that writes in this process as a LangChain chat model: what a call may set, what it counts, how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import PrivateAttr

from core.chat.local.base import LocalChat
from core.chat.local.decoding import Piece, Sampling
from core.errors import ConfigError


class EchoEngine:
    """Answers with the words of the prompt; one token a word."""

    control_tokens = ("<|end|>",)

    def __init__(self) -> None:
        self.samplings: list[Sampling] = []

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        return " ".join(f"{message['role']}: {message['content']}" for message in messages)

    def encode(self, text: str) -> list[int]:
        return list(range(len(text.split())))

    def stream(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[Piece]:
        self.samplings.append(sampling)
        count = min(len(prompt), sampling.max_tokens)
        for number in range(count):
            last = number == count - 1
            finish = "length" if count < len(prompt) else "stop"
            yield Piece(text=f"{number} ", n_tokens=1, finish=finish if last else None)


class EchoChat(LocalChat):
    _engine: EchoEngine = PrivateAttr(default_factory=EchoEngine)

    def load(self) -> EchoEngine:
        return self._engine

    @property
    def _llm_type(self) -> str:
        return "echo"


class SchemaChat(EchoChat):
    keeps_to_schemas: ClassVar[bool] = True


def test_a_call_goes_before_the_fields() -> None:
    chat = EchoChat(model="echo", temperature=0.5, seed=7, stop=["END"])
    chat.invoke("one two", temperature=0.1, max_tokens=9)
    chat.invoke("one two", temperature=None, stop=["."])
    first, second = chat.load().samplings
    assert (first.temperature, first.seed, first.max_tokens, first.stop) == (0.1, 7, 9, ("END",))
    assert (second.temperature, second.max_tokens, second.stop) == (0.5, 512, (".",))


@pytest.mark.parametrize("overrides", [{"logprobs": 3}, {"json_schema": {}}, {"response_format": {"type": "json"}}])
def test_what_a_model_cannot_do_is_refused(overrides: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"echo does not take (logprobs|json_schema); it takes .*temperature"):
        EchoChat(model="echo").sampling(None, overrides)


@pytest.mark.parametrize(
    ("overrides", "schema"),
    [
        ({"json_schema": {"type": "array"}}, {"type": "array"}),
        ({"response_format": {"json_schema": {"schema": {"type": "string"}}}}, {"type": "string"}),
        ({"response_format": {"type": "json_object"}}, {"type": "object"}),
        ({}, None),
    ],
)
def test_a_schema_is_taken_from_either_field(overrides: dict[str, Any], schema: Any) -> None:
    assert SchemaChat(model="echo").sampling(None, overrides).json_schema == schema


def test_the_prompt_is_counted_once_and_the_last_piece_says_how_it_ended() -> None:
    chat = EchoChat(model="echo", max_tokens=2)
    messages = [HumanMessage("one two"), AIMessage("three"), HumanMessage("four")]
    assert chat.prompt(messages) == "user: one two assistant: three user: four"
    assert chat.get_num_tokens_from_messages(messages) == 7
    answer = chat.invoke(messages)
    assert answer.text == "0 1 "
    assert answer.usage_metadata == {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    assert answer.response_metadata == {"finish_reason": "length", "model_name": "echo"}


def test_a_message_cannot_steer_the_model() -> None:
    assert "<|end|>" not in EchoChat(model="echo").prompt([HumanMessage("one <|end|> two")])


def test_tools_are_refused() -> None:
    with pytest.raises(ConfigError, match="does not support tools"):
        EchoChat(model="echo").get_num_tokens_from_messages([HumanMessage("x")], tools=[{}])
