"""The API as OpenAI's own client and LangChain's drive it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import openai
import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from serve.answers.answering import AnswerRequest, ChatMessage
from serve.answers.models import WITH_DOCUMENTS
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
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="minilm", input="word " * 5000)


def test_langchain_asks_and_streams(server: Running) -> None:
    chat = ChatOpenAI(base_url=f"{server.url}/v1", api_key="any", model="base+rag", max_retries=0)
    assert ANSWER in chat.invoke(QUESTION).text
    chunks = list(chat.stream(QUESTION, stream_usage=True))
    assert ANSWER in "".join(chunk.text for chunk in chunks)
    assert any(chunk.usage_metadata for chunk in chunks)


def test_langchain_embeds(server: Running) -> None:
    embeddings = OpenAIEmbeddings(
        base_url=f"{server.url}/v1", api_key="any", model="minilm", check_embedding_ctx_length=False
    )
    assert len(embeddings.embed_query("a tide gauge")) == 384


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
