"""An answer that is on its way: whole, or from its first part on, and its fields beside OpenAI's."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from core.errors import BackendError
from core.types import Citation, Statement
from serve.answers.answering import AnswerResponse
from serve.errors import RequestRefused
from serve.v1.asking import PendingAnswer, event, extensions, usage

CITED = Citation(doc="club.pdf", sha256="ab" * 32, page=2, start=0, end=4, quote="16 w")


def reply(**over: Any) -> AnswerResponse:
    fields: dict[str, Any] = {
        "text": "16 weeks",
        "ground": "cited",
        "citations": (CITED,),
        "model": "extractive",
        "finish": "stop",
        "prompt_tokens": 5,
        "completion_tokens": 2,
        **over,
    }
    return AnswerResponse(**fields)


class Client:
    """A client that leaves after some looks at whether it is there."""

    def __init__(self, stays_for: int) -> None:
        self._stays_for = stays_for

    async def is_disconnected(self) -> bool:
        self._stays_for -= 1
        return self._stays_for < 0


class Source:
    """Parts of an answer; tells whether they were closed."""

    def __init__(self, *parts: str | AnswerResponse | Exception) -> None:
        self._parts = parts
        self.closed = False

    async def stream(self) -> AsyncGenerator[str | AnswerResponse]:
        try:
            for part in self._parts:
                if isinstance(part, Exception):
                    raise part
                yield part
        finally:
            self.closed = True

    def pending(self) -> PendingAnswer:
        return PendingAnswer(self.stream(), {}, "http://kb/", "")


async def test_the_checked_answer_comes_after_its_pieces() -> None:
    source, checked = Source("16 ", "weeks", reply()), reply()
    assert await source.pending().whole(Client(9)) == checked  # type: ignore[arg-type]
    assert source.closed


@pytest.mark.parametrize("parts", [("16 ", "weeks", reply()), ("16 ",)])
async def test_a_client_that_left_stops_the_answer(parts: tuple[Any, ...]) -> None:
    source = Source(*parts)
    with pytest.raises(RequestRefused, match="disconnected") as raised:
        await source.pending().whole(Client(0))  # type: ignore[arg-type]
    assert raised.value.status == 499
    assert source.closed


async def test_a_stream_begins_with_its_first_part_and_can_be_left() -> None:
    source = Source("16 ", "weeks", reply())
    assert [part async for part in await source.pending().started()] == ["16 ", "weeks", reply()]
    left = Source("16 ", "weeks", reply())
    parts = await left.pending().started()
    assert await anext(parts) == "16 "
    await parts.aclose()
    assert left.closed


async def test_an_error_before_the_first_part_is_raised_before_anything_is_sent() -> None:
    with pytest.raises(BackendError, match="gone"):
        await Source(BackendError("gone")).pending().started()


def test_an_event_is_one_line_of_json_under_its_name() -> None:
    assert event({"text": "é\n"}) == 'data: {"text": "é\\n"}\n\n'
    named = event({"a": 1}, "response.done")
    assert named == 'event: response.done\ndata: {"a": 1}\n\n'
    assert json.loads(named.splitlines()[1].removeprefix("data: ")) == {"a": 1}


def test_tokens_are_counted_as_chat_completions_count_them() -> None:
    assert usage(reply()) == {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def test_fields_beside_openais_are_those_that_the_answer_has() -> None:
    bare = extensions(reply(ground="", citations=()))
    assert bare == {"sources": [], "ground": None, "answered_by": "extractive"}
    full = extensions(
        reply(
            short_answer="16 weeks",
            confidence=0.5,
            statements=[Statement(text="It lasts.", citations=(0,))],
            notes=["documents changed"],
        )
    )
    assert [source["page"] for source in full["sources"]] == [2]
    assert (full["short_answer"], full["confidence"], full["ground"]) == ("16 weeks", 0.5, "cited")
    assert full["notes"] == ["documents changed"]
    assert [statement["text"] for statement in full["statements"]] == ["It lasts."]
