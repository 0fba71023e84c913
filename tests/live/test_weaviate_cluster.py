"""Three real Weaviate nodes, three copies, QUORUM: any one of them may die while kb writes or reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from core.errors import BackendError
from core.files import Home
from core.types import Page
from rag.catalogue.writer import Catalogue
from rag.doctor import examine
from rag.open import open_store
from rag.store.base import sync
from rag.store.weaviate.store import WeaviateStore
from tests.support.documents import DIMENSION, put, rows_of, sha_of, vector_of
from tests.support.live_weaviate import Node, cluster

pytestmark = pytest.mark.live

LINES = 600
REPAIR_S = 120.0


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[Node]]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def opened(node: Node, home: Home, collection: str, **changes: object) -> WeaviateStore:
    own = {"replication": 3, "shards": 3, "consistency": "QUORUM", "batch_rows": 50, "timeout_s": 10}
    settings = node.settings(**{**own, **changes})
    store = open_store(settings, home, collection, DIMENSION)
    assert isinstance(store, WeaviateStore)
    return store


def wait_for(counts: Sequence[WeaviateStore], wanted: int) -> None:
    """Wait until each of these says that it holds so many chunks."""
    deadline = time.monotonic() + REPAIR_S
    while (found := [store.count() for store in counts]) != [wanted] * len(counts):
        assert time.monotonic() < deadline, f"{found} of {wanted}"
        time.sleep(0.5)


def test_a_node_dies_while_writing(nodes: Sequence[Node], home: Home) -> None:
    catalogue = Catalogue(home.catalogue, create=True)
    for number in range(3):
        put(catalogue, f"{number}.pdf", ["\n".join(f"document {number} line {line}" for line in range(LINES))])
    store = opened(nodes[0], home, "writing")
    watcher = opened(nodes[1], home, "writing")
    seen: list[int] = []

    def kill() -> None:
        while not (count := watcher.count()) >= 200:
            time.sleep(0.01)
        seen.append(count)
        nodes[2].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    sync(store, catalogue, "default")
    killer.join()
    assert seen[0] < 3 * LINES, "the node was killed too late to show anything"
    assert store.count() == 3 * LINES
    (state,) = [check for check in examine(nodes[0].settings(replication=3), home) if check.name == "weaviate"]
    assert state.state == "note" and ("2 nodes for 3 copies" in state.detail)
    nodes[2].start()
    # The node that was away catches up, so that the next one may fail.
    wait_for([opened(node, home, "writing", consistency="ONE") for node in nodes], 3 * LINES)


def test_a_node_dies_while_reading(nodes: Sequence[Node], home: Home) -> None:
    rows = rows_of(sha_of("read"), Page(index=0, text="\n".join(f"reading line {line}" for line in range(LINES))))
    store = opened(nodes[0], home, "reading")
    store.add(rows)
    wanted = [row.chunk.id for row in rows]
    assert [store.dense(vector_of(row.chunk.text), 1)[0][0] for row in rows[::100]] == wanted[::100]
    nodes[1].kill()
    assert [store.dense(vector_of(row.chunk.text), 1)[0][0] for row in rows[::10]] == wanted[::10]
    assert {store.bm25(f"reading {line}", 1)[0][0] for line in range(0, LINES, 100)} == set(wanted[::100])
    # What is removed and added while a node is away stays removed and added when it is back.
    gone = rows_of(sha_of("gone"), Page(index=0, text="\n".join(f"passing line {line}" for line in range(100))))
    store.add(gone)
    store.drop({sha_of("gone")})
    store.drop({sha_of("read")})
    store.add(rows)
    nodes[1].start()
    wait_for([opened(node, home, "reading", consistency="ONE") for node in nodes], LINES)


def test_the_server_says_how_many_copies_there_are(nodes: Sequence[Node], home: Home) -> None:
    store = opened(nodes[0], home, "copied", replication=0)
    store.add(rows_of(sha_of("copied"), Page(index=0, text="copied")))
    config = store.connection.client.collections.use(store.weaviate_name).config.get()
    assert config.replication_config.factor == 3 and config.replication_config.async_enabled
    for replication, said in ((1, "minimum replication factor of 3"), (4, "enough weaviate nodes")):
        with pytest.raises(BackendError, match=said) as told:
            opened(nodes[0], home, f"copied{replication}", replication=replication).add(
                rows_of(sha_of("copied"), Page(index=0, text="copied"))
            )
        assert told.value.hint.startswith("KB_WEAVIATE__REPLICATION=0 kb reindex")


def test_too_few_nodes_are_waited_for(nodes: Sequence[Node], home: Home) -> None:
    store = opened(nodes[0], home, "waiting")
    store.add(rows_of(sha_of("before"), Page(index=0, text="before")))
    nodes[1].kill()
    nodes[2].kill()
    back = threading.Timer(3.0, lambda: [node.start(wait=False) for node in nodes[1:]])
    back.start()
    store.add(rows_of(sha_of("after"), Page(index=0, text="after")))
    back.join()
    for node in nodes[1:]:
        node.wait()
    assert {store.dense(vector_of(text), 1)[0][0] for text in ("before", "after")} == {
        f"{sha_of('before')}:0:0:6",
        f"{sha_of('after')}:0:0:5",
    }
