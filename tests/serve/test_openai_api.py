"""The API as OpenAI's own client and LangChain's drive it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Literal

import numpy as np
import openai
import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

from serve.answers.answering import AnswerRequest
from serve.answers.history import ChatMessage
from serve.answers.models import WITH_DOCUMENTS
from serve.v1.content import _encoding
from serve.v1.schemas import ChatCompletionBody
from tests.serve.conftest import ANSWER, QUESTION, Running

ASKED = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def client(server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0, timeout=120) as made:
        yield made


def test_models_are_listed_with_and_without_documents(client: openai.OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert ids[:2] == ["base", "base+rag"]
    assert {id_ + WITH_DOCUMENTS for id_ in ids if not id_.endswith(WITH_DOCUMENTS)} <= set(ids)
    assert client.models.retrieve("base+rag").id == "base+rag"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gguf:/etc/passwd")


def test_an_answer_carries_sources_that_stand_at_their_place(client: openai.OpenAI, server: Running) -> None:
    done = client.chat.completions.create(model="base+rag", messages=ASKED)
    assert done.object == "chat.completion" and done.choices[0].finish_reason == "stop"
    assert ANSWER in done.choices[0].message.content
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
    sources = done.model_extra["sources"]
    assert done.model_extra["ground"] == "cited" and sources
    short, confidence = done.model_extra["short_answer"], done.model_extra["confidence"]
    assert short == ANSWER and 0 <= confidence <= 1
    for source in sources:
        with server.client() as plain:
            page = plain.get(f"/v1/documents/{source['sha256']}/pages/{source['page']}").json()
        assert page["text"][source["start"] : source["end"]] == source["quote"]


def test_a_stream_is_as_openai_streams(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="base+rag", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant" and not chunks[0].choices[0].delta.content
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert ANSWER in text
    ends = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert len(ends) == 1 and ends[0].choices[0].finish_reason == "stop"
    assert ends[0].model_extra["ground"] == "cited" and ends[0].model_extra["sources"]
    assert ends[0].model_extra["short_answer"] == ANSWER
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_ends_with_done_and_without_usage_unless_asked(server: Running) -> None:
    body = {"model": "base+rag", "messages": ASKED, "stream": True}
    with server.client() as plain, plain.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert not any("usage" in event for event in events)
    assert all(event["choices"] for event in events)


def test_what_the_documents_do_not_say_is_said_to_be_so(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "What is the boiling point of tungsten?"}]
    done = client.chat.completions.create(model="base+rag", messages=asked)
    assert done.model_extra["ground"] == "abstained" and done.model_extra["sources"] == []


def test_a_follow_up_is_understood_from_the_conversation(client: openai.OpenAI) -> None:
    said = [*ASKED, {"role": "assistant", "content": "16 weeks."}]
    asked = [*said, {"role": "user", "content": "And how long ashore follows it?"}]
    done = client.chat.completions.create(model="base+rag", messages=asked)
    assert done.model_extra["ground"] in {"cited", "abstained"}


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"model": "none", "messages": ASKED}, openai.NotFoundError),
        ({"model": "gguf:/etc/passwd", "messages": ASKED}, openai.NotFoundError),
        ({"model": "openai:x@http://127.0.0.1:1", "messages": ASKED}, openai.NotFoundError),
        ({"model": "base+rag", "messages": []}, openai.BadRequestError),
        ({"model": "base+rag", "messages": [{"role": "assistant", "content": "x"}]}, openai.BadRequestError),
        ({"model": "base+rag", "messages": [{"role": "user", "content": "  "}]}, openai.BadRequestError),
        ({"model": "base+rag", "messages": ASKED, "n": 2}, openai.BadRequestError),
        ({"model": "base+rag", "messages": ASKED, "temperature": 3}, openai.BadRequestError),
        ({"model": "base+rag", "messages": ASKED, "extra_body": {"collection": "none"}}, openai.NotFoundError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_openais(
    client: openai.OpenAI, kwargs: dict, error: type[openai.APIStatusError], stream: bool
) -> None:
    with pytest.raises(error) as caught:
        list(client.chat.completions.create(**kwargs, stream=stream))
    assert caught.value.body["message"] and caught.value.body["type"]


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_are_unit_vectors(client: openai.OpenAI, encoding: str) -> None:
    done = client.embeddings.create(model="minilm", input=["a tide gauge", "a pay slip"], encoding_format=encoding)
    assert [each.index for each in done.data] == [0, 1]
    vectors = [
        np.frombuffer(__import__("base64").b64decode(each.embedding), "<f4")
        if isinstance(each.embedding, str)
        else np.array(each.embedding)
        for each in done.data
    ]
    assert all(abs(float(np.linalg.norm(vector)) - 1) < 1e-3 for vector in vectors)
    assert done.usage.total_tokens > 0
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-none", input="x")


def test_langchain_asks_and_streams(server: Running) -> None:
    chat = ChatOpenAI(base_url=f"{server.url}/v1", api_key="any", model="base+rag", max_retries=0)
    assert ANSWER in chat.invoke(QUESTION).text
    chunks = list(chat.stream(QUESTION, stream_usage=True))
    assert ANSWER in "".join(chunk.text for chunk in chunks)
    assert any(chunk.usage_metadata for chunk in chunks)


def test_langchain_embeds_with_its_defaults(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    # It cuts texts into tokens of OpenAI's vocabulary, which its own tokenizer would download.
    monkeypatch.setattr("tiktoken.get_encoding", lambda _: _encoding())
    embeddings = OpenAIEmbeddings(base_url=f"{server.url}/v1", api_key="any", model="minilm")
    by_text = OpenAIEmbeddings(
        base_url=f"{server.url}/v1", api_key="any", model="minilm", check_embedding_ctx_length=False
    )
    assert embeddings.embed_documents(["a tide gauge", "x"])[0] == by_text.embed_query("a tide gauge")


def test_the_older_format_answers_and_streams(client: openai.OpenAI) -> None:
    done = client.completions.create(model="base+rag", prompt=QUESTION, echo=True)
    assert done.choices[0].text.startswith(QUESTION) and ANSWER in done.choices[0].text
    assert done.usage.total_tokens > 0
    chunks = list(client.completions.create(model="base+rag", prompt=[QUESTION], stream=True))
    assert ANSWER in "".join(chunk.choices[0].text for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    with pytest.raises(openai.NotFoundError):
        client.completions.create(model="none", prompt=QUESTION)


def test_responses_answer_with_links_to_pages(client: openai.OpenAI) -> None:
    done = client.responses.create(model="base+rag", input=QUESTION, store=False)
    assert done.status == "completed" and ANSWER in done.output_text
    link = done.output[0].content[0].annotations[0]
    assert link.type == "url_citation" and "/image?start=" in link.url
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens > 0
    said = [{"role": "user", "content": [{"type": "input_text", "text": QUESTION}]}]
    assert ANSWER in client.responses.create(model="base+rag", input=said).output_text
    cut = client.responses.create(model="base+rag", input=QUESTION, max_output_tokens=2)
    assert (cut.status, cut.incomplete_details.reason, cut.output_text) == (
        "incomplete",
        "max_output_tokens",
        "16 weeks",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"previous_response_id": "resp_1"},
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]},
        {"input": [{"type": "item_reference", "id": "x"}]},
        {"input": []},
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}},
    ],
)
def test_responses_that_cannot_be_made_are_refused(client: openai.OpenAI, fields: dict) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{"model": "base+rag", "input": QUESTION, **fields})
    assert "constrained" not in caught.value.message


def test_responses_stream_as_openai_streams(client: openai.OpenAI) -> None:
    with client.responses.stream(model="base+rag", input=QUESTION) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert "response.output_text.delta" in kinds
    assert ANSWER in final.output_text and final.output[0].content[0].annotations


def test_langchain_offers_tools_to_a_model_that_calls_none(server: Running) -> None:
    chat = ChatOpenAI(base_url=f"{server.url}/v1", api_key="any", model="base+rag", max_retries=0)
    reply = chat.bind_tools([Tide]).invoke(QUESTION)
    assert ANSWER in reply.text and not reply.tool_calls


class Tide(BaseModel):
    """Height of the tide."""

    place: Literal["harbour", "bridge"]
    metres: int = Field(ge=0, le=9)


@pytest.mark.weights
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_langchain_gets_structured_output(server: Running, method: str) -> None:
    chat = ChatOpenAI(base_url=f"{server.url}/v1", api_key="any", model="smollm2", max_retries=0, max_tokens=60)
    reply = chat.with_structured_output(Tide, method=method).invoke("The tide at the harbour is 3 metres.")
    assert isinstance(reply, Tide)


@pytest.mark.weights
def test_a_conversation_longer_than_the_context_loses_its_oldest_turns(server: Running) -> None:
    turn = [{"role": "user", "content": "tide " * 900}, {"role": "assistant", "content": "Yes."}]
    messages = [*turn * 12, {"role": "user", "content": "Say hello."}]
    body = ChatCompletionBody.model_validate({"model": "smollm2", "messages": messages})
    prepared = asyncio.run(server.service.prepared(body.request()))  # reading 8,192 tokens would take long
    assert 0 < prepared.n_dropped < len(messages) and prepared.n_dropped % 2 == 0
    assert prepared.request.conversation[-1].text == "Say hello."


@pytest.mark.weights
def test_a_model_that_writes_streams_and_keeps_to_its_limit(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="smollm2", messages=[{"role": "user", "content": "Count to fifty."}], max_tokens=8, stream=True
    )
    chunks = list(stream)
    assert chunks[-1].choices[0].finish_reason == "length"
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 1


@pytest.mark.weights
async def test_controls_reach_the_model_that_honours_them(server: Running) -> None:
    assert await server.service.controls("extractive") == frozenset()
    assert "repetition_penalty" in await server.service.controls("smollm2")


async def test_a_request_of_the_service_says_which_lane_it_takes(server: Running) -> None:
    reply = await server.service.reply(AnswerRequest(conversation=[ChatMessage(role="user", text=QUESTION)]))
    assert reply.ground == "cited" and reply.sources()[0]["doc"] == "handbook.pdf"
