"""The button "Why?": an answer on the page is asked again, and its statements come back labelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from core.files import Home
from core.reading.passages import Passage
from core.settings import Settings
from serve.app import create_app
from serve.service import Service
from serve.ui.why import why_routes
from tests.serve.conftest import QUESTION
from tests.support.chats import Parrot

pytestmark = pytest.mark.weights
KNOWN = "A tour of duty lasts 16 weeks."


def remembers(passages: Sequence[Passage]) -> str:
    """Cite the passage that says so, and say it whatever is shown."""
    holders = [passage for passage in passages if "tour of duty lasts" in passage.text]
    return f"{KNOWN} [[{holders[0].key}]]" if holders else KNOWN


@dataclass(frozen=True, slots=True)
class Page:
    """The route of the page over the API, without the page."""

    client: TestClient
    service: Service

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self.client.post(path, json=body)


@pytest.fixture(scope="module")
def page(stocked: Home, settings: Settings) -> Iterator[Page]:
    app = create_app(settings, stocked, parts=("api",))
    app.include_router(why_routes(app.state.service), prefix="/page")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield Page(client, app.state.service)


def answered(page: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a request and what `/page/why` takes."""
    body = {"model": "base+rag", "messages": [{"role": "user", "content": QUESTION}]}
    answer = page.post("/v1/chat/completions", body).raise_for_status().json()
    text = answer["choices"][0]["message"]["content"]
    return body, {**body, "answer": text, "statements": answer["statements"], "sources": answer["sources"]}


def test_quotes_are_read(page: Page) -> None:
    _, body = answered(page)
    statements = page.post("/page/why", body).raise_for_status().json()["statements"]
    assert [statement["text"] for statement in statements] == [statement["text"] for statement in body["statements"]]
    assert {statement["why"]["label"] for statement in statements if "why" in statement} == {"read"}


def test_a_model_that_remembers_is_told_from_one_that_reads(page: Page) -> None:
    opened = page.service.models._opened
    before = dict(opened)
    spec = page.service.models.open(page.service.models.find("base"))[0]
    chat = Parrot(reply=remembers, seen=[])
    opened[spec] = chat
    try:
        body = {
            "model": "base+rag",
            "messages": [{"role": "user", "content": QUESTION}],
            "passages": 4,
            "docs": ["handbook.pdf"],
        }
        answer = page.post("/v1/chat/completions", body).raise_for_status().json()
        assert answer["ground"] == "cited"
        asked = {**body, "answer": KNOWN, "statements": answer["statements"], "sources": answer["sources"]}
        (statement,) = page.post("/page/why", asked).raise_for_status().json()["statements"]
    finally:
        opened.clear()
        opened.update(before)
    assert statement["why"]["label"] == "remembered"
    assert statement["why"]["without"] == statement["why"]["contradicted"] == KNOWN
    assert len(chat.seen) == 3 and "16 weeks" not in chat.seen[1].partition("Question:")[0] + chat.seen[2]


@pytest.mark.parametrize(
    "fault",
    [
        {"model": "base"},
        {"statements": []},
        {"statements": [{"text": "x", "citations": [99]}]},
        {"messages": [{"role": "user", "content": " "}]},
        {"sources": [{"doc": "a"}]},
    ],
)
def test_what_is_no_answer_is_refused(page: Page, fault: dict[str, Any]) -> None:
    _, body = answered(page)
    done = page.post("/page/why", {**body, **fault})
    assert done.status_code in (400, 422) and done.json()["error"]["message"]
