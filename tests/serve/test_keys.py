"""Keys are random, shown once, kept as hashes, and gone at once when removed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from core.errors import ConfigError, DataError
from core.files import Home
from serve.access.keys import KeyStore
from serve.access.sessions import COOKIE, SessionStore
from tests.support.serve_state import access_tables


def test_a_key_is_kept_as_a_hash_only_its_owner_can_read(tmp_path: Path) -> None:
    keys = KeyStore(Home(tmp_path))
    secret = keys.add("alice")
    path = tmp_path / "serve" / "keys.json"
    assert secret not in path.read_text(encoding="utf-8")
    assert secret.removeprefix("kb-") not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.owner(secret) == "alice"
    assert KeyStore(Home(tmp_path)).owner(secret) == "alice"


def test_a_removed_key_is_out_at_once_in_another_process_too(tmp_path: Path) -> None:
    here, there = KeyStore(Home(tmp_path)), KeyStore(Home(tmp_path))
    secret = here.add("alice")
    assert there.owner(secret) == "alice"
    here.remove("alice")
    assert there.owner(secret) is None
    with pytest.raises(ConfigError):
        here.remove("alice")


def test_names_are_unique_and_plain(tmp_path: Path) -> None:
    keys = KeyStore(Home(tmp_path))
    keys.add("alice")
    for bad in ("alice", "", "../x", "a b", "x" * 65, "a\n"):
        with pytest.raises(ConfigError):
            keys.add(bad)
    assert [key.name for key in keys.listed()] == ["alice"]


def test_a_damaged_file_opens_to_nobody(tmp_path: Path) -> None:
    keys = KeyStore(Home(tmp_path))
    keys.add("alice")
    (tmp_path / "serve" / "keys.json").write_text("{}")
    with pytest.raises(DataError):
        KeyStore(Home(tmp_path)).owner("kb-x")


@given(st.text(max_size=80))
def test_no_text_is_a_key_but_the_key(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.getbasetemp() / "one-key"
    keys = KeyStore(Home(root))
    if not keys.listed():
        keys.add("alice")
    assert keys.owner(text) is None


def test_a_session_ends_with_its_key_its_time_or_its_logout(tmp_path: Path) -> None:
    now = [0.0]
    keys = KeyStore(Home(tmp_path))
    secret = keys.add("alice")
    sessions = SessionStore(keys, access_tables(tmp_path, lambda: now[0]))
    assert sessions.begin("kb-wrong") is None

    def begun() -> Headers:
        return Headers({"cookie": f"{COOKIE}={sessions.begin(secret)}"})

    first, second, third = begun(), begun(), begun()
    assert sessions.owner(first) == "alice"
    sessions.end(first)
    assert sessions.owner(first) is None
    now[0] = 12 * 3600 + 1.0
    assert sessions.owner(second) is None
    now[0] = 0.0
    keys.remove("alice")
    assert sessions.owner(third) is None


@given(st.text(max_size=200))
def test_any_cookie_is_read_without_harm(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.getbasetemp() / "no-key"
    sessions = SessionStore(KeyStore(Home(root)), access_tables(root))
    raw = text.encode("latin-1", "replace")
    assert sessions.owner(Headers(raw=[(b"cookie", raw), (b"authorization", raw)])) is None
