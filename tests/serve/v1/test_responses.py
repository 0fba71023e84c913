"""Bodies of `/v1/responses`: what becomes a conversation, and what is refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from serve.errors import RequestRefused
from serve.v1.responses import ResponseBody


def body(**fields: Any) -> ResponseBody:
    return ResponseBody.model_validate({"input": "How long is it?", **fields})


def conversation(**fields: Any) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in body(**fields).request().conversation]


def test_a_text_is_a_question_under_its_instructions() -> None:
    assert conversation() == [("user", "How long is it?")]
    assert conversation(instructions="Be brief.") == [("system", "Be brief."), ("user", "How long is it?")]


def test_items_become_messages_in_order_and_reasoning_is_left_out() -> None:
    items = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "Look"}, {"type": "input_text", "text": "it up."}]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "name": "look", "arguments": '{"a": 1}', "call_id": "1"},
        {"type": "function_call_output", "call_id": "1", "output": "16 weeks"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "16 weeks."}]},
    ]
    assert conversation(model="smollm2", input=items) == [
        ("system", "Be kind."),
        ("user", "Look\nit up."),
        ("assistant", 'look({"a": 1})'),
        ("user", "Result of the tool:\n16 weeks"),
        ("assistant", "16 weeks."),
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": ""}, "is empty"),
        ({"input": []}, "is empty"),
        ({"input": [{"role": "moon", "content": "x"}]}, "items must be messages of text, not 'moon'"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "not 'item_reference'"),
        ({"input": [{"role": "user", "content": 5}]}, "content must be a text"),
        ({"input": [{"role": "user", "content": "x" * 400_001}]}, "at most 400000 characters"),
        ({"input": [{"role": "user", "content": "\ud83d"}]}, "not valid Unicode"),
        ({"input": [{"type": "function_call_output", "output": "\ud83d"}]}, "not valid Unicode"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "images are not supported"),
        ({"background": True}, "answers are given at once"),
        ({"conversation": "c1"}, "responses are not stored here"),
        ({"tool_choice": "required"}, "a tool cannot be forced here"),
        ({"text": {"format": {"type": "xml"}}}, "unknown type 'xml'"),
        ({"temperature": 2.1}, "less than or equal to 2"),
        ({"max_output_tokens": 0}, "greater than or equal to 1"),
        ({"collection": "../x"}, "collection"),
    ],
)
def test_what_cannot_be_answered_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        body(**fields)


def test_sampling_format_and_documents_reach_the_service() -> None:
    request = body(
        max_output_tokens=10**6,
        temperature=0.5,
        text={"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
        collection="club",
        docs=["a.pdf"],
        passages=3,
    ).request()
    assert request.controls.given() == {"temperature": 0.5, "max_tokens": 100_000}
    assert request.json_schema == {"type": "object"}
    assert (request.collection, request.passages, list(request.docs)) == ("club", 3, ["a.pdf"])


def test_fields_without_effect_are_named() -> None:
    assert body(metadata={"a": "b"}, background=False, tool_choice="auto").ignored_fields() == []
    assert body(store=True, include=["x"]).ignored_fields() == ["include", "store"]
    assert body(text={"verbosity": "low"}).ignored_fields() == ["text.verbosity"]
    ignored = body(truncation="auto", reasoning={"effort": "low"}).ignored_fields()
    assert "reasoning" in ignored
    assert body().format_type == "text"
    assert body(text={"format": {"type": "json_object"}}).format_type == "json_object"


def test_results_of_tools_may_be_parts_and_are_refused_where_they_are_all_there_is() -> None:
    parts = [{"type": "input_text", "text": "16"}, {"type": "input_text", "text": "weeks"}]
    result = {"type": "function_call_output", "call_id": "1", "output": parts}
    assert conversation(model="smollm2", input=[result]) == [("user", "Result of the tool:\n16\nweeks")]
    question = {"role": "user", "content": "How long?"}
    asked = body(input=[question, result, question])
    assert [message.text for message in asked.request().conversation] == ["How long?", "How long?"]
    assert asked.ignored_fields() == ["input.tool"]
    with pytest.raises(RequestRefused, match="results of tools are not read"):
        body(input=[question, result]).request()


def test_a_custom_call_keeps_its_name_and_input() -> None:
    call = {"type": "custom_tool_call", "name": "grep", "input": "tide", "call_id": "1"}
    assert conversation(model="smollm2", input=[call]) == [("assistant", "grep(tide)")]
