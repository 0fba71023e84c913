"""Loopback addresses are this machine; nothing else is, and no name is looked up."""

from __future__ import annotations

import pytest

from core.chat.remote.address import is_loopback


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1", "http://127.9.8.7:80/v1", "https://[::1]:1/"]
)
def test_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    ["http://localhost.example.org", "http://192.168.0.2", "http://0.0.0.0", "127.0.0.1:11434", "", "http://[::2]"],
)
def test_other_machines(url: str) -> None:
    assert not is_loopback(url)
