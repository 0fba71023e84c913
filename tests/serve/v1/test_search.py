"""Judgements of answers are kept with who gave them, replaced and withdrawn; vectors come as numbers or as bytes."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files import Home
from core.settings import Settings
from serve.service import Service
from serve.v1.search import keep_feedback
from tests.serve.conftest import Running

SAID: dict[str, Any] = {
    "question": "How long is a tour?",
    "answer": "A year.",
    "correction": "16 weeks.",
    "model": "base+rag",
    "citations": [],
    "collection": "",
    "context": "",
}


def kept(service: Service) -> list[dict[str, Any]]:
    path = service.home.root / "feedback.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


async def test_a_later_judgement_replaces_an_earlier_one_and_can_be_withdrawn(
    tmp_path: Path, weights: Path, settings: Settings
) -> None:
    (tmp_path / "models").symlink_to(weights)
    with closing(Service(settings, Home(tmp_path))) as service:
        await _judged(service)


async def _judged(service: Service) -> None:
    first = await keep_feedback(service, "ann", **SAID, rating="down")
    second = await keep_feedback(service, "ann", **SAID, rating="up")
    assert first.id != second.id and first.id.startswith("fb-")
    assert [(entry["id"], entry["rating"]) for entry in kept(service)] == [(second.id, "up")]
    other = await keep_feedback(service, "ann", **{**SAID, "answer": "Two years."}, rating="down")
    await keep_feedback(service, "ann", **SAID, rating="up", withdrawn=True)
    assert [entry["id"] for entry in kept(service)] == [other.id]


@pytest.mark.weights
def test_bytes_of_vectors_are_the_numbers(server: Running) -> None:
    body = {"model": "base+rag", "input": ["a tide gauge"], "input_type": "query"}
    with server.client() as client:
        numbers = client.post("/v1/embeddings", json=body).json()
        packed = client.post("/v1/embeddings", json={**body, "encoding_format": "base64"}).json()
        document = client.post("/v1/embeddings", json={**body, "input_type": "document"}).json()
    vector = np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), "<f4")
    np.testing.assert_allclose(vector, numbers["data"][0]["embedding"], rtol=1e-6)
    assert len(document["data"][0]["embedding"]) == len(vector) == 384
    assert numbers["model"] == "base+rag" and numbers["usage"]["total_tokens"] > 0


@pytest.mark.weights
def test_an_older_completion_streams_its_prompt_first_and_its_usage_last(server: Running) -> None:
    body = {"model": "base+rag", "prompt": "How long does a tour of duty last?", "stream": True, "echo": True}
    with server.client() as client:
        response = client.post("/v1/completions", json={**body, "stream_options": {"include_usage": True}})
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    first, *_, end, usage = [json.loads(line) for line in lines[:-1]]
    assert first["choices"][0]["text"] == body["prompt"]
    assert end["choices"][0]["finish_reason"] == "stop" and end["ground"] == "cited"
    assert usage["choices"] == [] and usage["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("request_fields", "status", "param"),
    [
        ({"json": {"url": "https://a.example"}}, 415, None),
        ({"files": {"url": (None, "https://a.example"), "collection": (None, "../x")}}, 400, "collection"),
        ({"files": {"file": (None, "text")}}, 400, "file"),
        ({"files": {"collection": (None, "club")}}, 400, "file"),
    ],
)
@pytest.mark.weights
def test_a_form_that_holds_no_document_is_refused_and_leaves_nothing(
    server: Running, request_fields: dict[str, Any], status: int, param: str | None
) -> None:
    uploads = server.home.root / "serve" / "uploads"
    before = set(uploads.glob("*"))  # of other tests on this server
    with server.client() as client:
        response = client.post("/v1/documents", **request_fields)
    assert (response.status_code, response.json()["error"].get("param")) == (status, param)
    assert set(uploads.glob("*")) <= before
