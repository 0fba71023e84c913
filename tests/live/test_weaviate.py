"""One real Weaviate: what it refuses, what it survives, and that two homes do not meet in it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.errors import BackendError
from core.files import Home
from core.settings import Settings
from core.types import Page
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue
from rag.doctor import Check, examine
from rag.open import connect_weaviate, open_store
from rag.store.base import sync
from rag.store.weaviate.store import WeaviateStore
from tests.support.documents import DIMENSION, put, rows_of, sha_of, vector_of
from tests.support.live_weaviate import Node, free_ports, one_server

pytestmark = pytest.mark.live

KEY = "kb-test-key"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with one_server(tmp_path_factory.mktemp("weaviate")) as node:
        yield node


@pytest.fixture
def catalogue(home: Home) -> Catalogue:
    return Catalogue(home.catalogue, create=True)


def opened(settings: Settings, home: Home, collection: str = "default", dimension: int = DIMENSION) -> WeaviateStore:
    store = open_store(settings, home, collection, dimension)
    assert isinstance(store, WeaviateStore)
    return store


def many(label: str, count: int) -> list[EmbeddedChunk]:
    return rows_of(sha_of(label), Page(index=0, text="\n".join(f"{label} line {number}" for number in range(count))))


def store_check(settings: Settings, home: Home) -> list[Check]:
    return [check for check in examine(settings, home) if check.name.startswith(("weaviate", "collection"))]


def test_a_server_that_is_not_there_is_said_so_at_once() -> None:
    port = free_ports()
    settings = Settings.model_validate(
        {"rag": {"store": "weaviate"}, "weaviate": {"url": f"http://127.0.0.1:{port}", "grpc_port": port + 1}}
    )
    with pytest.raises(BackendError, match=f"127.0.0.1:{port} does not answer") as told:
        connect_weaviate(settings)
    assert told.value.hint == "docker compose up -d weaviate"


def test_a_wrong_grpc_port_is_told_from_a_dead_server(server: Node) -> None:
    with pytest.raises(BackendError, match="no gRPC does"):
        connect_weaviate(server.settings(grpc_port=free_ports()))


def test_no_proxy_is_asked_on_this_machine(server: Node, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY", "GRPC_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    store = opened(server.settings(), home)
    store.add(many("proxied", 3))
    assert store.count() == 3


class OldServer(BaseHTTPRequestHandler):
    """Says that it is a Weaviate from before our time."""

    def do_GET(self) -> None:
        body = json.dumps({"version": "1.30.4"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def test_an_old_server_is_refused_by_version() -> None:
    with HTTPServer(("127.0.0.1", 0), OldServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        settings = Settings.model_validate({"rag": {"store": "weaviate"}, "weaviate": {"url": url}})
        with pytest.raises(BackendError, match=r"is version 1\.30\.4; kb needs 1.32 or newer"):
            connect_weaviate(settings)
        server.shutdown()


def test_the_key_comes_from_the_environment(
    tmp_path: Path, home: Home, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = {
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
        "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": KEY,
        "AUTHENTICATION_APIKEY_USERS": "kb",
    }
    with one_server(tmp_path / "guarded", **guarded) as node:
        for key in (None, "wrong"):
            if key:
                monkeypatch.setenv("WEAVIATE_API_KEY", key)
            with pytest.raises(BackendError, match="rejected the API key") as told:
                connect_weaviate(node.settings())
            assert told.value.hint.startswith("export WEAVIATE_API_KEY=")
        monkeypatch.setenv("WEAVIATE_API_KEY", KEY)
        put(catalogue, "a.pdf", ["one\ntwo"])
        store = opened(node.settings(), home)
        sync(store, catalogue, "default")
        assert store.count() == 2
        assert [check.state for check in store_check(node.settings(), home)] == ["good", "good"]


def test_a_full_disk_is_said_and_nothing_is_noted_as_written(server: Node, home: Home, catalogue: Catalogue) -> None:
    put(catalogue, "a.pdf", ["one\ntwo"])
    store = opened(server.settings(), home)
    sync(store, catalogue, "default")
    put(catalogue, "b.pdf", ["three"])
    # What the server does to every shard when its disk passes the limit.
    config = store.connection.client.collections.use(store.weaviate_name).config
    config.update_shards("READONLY")
    with pytest.raises(BackendError, match=r"rejects writes.*read-only") as told:
        sync(store, catalogue, "default")
    assert told.value.hint.startswith("df -h")
    with pytest.raises(BackendError, match="rejects writes"):
        store.drop({catalogue.documents("default")[0].sha256})
    (_, check) = store_check(server.settings(), home)
    assert check.state == "bad" and "take no writes" in check.detail
    config.update_shards("READY")
    sync(store, catalogue, "default")
    assert store.count() == 3
    assert [check.state for check in store_check(server.settings(), home)] == ["good", "good"]


def test_vectors_of_another_length_are_refused(server: Node, home: Home, catalogue: Catalogue) -> None:
    put(catalogue, "a.pdf", ["one\ntwo"])
    sync(opened(server.settings(), home), catalogue, "default")
    other = opened(server.settings(), home, dimension=DIMENSION + 1)
    with pytest.raises(BackendError, match=f"length {DIMENSION}, the embedder gives {DIMENSION + 1}") as told:
        other.dense(np.ones(DIMENSION + 1, dtype=np.float32), 3)
    assert told.value.hint == "kb reindex --store weaviate"
    chunk = many("longer", 1)[0].chunk
    with pytest.raises(BackendError, match="another length"):
        other.add([EmbeddedChunk(chunk, np.ones(DIMENSION + 1, dtype=np.float32))])


def test_homes_and_spellings_do_not_meet(server: Node, home: Home, tmp_path: Path) -> None:
    places = [(home, "docs"), (home, "Docs"), (home, "do.cs"), (home, "do-cs"), (Home(tmp_path / "other"), "docs")]
    stores = [opened(server.settings(), place, name) for place, name in places]
    for number, store in enumerate(stores):
        store.add(many(f"of {number}", number + 1))
    assert [store.count() for store in stores] == [1, 2, 3, 4, 5]
    stores[0].clear()
    assert [store.count() for store in stores] == [0, 2, 3, 4, 5]


@pytest.mark.parametrize("quantizer", ["none", "rq8", "rq1"])
def test_every_quantizer_keeps_cosines(server: Node, home: Home, quantizer: str) -> None:
    store = opened(server.settings(quantizer=quantizer), home)
    store.add(many("kept", 50))
    (best, score), *_ = store.dense(vector_of("kept line 7"), 10)
    assert best == many("kept", 50)[7].chunk.id
    assert score == pytest.approx(1.0, abs=1e-5)
    config = store.connection.client.collections.use(store.weaviate_name).config.get().to_dict()
    index = config["vectorConfig"]["default"]["vectorIndexConfig"]
    assert index.get("rq", {}).get("bits") == {"none": None, "rq8": 8, "rq1": 1}[quantizer]


def test_a_server_that_indexes_later_is_waited_for(tmp_path: Path, home: Home) -> None:
    with one_server(tmp_path / "later", ASYNC_INDEXING="true") as node:
        store = opened(node.settings(), home)
        rows = many("late", 1000)
        store.add(rows)
        store.optimize()
        assert [store.dense(row.vector, 1)[0][0] for row in rows[::100]] == [row.chunk.id for row in rows[::100]]


def test_a_stop_keeps_everything(tmp_path: Path, home: Home) -> None:
    with one_server(tmp_path / "stopped") as node:
        store = opened(node.settings(), home)
        store.add(many("kept", 500))
        before = store.dense(vector_of("kept line 9"), 5), store.bm25("kept line", 5)
        node.stop()
        node.start()
        assert store.count() == 500
        assert (store.dense(vector_of("kept line 9"), 5), store.bm25("kept line", 5)) == before


def test_a_kill_in_the_middle_of_writing_costs_time_only(tmp_path: Path, home: Home, catalogue: Catalogue) -> None:
    lines, documents = 1500, 3
    for number in range(documents):
        put(catalogue, f"{number}.pdf", ["\n".join(f"document {number} line {line}" for line in range(lines))])
    with one_server(tmp_path / "killed") as node:
        store = opened(node.settings(batch_rows=50), home)
        watcher = opened(node.settings(), home)
        seen: list[int] = []

        def kill_and_start() -> None:
            while not (count := watcher.count()) >= 500:
                time.sleep(0.01)
            seen.append(count)
            node.kill()
            time.sleep(1.0)
            node.start()

        killer = threading.Thread(target=kill_and_start)
        killer.start()
        sync(store, catalogue, "default")
        killer.join()
        assert seen[0] < documents * lines, "the server was killed too late to show anything"
        assert store.count() == documents * lines
        assert catalogue.to_index(store.name, "default") == []
        objects = store.connection.client.collections.use(store.weaviate_name).iterator(return_properties=["chunk_id"])
        ids = [str(item.properties["chunk_id"]) for item in objects]
        wanted = {row.chunk.id for number in range(documents) for row in _rows_of_document(catalogue, number)}
        assert len(ids) == len(wanted) and set(ids) == wanted


def test_patience_ends_at_the_deadline(tmp_path: Path, home: Home) -> None:
    with one_server(tmp_path / "gone") as node:
        store = opened(node.settings(deadline_s=1), home)
        store.add(many("here", 3))
        node.kill()
        with pytest.raises(BackendError, match="does not answer"):
            store.add(many("there", 3))
        node.start()
        store.add(many("there", 3))
        assert store.count() == 6


def _rows_of_document(catalogue: Catalogue, number: int) -> list[EmbeddedChunk]:
    documents = sorted(catalogue.to_index("nowhere", "default"))
    return list(catalogue.embedded_chunks(documents[number]))
