"""Ollama's API as its own client drives it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import ollama
import pytest

from core.errors import KbError
from serve.ollama_api import OllamaChatBody, OllamaGenerateBody, OllamaMessage
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


def test_any_content_type_is_json_as_with_curl(server: Running) -> None:
    body = json.dumps({"model": "extractive", "prompt": "x", "stream": False})
    with server.client() as plain:
        for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}):
            assert plain.post("/api/generate", content=body, headers=headers).json()["done"]


@pytest.mark.parametrize(
    ("path", "fields", "message"),
    [
        (
            "/api/chat",
            {"messages": ASKED, "format": "yaml"},
            "format: unknown format 'yaml'; use json, or a JSON schema",
        ),
        ("/api/chat", {"messages": ASKED, "format": {"type": "text"}}, "cannot be used: type: 'text'"),
        ("/api/chat", {"messages": [*ASKED, {"role": "tool", "content": "x"}]}, "results of tools are not read"),
        ("/api/embed", {"model": "minilm", "input": "x " * 600, "truncate": False}, "longer than the 256 tokens"),
        ("/api/embed", {"model": "minilm", "input": "x", "dimensions": 64}, "vectors of 384 numbers only"),
    ],
)
def test_what_would_change_the_result_is_refused(server: Running, path: str, fields: dict, message: str) -> None:
    with server.client() as plain:
        response = plain.post(path, json={"model": "base+rag", "stream": False, **fields})
    assert response.status_code == 400 and message in response.json()["error"]


def test_texts_are_embedded(client: ollama.Client) -> None:
    vectors = client.embed("minilm", ["a tide gauge", "x"]).embeddings
    assert [len(vector) for vector in vectors] == [384, 384]


@pytest.mark.weights
def test_a_model_keeps_to_a_format(client: ollama.Client) -> None:
    schema = {"type": "object", "properties": {"metres": {"type": "integer"}}, "required": ["metres"]}
    reply = client.generate("smollm2", "How high is the tide?", format=schema, options={"num_predict": 30})
    assert reply.response.lstrip().startswith("{")


@pytest.mark.parametrize(
    ("name", "id_"), [("base", "base"), ("base:latest", "base"), ("ollama:x:latest", "ollama:x:latest")]
)
def test_a_tag_that_clients_add_is_no_part_of_a_name(name: str, id_: str) -> None:
    assert OllamaChatBody.model_validate({"model": name}).model == id_


@pytest.mark.parametrize(
    ("options", "controls", "ignored"),
    [
        ({}, {}, []),
        ({"temperature": 0, "top_p": 0.5, "top_k": 3}, {"temperature": 0.0, "top_p": 0.5, "top_k": 3}, []),
        ({"repeat_penalty": 1.5, "num_predict": 7.9}, {"repetition_penalty": 1.5, "max_tokens": 7}, []),
        ({"num_predict": -1, "seed": -1}, {}, []),  # no limit, any seed
        ({"seed": 0, "stop": "END"}, {"seed": 0, "stop": ("END",)}, []),
        ({"stop": ["a", ""]}, {"stop": ("a",)}, []),
        ({"stop": [], "temperature": None}, {}, []),
        ({"num_ctx": 4096, "mirostat": 0}, {}, ["options.num_ctx", "options.mirostat"]),
    ],
)
def test_options_are_taken_under_our_names(
    options: dict[str, Any], controls: dict[str, Any], ignored: list[str]
) -> None:
    found, unknown = OllamaChatBody.model_validate({"model": "m", "options": options}).controls()
    assert (found.given(), unknown) == (controls, ignored)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": "warm"}, "options.temperature must be a number"),
        ({"top_k": True}, "options.top_k must be a number"),
        ({"top_p": 0}, "options.top_p must be from 0.0001 to 1"),
        ({"repeat_penalty": 0.5}, "options.repeat_penalty must be from 1 to 2"),
        ({"temperature": float("nan")}, "options.temperature must be from 0 to 2"),
        ({"seed": 2**31}, "options.seed must be from"),
        ({"stop": [1]}, "options.stop must be a text or a list of texts"),
        ({"stop": {"a": 1}}, "options.stop must be a text or a list of texts"),
    ],
)
def test_options_out_of_range_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(KbError, match=message):
        OllamaGenerateBody.model_validate({"model": "m", "options": options}).controls()


@pytest.mark.parametrize(
    ("given_format", "schema"),
    [(None, None), ("", None), ("json", {"type": "object"}), ({"type": "string"}, {"type": "string"})],
)
def test_a_format_is_a_schema(given_format: Any, schema: Any) -> None:
    assert OllamaChatBody.model_validate({"model": "m", "format": given_format}).json_schema() == schema


def test_fields_beside_ollamas_are_named_where_they_say_something() -> None:
    body = {"model": "m", "keep_alive": 5, "think": True, "template": "x", "raw": False}
    assert OllamaGenerateBody.model_validate(body).controls()[1] == ["template"]


@pytest.mark.parametrize(
    ("message", "role", "text"),
    [
        ({"role": "user", "content": "q"}, "user", "q"),
        ({"role": "system", "content": "Be brief."}, "system", "Be brief."),
        ({"role": "tool", "content": "16", "tool_name": "look"}, "user", "Result of look:\n16"),
        (
            {"role": "assistant", "content": "a", "tool_calls": [{"function": {"name": "look"}}]},
            "assistant",
            "a\nlook()",
        ),
        ({"role": "user", "content": None}, "user", ""),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "look", "arguments": {"a": 1}}}]},
            "assistant",
            'look({"a": 1})',
        ),
        ({"role": "assistant"}, "assistant", ""),
    ],
)
def test_messages_become_texts(message: dict[str, Any], role: str, text: str) -> None:
    made = OllamaMessage.model_validate(message).message()
    assert (made.role, made.text) == (role, text)
