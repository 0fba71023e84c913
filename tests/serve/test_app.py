"""The application's own routes: health, metrics, login and logout, errors, and which parts are mounted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.files import Home
from core.settings import ServeSettings, Settings
from serve.access.keys import KeyStore
from serve.access.sessions import COOKIE
from serve.app import create_app
from serve.run import drain


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def client(home: Home) -> Iterator[TestClient]:
    """The API alone, on this machine; nothing is loaded."""
    yield from _client(home, ServeSettings(requests_per_minute=0))


@pytest.fixture
def keyed(home: Home) -> Iterator[TestClient]:
    """The API alone, where others can reach it."""
    yield from _client(home, ServeSettings(requests_per_minute=0, hosts=["localhost"]))


def _client(home: Home, serve: ServeSettings) -> Iterator[TestClient]:
    app = create_app(Settings(serve=serve), home, parts=("api",))
    client = TestClient(app, base_url="http://localhost", follow_redirects=False)
    yield client
    client.close()
    app.state.service.close()


def test_health_says_whether_models_are_loaded(client: TestClient) -> None:
    app = client.app
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (503, {"status": "loading"})
    app.state.health.state = "ok"
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (200, {"status": "ok"})
    drain(app)
    assert client.get("/healthz").json() == {"status": "stopping"}


def test_metrics_name_routes_by_pattern(client: TestClient) -> None:
    client.get("/v1/documents/jobs/job-secret")
    text = client.get("/metrics").text
    assert 'route="/v1/documents/jobs/{job}"' in text and "job-secret" not in text


def test_a_browser_logs_in_with_a_key_and_out_again(keyed: TestClient, home: Home) -> None:
    secret = KeyStore(home).add("alice")
    asked = keyed.get("/v1/documents", headers={"accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/login")
    assert "Key" in keyed.get("/login").text
    # Under `no-referrer` browsers send forms with `Origin: null`, which is refused.
    assert keyed.get("/login").headers["referrer-policy"] == "same-origin"
    wrong = keyed.post("/login", data={"key": "kb-wrong"})
    assert wrong.status_code == 401 and "Unknown key." in wrong.text
    right = keyed.post("/login", data={"key": secret})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    cookie = right.headers["set-cookie"].lower()
    assert COOKIE in cookie and "httponly" in cookie and "samesite=strict" in cookie
    assert keyed.get("/v1/documents").status_code == 200
    assert keyed.post("/logout").headers["location"] == "/login"
    assert keyed.get("/v1/documents").status_code == 401


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        ({"query": ""}, "query", "query: String should have at least 1 character"),
        ({}, "query", "query: Field required"),
        ({"query": "x", "pages": [-1]}, "pages.0", "pages.0: Input should be greater than or equal to 0"),
    ],
)
def test_an_invalid_field_is_named(client: TestClient, body: dict, param: str, message: str) -> None:
    error = client.post("/v1/search", json=body).json()["error"]
    assert (error["param"], error["message"], error["code"]) == (param, message, "invalid_request")


@pytest.mark.parametrize("path", ["/chat/completions", "/models", "/responses", "/embeddings", "/completions"])
def test_a_base_address_without_its_prefix_is_put_right(client: TestClient, path: str) -> None:
    for response in (client.get(path), client.post(path, json={})):
        assert response.status_code == 404
        assert response.json()["error"]["message"] == f"unknown path {path}; use /v1{path}"


def test_the_prefix_alone_is_an_unknown_path(client: TestClient) -> None:
    assert client.get("/v1").json()["error"]["code"] == "not_found"


def test_parameters_that_a_route_does_not_take_are_named(client: TestClient) -> None:
    assert client.get("/v1/documents?collection=club&limit=3&after=x").headers["x-kb-ignored"] == "limit, after"
    assert "x-kb-ignored" not in client.get("/v1/documents?collection=club").headers
    failed = client.post("/v1/search?api-version=2", json={"query": "x", "filter": "y"})
    assert (failed.status_code, failed.headers["x-kb-ignored"]) == (404, "api-version, filter")


def test_an_error_of_ours_has_its_status(client: TestClient) -> None:
    response = client.post("/v1/search", json={"query": "x"})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    assert "ingested" in response.json()["error"]["message"]


def test_parts_that_are_not_named_are_not_there(client: TestClient) -> None:
    assert client.get("/").status_code == client.post("/mcp").status_code == 404


def test_the_description_of_the_api_names_its_paths(client: TestClient) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert {"/v1/chat/completions", "/v1/models", "/v1/search", "/v1/documents"} <= set(paths)
    assert not any("{path}" in path for path in paths)
