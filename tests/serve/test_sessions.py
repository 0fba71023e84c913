"""Who sent a request: a key, a session, or nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.datastructures import Headers

from core.files import Home
from serve.access.keys import KeyStore
from serve.access.sessions import COOKIE, SessionStore, login_page
from tests.support.serve_state import access_tables


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(Home(tmp_path))


@pytest.fixture
def sessions(keys: KeyStore, tmp_path: Path) -> SessionStore:
    return SessionStore(keys, access_tables(tmp_path))


def _cookie(token: str | None) -> Headers:
    return Headers({"cookie": f"{COOKIE}={token}"})


def test_a_key_in_the_header_has_an_owner(keys: KeyStore, sessions: SessionStore) -> None:
    secret = keys.add("alice")
    assert sessions.owner(Headers({"authorization": f"Bearer {secret}"})) == "alice"
    assert sessions.owner(Headers({"authorization": f"bearer  {secret} "})) == "alice"
    for wrong in ("Bearer", "Bearer ", "Bearer kb-wrong", f"Basic {secret}", secret):
        assert sessions.owner(Headers({"authorization": wrong})) is None


def test_a_session_begins_with_a_key_and_ends(keys: KeyStore, sessions: SessionStore) -> None:
    assert sessions.begin("kb-wrong") is None
    token = sessions.begin(keys.add("alice"))
    assert sessions.owner(_cookie(token)) == "alice"
    sessions.end(_cookie(token))
    assert sessions.owner(_cookie(token)) is None
    sessions.end(Headers({}))


def test_every_server_of_a_home_knows_a_session_and_none_keeps_its_token(
    keys: KeyStore, sessions: SessionStore, tmp_path: Path
) -> None:
    token = sessions.begin(keys.add("alice"))
    other = SessionStore(KeyStore(Home(tmp_path)), access_tables(tmp_path))
    assert other.owner(_cookie(token)) == "alice"
    files = [path for path in (tmp_path / "serve").iterdir() if path.is_file()]
    assert files and not any(str(token).encode() in path.read_bytes() for path in files)
    other.end(_cookie(token))
    assert sessions.owner(_cookie(token)) is None


def test_a_session_ends_after_a_day_and_with_its_key(keys: KeyStore, tmp_path: Path) -> None:
    clock = _Clock()
    sessions = SessionStore(keys, access_tables(tmp_path, clock))
    secret = keys.add("alice")
    old, kept = sessions.begin(secret), sessions.begin(secret)
    clock.now += 24 * 3600
    assert sessions.owner(_cookie(old)) is None
    fresh = sessions.begin(secret)
    assert sessions.owner(_cookie(fresh)) == "alice" and sessions.owner(_cookie(kept)) is None
    keys.remove("alice")
    assert sessions.owner(_cookie(fresh)) is None


@pytest.mark.parametrize("cookie", ["", "kb_session", "kb_session=", "a=b; kb_session=x", "\x00=;;", 'kb_session="'])
def test_a_strange_cookie_is_nobody(sessions: SessionStore, cookie: str) -> None:
    assert sessions.owner(Headers({"cookie": cookie})) is None


def test_the_login_page_escapes_and_names_no_command() -> None:
    page = login_page("<script>alert(1)</script>")
    assert "&lt;script&gt;alert" in page and "<script>alert" not in page
    assert "kb serve" not in page
