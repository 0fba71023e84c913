"""Listening: an address that is taken, addresses for a browser, keys before others can come."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.errors import BackendError, ConfigError
from core.files import Home
from core.settings import ServeSettings, Settings
from serve.access.keys import KeyStore
from serve.run import bind, check_keys, url_of


def _settings(**serve: object) -> Settings:
    return Settings(serve=ServeSettings(**serve))


def test_a_free_port_is_bound_and_named() -> None:
    with bind(_settings(port=0)) as bound:
        port = bound.getsockname()[1]
        assert url_of(bound) == f"http://127.0.0.1:{port}"


def test_an_address_for_all_is_opened_as_this_machine() -> None:
    with bind(_settings(host="0.0.0.0", port=0)) as bound:
        assert url_of(bound).startswith("http://127.0.0.1:")


def test_a_port_in_use_is_an_error_with_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BackendError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            bind(_settings(port=port))
    assert caught.value.hint == f"kb serve --port {port + 1}"


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(BackendError):
        bind(_settings(host="192.0.2.1", port=0))


def test_other_machines_need_a_key(tmp_path: Path) -> None:
    home = Home(tmp_path)
    check_keys(_settings(), home)
    with pytest.raises(ConfigError, match="has no key"):
        check_keys(_settings(host="0.0.0.0"), home)
    KeyStore(home).add("alice")
    check_keys(_settings(host="0.0.0.0"), home)
