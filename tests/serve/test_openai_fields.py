"""Fields that OpenAI's clients send: honoured, refused with a plain message, or named in `x-kb-ignored`."""

from __future__ import annotations

import pytest

from tests.serve.conftest import ANSWER, QUESTION, Running

ASKED = [{"role": "user", "content": QUESTION}]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def _complete(server: Running, **fields: object) -> tuple[int, dict, str]:
    with server.client() as client:
        response = client.post("/v1/chat/completions", json={"model": "base+rag", "messages": ASKED, **fields})
    return response.status_code, response.json(), response.headers.get("x-kb-ignored", "")


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"tools": [TOOL]}, "tools", "tool calls are not supported"),
        ({"functions": [TOOL["function"]]}, "functions", "tool calls are not supported"),
        ({"response_format": {"type": "json_object"}}, "response_format", "only the format 'text' is supported"),
        ({"messages": [{"role": "tool", "content": "x"}, *ASKED]}, "messages.0.role", "tool calls are not supported"),
        (
            {"messages": [{"role": "user", "content": [IMAGE]}]},
            "messages.0.content",
            "only parts of type 'text' are supported, not 'image_url'",
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
        {"messages": [*ASKED, {"role": "assistant", "content": None, "tool_calls": []}, *ASKED]},
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
        server, messages=[system, *ASKED], presence_penalty=0.5, max_tokens=200_000, seed=-1, stop="x"
    )
    assert status == 200
    assert ignored == "presence_penalty, max_tokens, stop, messages.system"
    body = {"model": "base+rag", "messages": ASKED, "stream": True, "temperature": 0.5}
    with server.client() as client, client.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.headers["x-kb-ignored"] == "temperature"


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"input": [1, 2]}, "input"), ({"input": [[1], [2]]}, "input"), ({"input": "x", "dimensions": 64}, "dimensions")],
)
def test_embeddings_that_cannot_be_made_are_refused(server: Running, fields: dict, param: str) -> None:
    with server.client() as client:
        response = client.post("/v1/embeddings", json={"model": "minilm", **fields})
        made = client.post("/v1/embeddings", json={"model": "minilm", "input": "x", "dimensions": 384})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert "constrained" not in response.text
    assert made.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/completions", 404, "not_found"),
        ("POST", "/v1/responses", 404, "not_found"),
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
