"""What a Weaviate server says of itself and of one index, for a person who wonders whether they are well.

Asks and judges; mends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag.store.weaviate.connection import Connection
from rag.store.weaviate.schema import PREFIX
from rag.store.weaviate.store import WeaviateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The server and its cluster.

    Attributes:
        version: As the server states it.
        well: Names of the nodes that are.
        down: Names of those that are not, with what the cluster says of them.
        copies: Of every object in the collection of kb that has most of them; 0 where it has none.
    """

    version: str
    well: tuple[str, ...]
    down: tuple[str, ...]
    copies: int


def server_state(connection: Connection) -> ServerState:
    """Ask the server for its nodes and its collections.

    Raises:
        BackendError: It does not answer.
    """
    cluster: Any = connection.client.cluster
    nodes = connection.call(cluster.nodes)
    collections: Any = connection.client.collections
    known = connection.call(lambda: collections.list_all(simple=False))
    return ServerState(
        version=connection.version,
        well=tuple(sorted(node.name for node in nodes if node.status == "HEALTHY")),
        down=tuple(sorted(f"{node.name} ({node.status})" for node in nodes if node.status != "HEALTHY")),
        copies=max(
            (config.replication_config.factor for name, config in known.items() if name.startswith(PREFIX)), default=0
        ),
    )


def index_faults(store: WeaviateStore, dimension: int) -> list[str]:
    """Return what is wrong with an index, in a person's words; `dimension` is the embedder's.

    Raises:
        BackendError: The server does not answer.
    """
    faults = []
    if shards := store.read_only_shards():
        faults.append(f"{len(shards)} shards take no writes (is the server's disk nearly full?)")
    stored = store.stored_dimension()
    if stored not in (None, dimension):
        faults.append(f"vectors of length {stored}, the embedder gives {dimension}")
    return faults
