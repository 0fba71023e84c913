"""Host, Origin, keys, rate and size, at a real server's door."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import Home
from core.settings import ServeSettings, Settings
from serve.access.guard import keys_required
from serve.access.keys import KeyStore
from tests.serve.conftest import Running, running


def _settings(**serve: object) -> Settings:
    return Settings(serve=ServeSettings(**{"requests_per_minute": 0, **serve}))


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, weights) -> Iterator[tuple[Running, str]]:
    """A server that others can reach by name, and a key of it."""
    home = Home(tmp_path_factory.mktemp("keyed"))
    home.models.symlink_to(weights)
    secret = KeyStore(home).add("alice")
    with running(_settings(hosts=["kb.example"], origins=["https://app.example"]), home, ("api",)) as server:
        yield server, secret


@pytest.mark.parametrize(
    ("host", "needed"),
    [("127.0.0.1", False), ("localhost", False), ("::1", False), ("0.0.0.0", True), ("10.0.0.5", True), ("::", True)],
)
def test_keys_are_required_where_others_can_come(host: str, needed: bool) -> None:
    assert keys_required(ServeSettings(host=host)) is needed


def test_a_name_of_its_own_means_others_come_through_a_proxy() -> None:
    assert keys_required(ServeSettings(hosts=["kb.example"]))


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::1", "evil@localhost:x"]
)
def test_a_strange_host_is_refused(server: Running, host: str) -> None:
    with server.client() as client:
        found = client.get("/v1/documents", headers={"host": host})
    assert found.status_code in (400, 403)
    if found.status_code == 403:
        assert found.json()["error"]["code"] == "unknown_host"


@given(st.from_regex(r"[a-z0-9.-]{1,40}", fullmatch=True))
@settings(max_examples=25)
def test_only_names_of_this_machine_are_hosts(server: Running, host: str) -> None:
    with server.client() as client:
        found = client.get("/healthz", headers={"host": host})
    assert (found.status_code != 403) is (host in {"localhost", "127.0.0.1"})


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "file://"])
def test_another_site_cannot_drive_the_server(server: Running, origin: str) -> None:
    with server.client(origin=origin) as client:
        found = client.post("/v1/search", json={"query": "leave"})
    assert found.status_code == 403
    assert "access-control-allow-origin" not in found.headers


def test_the_own_page_may_call(server: Running) -> None:
    with server.client(origin=server.url) as client:
        assert client.post("/v1/search", json={"query": "leave"}).status_code == 200


def test_on_loopback_any_bearer_is_accepted(server: Running) -> None:
    with server.client(authorization="Bearer sk-anything") as client:
        assert client.get("/v1/models").status_code == 200


def test_without_a_key_nothing_but_health_and_login_opens(keyed: tuple[Running, str]) -> None:
    server, _ = keyed
    with server.client() as client:
        for path in ("/v1/models", "/v1/documents", "/metrics", "/", "/v1/openapi.json", "/nothing", "/v1/../metrics"):
            found = client.get(path)
            assert found.status_code == 401, path
            assert found.headers["www-authenticate"] == "Bearer"
        assert client.get("/v1/models", headers={"authorization": "Bearer kb-wrong"}).status_code == 401
        assert client.get("/healthz").status_code in (200, 503)
        assert client.get("/login").status_code == 200


def test_a_browser_without_a_key_is_shown_where_to_give_one(keyed: tuple[Running, str]) -> None:
    server, _ = keyed
    with server.client(accept="text/html,*/*;q=0.8") as client:
        found = client.get("/")
        assert (found.status_code, found.headers["location"]) == (303, "/login")
        assert "password" in client.get("/login").text


def test_a_key_opens_and_a_browser_logs_in(keyed: tuple[Running, str]) -> None:
    server, secret = keyed
    with server.client(authorization=f"Bearer {secret}") as client:
        assert client.get("/v1/models").status_code == 200
    with server.client() as client:
        assert client.post("/login", data={"key": "kb-wrong"}).status_code == 401
        found = client.post("/login", data={"key": secret})
        assert found.status_code == 303
        assert {"httponly", "samesite=strict"} <= {
            part.strip().lower() for part in found.headers["set-cookie"].split(";")
        }
        assert client.get("/v1/models").status_code == 200
        client.post("/logout")
        assert client.get("/v1/models").status_code == 401


def test_cors_is_for_listed_origins_alone(keyed: tuple[Running, str]) -> None:
    server, secret = keyed
    headers = "authorization, x-stainless-os, mcp-protocol-version"
    ask = {"access-control-request-method": "POST", "access-control-request-headers": headers}
    with server.client() as client:
        good = client.options("/v1/search", headers={"origin": "https://app.example", **ask})
        bad = client.options("/v1/search", headers={"origin": "https://evil.example", **ask})
        found = client.get("/v1/models", headers={"origin": "https://app.example", "authorization": f"Bearer {secret}"})
    assert good.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in bad.headers
    assert found.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-stainless-os" in good.headers["access-control-allow-headers"]
    assert "x-kb-ignored" in found.headers["access-control-expose-headers"]


def test_a_large_body_is_refused_declared_or_not(server: Running) -> None:
    with server.client() as client:
        declared = client.post("/v1/search", content=b"x" * (9 << 20), headers={"content-type": "application/json"})

        def parts() -> Iterator[bytes]:
            yield b'{"query": "'
            for _ in range(9):
                yield b"x" * (1 << 20)
            yield b'"}'

        try:
            streamed = client.post("/v1/search", content=parts(), headers={"content-type": "application/json"})
        except httpx.WriteError:  # refused while it was still being sent
            streamed = None
    assert declared.status_code == 413
    assert streamed is None or streamed.status_code == 413


@pytest.mark.parametrize("door", ["/v1/documents", "/page/documents"])
def test_uploads_of_the_api_and_of_the_page_may_be_larger_than_other_bodies(server: Running, door: str) -> None:
    with server.client() as client:
        response = client.post(door, content=b"x" * (9 << 20), headers={"content-type": "text/plain"})
    assert response.status_code != 413, response.text


def test_a_body_that_never_comes_ends(made_home: Home) -> None:
    with running(_settings(upload_timeout_s=0.5), made_home, ("api",)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as slow:
            slow.sendall(
                b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
            )
            with server.client() as client:  # nobody else waits for it
                assert client.get("/v1/documents").status_code == 200
            slow.settimeout(20)
            assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_too_many_requests_are_told_when_to_come_back(made_home: Home) -> None:
    with running(_settings(requests_per_minute=3), made_home, ("api",)) as server, server.client() as client:
        found = [client.get("/v1/documents") for _ in range(4)]
        assert client.get("/healthz").status_code in (200, 503)
    assert [each.status_code for each in found] == [200, 200, 200, 429]
    assert int(found[-1].headers["retry-after"]) >= 1
    assert found[-1].json()["error"]["type"] == "rate_limit_error"


def test_a_full_queue_is_told_when_to_come_back(made_home: Home) -> None:
    release = threading.Event()
    with running(_settings(workers=1, queue=1), made_home, ("api",)) as server, server.client() as client:
        while client.get("/healthz").status_code != 200:  # warming up takes the worker
            time.sleep(0.05)
        held = [server.service.quick.submit(release.wait) for _ in range(2)]
        found = client.get("/v1/models")
        release.set()
        assert all(each.result(30) for each in held)
        assert client.get("/v1/models").status_code == 200
    assert found.status_code == 429 and int(found.headers["retry-after"]) >= 1


def test_logs_and_audit_hold_no_contents(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    secret = "xylophone-clandestine"
    with caplog.at_level("INFO", logger="kb.serve"), server.client() as client:
        client.post("/v1/search", json={"query": secret})
        client.post(
            "/v1/chat/completions",
            json={"model": "base+rag", "messages": [{"role": "user", "content": f"What is {secret}?"}]},
        )
        client.get(f"/v1/documents/{secret}")
        client.get(f"/nothing/{secret}?q={secret}")
        deadline = time.monotonic() + 10
        while sum(record.message == "request" for record in caplog.records) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
    fields = [getattr(record, "fields", {}) for record in caplog.records]
    assert {each.get("route") for each in fields} >= {"/v1/search", "/v1/chat/completions"}
    audit = (server.home.root / "serve" / "audit.jsonl").read_text(encoding="utf-8")
    assert {json.loads(line)["event"] for line in audit.splitlines()} >= {"search", "ask"}
    assert secret not in audit + json.dumps(fields) + caplog.text
