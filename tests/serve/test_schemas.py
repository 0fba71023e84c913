"""Bodies of requests are checked before anything runs, and become what the service takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from serve.answers.models import SamplingControls
from serve.v1.schemas import ChatCompletionBody, EmbeddingsBody, FeedbackBody, MessageBody, SearchBody

ASKED = [{"role": "user", "content": "How long is it?"}]


def chat(**fields: Any) -> ChatCompletionBody:
    return ChatCompletionBody.model_validate({"messages": ASKED, **fields})


def fault(model: type[BaseModel], fields: dict[str, Any]) -> tuple[str, str]:
    """The place and the message of the one fault of a body."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    (error,) = caught.value.errors()
    return ".".join(map(str, error["loc"])), error["msg"]


def test_text_parts_are_joined_by_lines() -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    message = MessageBody.model_validate({"role": "developer", "content": parts}).message()
    assert (message.role, message.text) == ("system", "One\ntwo")
    assert MessageBody.model_validate({"role": "assistant", "content": None}).content == ""
    assert MessageBody.model_validate({"role": "assistant"}).content == ""


@pytest.mark.parametrize(
    ("message", "place", "says"),
    [
        (
            {"role": "user", "content": [{"type": "image_url"}]},
            "content",
            "Value error, images are not supported, only text; add the picture as a document instead",
        ),
        (
            {"role": "user", "content": ["x"]},
            "content",
            "Value error, only parts of type 'text' are supported, not None",
        ),
        ({"role": "user", "content": 5}, "content", "Input should be a valid string"),
        (
            {"role": "user", "content": "x" * 400_001},
            "content",
            "Value should have at most 400000 items after validation, not 400001",
        ),
    ],
)
def test_messages_that_cannot_be_read_are_refused(message: dict[str, Any], place: str, says: str) -> None:
    assert fault(MessageBody, message) == (place, says)


@pytest.mark.parametrize(
    ("fields", "place", "says"),
    [
        ({"n": 2}, "n", "Input should be 1"),
        ({"temperature": 2.5}, "temperature", "Input should be less than or equal to 2"),
        ({"top_p": -0.1}, "top_p", "Input should be greater than or equal to 0"),
        ({"passages": 51}, "passages", "Input should be less than or equal to 50"),
        ({"max_tokens": 0}, "max_tokens", "Input should be greater than or equal to 1"),
        ({"messages": []}, "messages", "List should have at least 1 item after validation, not 0"),
    ],
)
def test_fields_outside_their_bounds_are_refused(fields: dict[str, Any], place: str, says: str) -> None:
    assert fault(ChatCompletionBody, {"messages": ASKED, **fields}) == (place, says)


@pytest.mark.parametrize("name", ["../other", "a/b", ".hidden", "a b", "x" * 65])
def test_a_collection_is_no_path(name: str) -> None:
    assert fault(ChatCompletionBody, {"messages": ASKED, "collection": name})[0] == "collection"
    assert fault(SearchBody, {"query": "x", "collection": name})[0] == "collection"


def test_unknown_fields_with_a_value_are_named_and_harmless_ones_are_not() -> None:
    body = chat(user="ann", metadata={"a": 1}, zeta=1, logit_bias={}, presence_penalty=0, alpha="x")
    assert body.ignored_fields() == ["alpha", "zeta"]
    assert chat().ignored_fields() == []


@pytest.mark.parametrize(
    ("fields", "controls"),
    [
        ({}, {}),
        ({"seed": -1}, {}),
        ({"seed": 2**31 + 5}, {"seed": 5}),
        ({"seed": 0}, {"seed": 0}),
        ({"max_tokens": 200_000}, {"max_tokens": 100_000}),
        ({"max_tokens": 9, "max_completion_tokens": 7}, {"max_tokens": 7}),
        ({"stop": "END"}, {"stop": ("END",)}),
        ({"stop": ["a", "b"]}, {"stop": ("a", "b")}),
        ({"stop": []}, {}),
        ({"temperature": 0, "top_p": 0.5, "top_k": 3}, {"temperature": 0, "top_p": 0.5, "top_k": 3}),
    ],
)
def test_sampling_is_taken_as_given_within_limits(fields: dict[str, Any], controls: dict[str, Any]) -> None:
    request = chat(**fields).request()
    assert request.controls == SamplingControls(**controls)
    assert request.controls.given() == controls


def test_a_request_is_what_the_service_takes() -> None:
    called = {"role": "assistant", "content": None, "tool_calls": []}
    body = chat(
        messages=[called, {"role": "user", "content": ""}, *ASKED], collection="club", passages=3, docs=["a.pdf"]
    )
    request = body.request()
    assert [(message.role, message.text) for message in request.conversation] == [
        ("user", ""),
        ("user", "How long is it?"),
    ]
    assert (request.model, request.from_documents) == ("base+rag", True)
    assert (request.collection, request.passages, list(request.docs)) == ("club", 3, ["a.pdf"])
    assert not chat(model="base").request().from_documents


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_seed_fits_a_signed_number_of_32_bits(seed: int) -> None:
    kept = chat(seed=seed).request().controls.seed
    assert (kept is None) == (seed < 0)
    assert kept is None or 0 <= kept < 2**31


def test_texts_to_embed_are_strings() -> None:
    assert EmbeddingsBody.model_validate({"model": "m", "input": "one"}).input == ["one"]
    assert EmbeddingsBody.model_validate({"model": "m", "input": ["one", "two"]}).input == ["one", "two"]
    assert fault(EmbeddingsBody, {"model": "m", "input": []})[0] == "input"
    assert fault(EmbeddingsBody, {"model": "m", "input": ["x"] * 2049})[0] == "input"
    assert fault(EmbeddingsBody, {"model": "m", "input": [""]})[0].startswith("input")


def test_a_search_needs_a_query_and_pages_count_from_nought() -> None:
    body = SearchBody.model_validate({"query": "fee", "pages": [0, 3]})
    assert (body.k, body.pages, body.docs) == (8, [0, 3], [])
    assert fault(SearchBody, {"query": " \n"})[0] == "query"
    assert fault(SearchBody, {"query": "x", "pages": [-1]})[0] == "pages.0"
    assert fault(SearchBody, {"query": "x", "k": 201})[0] == "k"
    assert fault(SearchBody, {"query": "x", "k": 0})[0] == "k"


def test_a_judgement_is_up_or_down() -> None:
    given_body = {"question": "q", "answer": "a", "rating": "up"}
    assert FeedbackBody.model_validate(given_body).model_dump() == {
        **given_body,
        "correction": "",
        "model": "",
        "citations": [],
        "collection": "",
        "context": "",
        "withdrawn": False,
    }
    assert fault(FeedbackBody, {**given_body, "rating": "5"})[0] == "rating"
    assert fault(FeedbackBody, {**given_body, "answer": " "})[0] == "answer"


def test_calls_results_and_refusals_reach_a_model_as_text() -> None:
    calls = [
        {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
        {"id": "2", "type": "custom", "custom": {"name": "grep", "input": "tide"}},
    ]
    history = [
        *ASKED,
        {"role": "assistant", "content": "I look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "2", "content": None},
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "16"}]},
        {"role": "assistant", "content": None, "refusal": "I may not."},
        {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "1"}},
        *ASKED,
    ]
    texts = [message.text for message in chat(model="smollm2", messages=history).request().conversation]
    assert texts[1:-1] == [
        "I look.\nlook({})\ngrep(tide)",
        "Result of grep:\n",
        "Result of look:\n16",
        "I may not.",
        "old(1)",
    ]
    from_documents = chat(messages=history).request().conversation
    assert [message.text for message in from_documents][1:-1] == ["I look.", "I may not."]
