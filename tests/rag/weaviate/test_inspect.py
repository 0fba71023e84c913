"""What a server says of itself, and what is wrong with an index."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rag.store.weaviate.connection import Connection
from rag.store.weaviate.inspect import index_faults, server_state
from rag.store.weaviate.schema import PREFIX
from rag.store.weaviate.store import WeaviateStore


def _connection(nodes: dict[str, str], factors: dict[str, int]) -> Connection:
    def listed(*, simple: bool) -> dict[str, Any]:
        assert not simple  # the short form holds no replication
        return {
            name: SimpleNamespace(replication_config=SimpleNamespace(factor=factor)) for name, factor in factors.items()
        }

    client = SimpleNamespace(
        cluster=SimpleNamespace(nodes=lambda: [SimpleNamespace(name=n, status=s) for n, s in nodes.items()]),
        collections=SimpleNamespace(list_all=listed),
    )

    def call(work: Callable[[], Any]) -> Any:
        return work()

    return cast(Connection, SimpleNamespace(client=client, call=call, version="1.30.0"))


def test_nodes_and_copies_of_our_collections() -> None:
    nodes = {"b": "HEALTHY", "a": "HEALTHY", "c": "TIMEOUT"}
    state = server_state(_connection(nodes, {f"{PREFIX}one": 1, f"{PREFIX}two": 3, "Other": 5}))
    assert (state.version, state.well, state.down, state.copies) == ("1.30.0", ("a", "b"), ("c (TIMEOUT)",), 3)
    assert server_state(_connection({}, {"Other": 5})).copies == 0


@pytest.mark.parametrize(
    ("shards", "stored", "faults"),
    [
        ([], None, []),
        ([], 384, []),
        (["s1", "s2"], 384, ["2 shards take no writes"]),
        ([], 768, ["vectors of length 768, the embedder gives 384"]),
    ],
)
def test_faults_of_an_index(shards: list[str], stored: int | None, faults: list[str]) -> None:
    store = SimpleNamespace(read_only_shards=lambda: shards, stored_dimension=lambda: stored)
    found = index_faults(cast(WeaviateStore, store), 384)
    assert len(found) == len(faults) and all(text.startswith(start) for text, start in zip(found, faults, strict=True))
