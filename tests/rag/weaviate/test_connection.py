"""A connection refuses what is no address, a server that is too old, and one without gRPC, before any call."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.errors import BackendError, ConfigError
from core.settings import WeaviateSettings
from tests.support.http_server import QuietHandler, served

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("weaviate"), reason="requires the extra 'weaviate'")
if importlib.util.find_spec("weaviate"):
    from rag.store.weaviate.connection import Connection


@contextmanager
def server(version: str) -> Iterator[str]:
    """A server that states a version and knows nothing else."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            known = self.path == "/v1/meta"
            self.send(200 if known else 404, {"version": version} if known else {})

    with served(Handler) as url:
        yield url


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "ftp://127.0.0.1:8080",
        "http://:8080",
        "http://host:port",
        "http://host/weaviate",
        "http://host:50051",
    ],
)
def test_what_is_no_address_is_a_fault_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Connection(WeaviateSettings(url=url))
    assert str(caught.value.message) == f"weaviate.url = {url!r} with gRPC on port 50051 is not the address of a server"
    assert "KB_WEAVIATE__URL=http://HOST:PORT" in caught.value.hint


@pytest.mark.parametrize("version", ["1.31.9", "1.27.0"])
def test_a_server_that_is_too_old_is_refused(version: str) -> None:
    with server(version) as url:
        with pytest.raises(BackendError) as caught:
            Connection(WeaviateSettings(url=url, grpc_port=1, timeout_s=2))
        assert caught.value.message == f"Weaviate at {url} is version {version}; kb needs 1.32 or newer"
        assert caught.value.hint.startswith("docker compose pull weaviate")


def test_a_server_without_grpc_is_told_from_one_that_is_away() -> None:
    with server("1.32.0") as url:
        with pytest.raises(BackendError) as caught:
            Connection(WeaviateSettings(url=url, grpc_port=1, timeout_s=1))
        assert caught.value.message == f"Weaviate answers at {url}, but no gRPC does at 127.0.0.1:1"
        assert "KB_WEAVIATE__GRPC_PORT=PORT" in caught.value.hint


def test_nobody_at_the_address_is_reported_with_it() -> None:
    with server("1.32.0") as url:
        pass
    with pytest.raises(BackendError, match=url):
        Connection(WeaviateSettings(url=url, grpc_port=1, timeout_s=1))
