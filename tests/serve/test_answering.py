"""Requests and answers as the server passes them on."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.types import Citation
from serve.answers.answering import AnswerRequest, AnswerResponse, ChatMessage, latest_messages, turns
from serve.v1.asking import extensions

SHA = "0" * 64


def _message(role: str, text: str) -> ChatMessage:
    return ChatMessage(role=role, text=text)


def _words(text: str) -> int:
    return len(text.split())


def test_turns_are_questions_with_their_answers() -> None:
    said = [
        _message("system", "s"),
        _message("user", "a"),
        _message("assistant", "b"),
        _message("user", "unanswered"),
        _message("user", "c"),
        _message("assistant", "d"),
    ]
    assert turns(said) == [("a", "b"), ("c", "d")]


def test_a_long_conversation_loses_its_oldest_turns() -> None:
    said = [_message("system", "be brief")]
    for number in range(60):
        said += [_message("user", f"question {number} " + "x " * 40), _message("assistant", "y " * 60)]
    said.append(_message("user", "the last question"))
    kept = latest_messages(said, 1000, _words)
    assert kept[0] == said[0] and kept[-1] == said[-1]
    assert kept[1].role == "user" and kept[1:] == said[-len(kept) + 1 :]
    assert 1 < len(kept) < len(said)
    assert sum(_words(message.text) for message in kept) <= 1000


def test_a_short_conversation_stays_whole() -> None:
    said = [_message("user", "a"), _message("assistant", "b"), _message("user", "c")]
    assert latest_messages(said, 8000, _words) == said


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=40)), max_size=30),
    st.integers(-100, 500),
)
def test_the_question_and_system_messages_always_stay(drawn: list[tuple[str, str]], room: int) -> None:
    said = [*(_message(role, text) for role, text in drawn), _message("user", "question")]
    kept = latest_messages(said, room, _words)
    assert kept[-1] == said[-1]
    assert [message for message in kept if message.role == "system"] == [m for m in said if m.role == "system"]
    conversation = [message for message in kept if message.role != "system"]
    assert conversation == [m for m in said if m.role != "system"][-len(conversation) :]
    assert conversation[0].role == "user"


def test_the_id_says_where_an_answer_comes_from() -> None:
    assert AnswerRequest(conversation=[]).from_documents
    assert not AnswerRequest(conversation=[], model="smollm2").from_documents


def test_an_answer_as_json_has_what_it_has() -> None:
    cell = Citation(doc="a.pdf", sha256=SHA, page=2, start=3, end=8, quote="1,204")
    plain = AnswerResponse(
        text="x",
        ground="cited",
        citations=(cell,),
        model="extractive",
        finish="stop",
        prompt_tokens=1,
        completion_tokens=1,
    )
    assert plain.short_form() == {}
    assert plain.sources() == [
        {"doc": "a.pdf", "sha256": SHA, "page": 2, "page_label": "3", "start": 3, "end": 8, "quote": "1,204"}
    ]
    short = AnswerResponse(
        text="x",
        ground="cited",
        citations=(),
        model="extractive",
        finish="stop",
        prompt_tokens=1,
        completion_tokens=1,
        short_answer="1,204",
        confidence=0.5,
        computed_from=(cell,),
        page_labels={(SHA, 2): "iii"},
    )
    form = short.short_form()
    assert (form["short_answer"], form["confidence"]) == ("1,204", 0.5)
    assert form["computed_from"][0]["page_label"] == "iii"


def test_an_answer_of_a_routed_run_says_its_way() -> None:
    reply = AnswerResponse(
        text="x",
        ground="cited",
        citations=(),
        model="auto:mine",
        finish="stop",
        prompt_tokens=1,
        completion_tokens=1,
        route={"arm": "search", "reason": "It is sure.", "signals": {}},
    )
    assert extensions(reply)["route"] == {"arm": "search", "reason": "It is sure.", "signals": {}}
    assert "route" not in extensions(replace(reply, route={}))
