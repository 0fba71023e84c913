"""Fields that OpenAI's clients send: honoured, refused with a plain message, or named in `x-kb-ignored`."""

from __future__ import annotations

import json

import pytest

from tests.serve.conftest import ANSWER, QUESTION, Running

ASKED = [{"role": "user", "content": QUESTION}]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def _complete(server: Running, **fields: object) -> tuple[int, dict, str]:
    with server.client() as client:
        response = client.post("/v1/chat/completions", json={"model": "base+rag", "messages": ASKED, **fields})
    return response.status_code, response.json(), response.headers.get("x-kb-ignored", "")


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        (
            {"tools": [TOOL], "tool_choice": "required"},
            "response_format",
            "answers from the documents are quotes and sentences, never JSON; ask the model without +rag",
        ),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "none"}}},
            "tool_choice",
            "no tool 'none' among tools",
        ),
        (
            {"response_format": {"type": "json_object"}},
            "response_format",
            "answers from the documents are quotes and sentences, never JSON; ask the model without +rag",
        ),
        (
            {"model": "extractive", "response_format": JSON_SCHEMA},
            "response_format",
            "extractive cannot be held to JSON; use smollm2, a run exported to GGUF, or a model of Ollama",
        ),
        (
            {"response_format": {"type": "xml"}},
            "response_format",
            "unknown type 'xml'; use text, json_object or json_schema",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            "response_format",
            "json_schema.schema must be an object",
        ),
        (
            {"messages": [*ASKED, {"role": "tool", "content": "x", "tool_call_id": "1"}]},
            "messages.1.role",
            "results of tools are not read by models that answer from the documents; ask one without +rag",
        ),
        (
            {"messages": [{"role": "user", "content": [IMAGE]}]},
            "messages.0.content",
            "images are not supported, only text; add the picture as a document instead",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages.0.content",
            "only parts of type 'text' are supported, not 'input_audio'",
        ),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content", "Input should be a valid string"),
    ],
)
def test_what_would_change_the_answer_is_refused(server: Running, fields: dict, param: str, message: str) -> None:
    status, body, _ = _complete(server, **fields)
    assert status == 400
    assert (body["error"]["param"], body["error"]["message"]) == (param, f"{param}: {message}")


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [], "functions": None, "response_format": {"type": "text"}},
        {"user": "alice", "metadata": {"a": "b"}, "logit_bias": {}, "presence_penalty": 0},
        {"messages": [*ASKED, {"role": "assistant", "content": "16 weeks."}, *ASKED]},
        {"modalities": ["text"], "web_search_options": None, "logprobs": False},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]},
    ],
)
def test_what_changes_nothing_is_accepted_without_a_word(server: Running, fields: dict) -> None:
    status, body, ignored = _complete(server, **fields)
    assert (status, ignored) == (200, "")
    assert ANSWER in body["choices"][0]["message"]["content"]


def test_what_has_no_effect_is_named(server: Running) -> None:
    system = {"role": "system", "content": "Answer in French."}
    status, _, ignored = _complete(
        server, messages=[system, *ASKED], presence_penalty=0.5, max_tokens=200_000, seed=-1, tools=[TOOL]
    )
    assert status == 200
    assert ignored == "presence_penalty, tools, messages.system"
    body = {"model": "base+rag", "messages": ASKED, "stream": True, "temperature": 0.5}
    with server.client() as client, client.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.headers["x-kb-ignored"] == "temperature"


def test_earlier_calls_of_tools_are_left_out_of_answers_from_documents(server: Running) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    earlier = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "seen"},
        {"role": "assistant", "content": "Seen."},
    ]
    status, body, ignored = _complete(server, messages=[*earlier, *ASKED])
    assert (status, ignored) == (200, "messages.tool")
    assert ANSWER in body["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("fields", "text", "finish"),
    [({"stop": "weeks"}, "16 ", "stop"), ({"max_tokens": 2}, "16 weeks", "length"), ({"stop": ["none"]}, None, "stop")],
)
@pytest.mark.parametrize("stream", [False, True])
def test_stop_and_max_tokens_end_every_answer(
    server: Running, fields: dict, text: str | None, finish: str, stream: bool
) -> None:
    body = {"model": "base+rag", "messages": ASKED, "stream": stream, **fields}
    with server.client() as client:
        response = client.post("/v1/chat/completions", json=body)
    assert "x-kb-ignored" not in response.headers
    if stream:
        events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]
        shown = "".join(event["choices"][0]["delta"].get("content") or "" for event in events)
        assert events[-1]["choices"][0]["finish_reason"] == finish
    else:
        choice = response.json()["choices"][0]
        shown = choice["message"]["content"]
        assert choice["finish_reason"] == finish
        assert response.json()["usage"]["completion_tokens"] <= fields.get("max_tokens", 1000)
    assert shown.rstrip("\n") == text if text else ANSWER in shown


def test_citations_are_annotations_that_lead_to_the_page(server: Running) -> None:
    _, body, _ = _complete(server)
    message = body["choices"][0]["message"]
    link = message["annotations"][0]["url_citation"]
    assert message["annotations"][0]["type"] == "url_citation"
    assert message["content"][link["start_index"] : link["end_index"]] == body["sources"][0]["quote"]
    assert link["title"] == f"handbook.pdf, p. {body['sources'][0]['page'] + 1}"
    with server.client() as client:
        picture = client.get(link["url"])
    assert picture.headers["content-type"] == "image/png" and picture.content


@pytest.mark.parametrize(
    ("fields", "param"), [({"input": [10**8]}, "input"), ({"input": "x", "dimensions": 64}, "dimensions")]
)
def test_embeddings_that_cannot_be_made_are_refused(server: Running, fields: dict, param: str) -> None:
    with server.client() as client:
        response = client.post("/v1/embeddings", json={"model": "minilm", **fields})
        made = client.post("/v1/embeddings", json={"model": "minilm", "input": "x", "dimensions": 384})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert "constrained" not in response.text
    assert made.status_code == 200


def test_token_ids_are_the_text_that_they_spell(server: Running) -> None:
    ids = [64, 43038, 31990]  # of cl100k_base
    with server.client() as client:
        by_ids = client.post("/v1/embeddings", json={"model": "minilm", "input": [ids, ids]}).json()["data"]
        by_text = client.post("/v1/embeddings", json={"model": "minilm", "input": "a tide gauge"}).json()["data"]
    assert by_ids[0]["embedding"] == by_ids[1]["embedding"] == by_text[0]["embedding"]


def test_long_texts_are_embedded_in_parts(server: Running) -> None:
    long = "The tide gauge is read at six. " * 200
    with server.client() as client:
        response = client.post("/v1/embeddings", json={"model": "minilm", "input": ["short", long]})
    short, vector = (row["embedding"] for row in response.json()["data"])
    assert response.headers["x-kb-chunked"] == "1"
    assert sum(number**2 for number in vector) == pytest.approx(1, abs=1e-3)
    with server.client() as client:
        row = {"model": "minilm", "input": "The tide gauge is read at six."}
        one = client.post("/v1/embeddings", json=row).json()["data"][0]["embedding"]
    near, far = (sum(a * b for a, b in zip(other, vector, strict=True)) for other in (one, short))
    assert near > far + 0.2


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/files", 404, "not_found"),
        ("GET", "/v1/responses", 405, "method_not_allowed"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("DELETE", "/v1/search", 405, "method_not_allowed"),
        ("PUT", "/v1/documents/x", 405, "method_not_allowed"),
    ],
)
def test_unknown_paths_fail_as_openais_do(server: Running, method: str, path: str, status: int, code: str) -> None:
    with server.client() as client:
        response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert status != 405 or response.headers["allow"]


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"tool_choice": ["look"]}, "tool_choice", "Input should be a valid string"),
        ({"modalities": ["text", "audio"]}, "modalities", "only text is supported"),
        ({"functions": [{"name": "f"}], "function_call": {"name": "f"}}, "function_call", "use tools and tool_choice"),
        (
            {"messages": [{"role": "assistant", "audio": {"id": "a"}}, *ASKED]},
            "messages.0.audio",
            "send its transcript",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content", "must be a string"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content", "not None"),
        (
            {"tools": [{"type": "custom", "custom": {"name": "g"}}], "tool_choice": "required"},
            "tool_choice",
            "only tools of type 'function' can be called",
        ),
    ],
)
def test_other_forms_are_refused_in_words(server: Running, fields: dict, param: str, says: str) -> None:
    status, body, _ = _complete(server, **fields)
    assert (status, body["error"]["param"]) == (400, param)
    assert says in body["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({"model": "extractive", "docs": ["a"], "passages": 2, "collection": "c"}, "collection, docs, passages"),
        ({"store": True, "web_search_options": {}}, "store, web_search_options"),
        (
            {"messages": [{"role": "user", "content": QUESTION, "name": "ann", "images": ["x"]}]},
            "messages.images, messages.name",
        ),
        ({"messages": [{"role": "assistant", "content": "Hello."}, *ASKED]}, "messages.unpaired"),
        ({"messages": [{"role": "user", "content": "I sail."}, *ASKED]}, "messages.unpaired"),
        ({"größe\r\nx: y": 1}, "gr%C3%B6%C3%9Fe%0D%0Ax:%20y"),
    ],
)
def test_other_fields_without_effect_are_named(server: Running, fields: dict, ignored: str) -> None:
    status, _, header = _complete(server, **fields)
    assert (status, header) == (200, ignored)


def test_half_of_a_surrogate_pair_is_refused_by_every_route(server: Running) -> None:
    bodies = {
        "/v1/chat/completions": '{"messages": [{"role": "user", "content": "\\ud83d"}]}',
        "/v1/responses": '{"input": "\\ud83d"}',
        "/v1/search": '{"query": "x", "other": "\\ud83d"}',
        "/api/generate": '{"model": "base", "prompt": "\\ud83d"}',
    }
    with server.client(**{"content-type": "application/json"}) as client:
        for path, body in bodies.items():
            response = client.post(path, content=body)
            assert response.status_code == 400 and "not valid Unicode" in response.text, path


def test_an_empty_part_changes_nothing_and_the_least_top_p_is_taken(server: Running) -> None:
    parts = [{"type": "text", "text": ""}, {"type": "text", "text": QUESTION}]
    status, body, ignored = _complete(server, messages=[{"role": "user", "content": parts}], top_p=0, top_k=-1)
    assert (status, ignored) == (200, "top_k, top_p")
    assert ANSWER in body["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("path", "body", "ignored"),
    [
        ("/v1/search", {"query": "tour", "k": 1, "limit": 2}, "limit"),
        ("/v1/embeddings", {"model": "minilm", "input": "x", "truncate": "END", "encoding_format": None}, "truncate"),
        ("/v1/completions", {"model": "extractive", "prompt": "x", "logprobs": 0, "docs": ["a"]}, "logprobs, docs"),
        ("/v1/responses", {"model": "extractive", "input": "x", "text": {"verbosity": "low"}}, "text.verbosity"),
    ],
)
def test_every_route_names_what_has_no_effect(server: Running, path: str, body: dict, ignored: str) -> None:
    with server.client() as client:
        response = client.post(path, json=body)
    assert (response.status_code, response.headers["x-kb-ignored"]) == (200, ignored)


@pytest.mark.parametrize(
    ("page", "status", "says"),
    [
        ("13", 404, "handbook.pdf has pages 0 to 12, no page 13"),
        ("9" * 25, 400, "less than or equal"),
        ("-1", 400, "page"),
    ],
)
@pytest.mark.parametrize("suffix", ["", "/image"])
def test_a_page_that_is_not_there_is_counted_as_the_api_counts(
    server: Running, page: str, status: int, says: str, suffix: str
) -> None:
    with server.client() as client:
        response = client.get(f"/v1/documents/handbook.pdf/pages/{page}{suffix}")
    assert response.status_code == status and says in response.json()["error"]["message"]


@pytest.mark.weights
def test_a_schema_that_a_grammar_cannot_keep_is_checked_in_the_answer(server: Running) -> None:
    number = {"type": "integer", "minimum": 2, "maximum": 2, "multipleOf": 5}
    schema = {"type": "object", "properties": {"n": number}, "required": ["n"], "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    status, body, _ = _complete(server, model="smollm2", response_format=form, max_tokens=60)
    assert (status, body["error"]["code"]) == (422, "schema_not_kept")
    schema["properties"]["n"] = False  # sound, and no grammar can be made of it
    status, body, _ = _complete(server, model="smollm2", response_format=form, max_tokens=60)
    assert (status, body["error"]["param"]) == (400, "response_format")
