"""Ollama's API as its own client drives it."""

from __future__ import annotations

from collections.abc import Iterator

import ollama
import pytest

from tests.serve.conftest import ANSWER, QUESTION, Running

ASKED = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def client(server: Running) -> Iterator[ollama.Client]:
    made = ollama.Client(host=server.url, trust_env=False, timeout=120)
    yield made
    made._client.close()


def test_models_are_listed_and_shown(client: ollama.Client) -> None:
    names = [model.model for model in client.list().models]
    assert names[:2] == ["base", "base+rag"]
    assert client.show("base+rag").capabilities == ["completion"]
    assert client.show("base+rag:latest").details.family == "documents"
    with pytest.raises(ollama.ResponseError, match="unknown model 'none'; use one of base"):
        client.show("none")


@pytest.mark.parametrize("model", ["base+rag", "base+rag:latest"])
def test_a_conversation_is_answered_whole_and_as_a_stream(client: ollama.Client, model: str) -> None:
    whole = client.chat(model, ASKED)
    assert ANSWER in whole.message.content and whole.done and whole.done_reason == "stop"
    assert whole.eval_count > 0
    parts = list(client.chat(model, ASKED, stream=True))
    assert ANSWER in "".join(part.message.content for part in parts)
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]


def test_a_prompt_is_answered_and_cut(client: ollama.Client) -> None:
    assert ANSWER in client.generate("base+rag", QUESTION, system="Be brief.").response
    cut = client.generate("base+rag", QUESTION, options={"num_predict": 2, "num_ctx": 4096, "seed": -1})
    assert (cut.response, cut.done_reason) == ("16 weeks", "length")
    assert client.generate("base+rag").done_reason == "load"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "none"}, "unknown model"),
        ({"messages": [{**ASKED[0], "images": ["AA=="]}]}, "images are not supported"),
        ({"options": {"temperature": 9}}, "options.temperature must be from 0 to 2"),
        ({"format": "json"}, "never JSON"),
    ],
)
def test_errors_are_ollamas(client: ollama.Client, fields: dict, message: str) -> None:
    with pytest.raises(ollama.ResponseError, match=message):
        client.chat(**{"model": "base+rag", "messages": ASKED, **fields})


def test_what_has_no_effect_is_named_and_other_paths_are_refused_in_words(server: Running) -> None:
    body = {"model": "base+rag", "messages": ASKED, "stream": False, "options": {"mirostat": 1, "temperature": 0.5}}
    with server.client() as plain:
        assert plain.post("/api/chat", json=body).headers["x-kb-ignored"] == "options.mirostat, temperature"
        response = plain.post("/api/pull", json={"model": "x"})
    assert (response.status_code, response.json()["error"]) == (
        404,
        "/api/pull is not supported here: models are listed, shown and asked",
    )


def test_texts_are_embedded(client: ollama.Client) -> None:
    vectors = client.embed("minilm", ["a tide gauge", "x"]).embeddings
    assert [len(vector) for vector in vectors] == [384, 384]


@pytest.mark.weights
def test_a_model_keeps_to_a_format(client: ollama.Client) -> None:
    schema = {"type": "object", "properties": {"metres": {"type": "integer"}}, "required": ["metres"]}
    reply = client.generate("smollm2", "How high is the tide?", format=schema, options={"num_predict": 30})
    assert reply.response.lstrip().startswith("{")
