"""The index on a Weaviate server: one collection there for each of ours.

Vectors are our own, words are stemmed here, ids follow from the chunk, so that a call repeated after a failure changes
nothing. Writers hold the writer lock of their home.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from grpc import RpcError  # type: ignore[import-untyped]
from numpy.typing import NDArray

from core.chat.remote.retry import Interrupted
from core.errors import BackendError
from core.settings import WeaviateSettings
from rag.catalogue.reader import EmbeddedChunk
from rag.store.weaviate.client import Filter, MetadataQuery, WeaviateBaseError
from rag.store.weaviate.connection import Connection
from rag.store.weaviate.faults import NoCollection, ObjectsRefused, as_backend_error
from rag.store.weaviate.schema import (
    CHUNK_ID,
    CONSISTENCY,
    PAGE,
    SHA256,
    TERMS,
    as_object,
    definition,
    searched_terms,
)

T = TypeVar("T")

_HASHES_PER_DELETE = 500
_QUEUE_PAUSE_S = 0.5


class WeaviateStore:
    """Weaviate collection of one of our collections.

    Args:
        connection: An open one; it is closed with the last store that holds it.
        weaviate_name: The collection there, see `rag.store.weaviate.schema.collection_name`.
        collection: Ours, for messages.
        dimension: Length of the vectors.
        settings: Batches, quantisation, replication.
    """

    name = "weaviate"

    def __init__(
        self, connection: Connection, weaviate_name: str, collection: str, dimension: int, settings: WeaviateSettings
    ) -> None:
        self.connection = connection
        self.weaviate_name = weaviate_name
        self._collection = collection
        self._dimension = dimension
        self._settings = settings
        # The client's overloads by shape of result tell a type checker less than `Any` does.
        self._all: Any = connection.client.collections
        self._objects: Any = self._all.use(weaviate_name).with_consistency_level(CONSISTENCY[settings.consistency])
        self._checked = False

    def add(self, rows: Sequence[EmbeddedChunk]) -> None:
        """Add chunks, `weaviate.concurrency` batches at a time; see `Store.add`."""
        if not rows:
            return
        self._ask(self._create_if_absent)
        size = self._settings.batch_rows
        pool = ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="weaviate")
        try:
            batches = [pool.submit(self._insert, rows[start : start + size]) for start in range(0, len(rows), size)]
            for batch in batches:
                batch.result()
        finally:
            # After a failure the batches still waiting would each run into the same deadline.
            pool.shutdown(cancel_futures=True)

    def drop(self, sha256s: Collection[str]) -> None:
        """Remove documents; see `Store.drop`."""
        hashes = sorted(sha256s)
        for start in range(0, len(hashes), _HASHES_PER_DELETE):
            condition = Filter.by_property(SHA256).contains_any(hashes[start : start + _HASHES_PER_DELETE])
            # The server deletes a limited number at a time.
            while self._read(lambda condition=condition: self._delete(condition), 0):  # type: ignore[misc]
                pass

    def dense(
        self,
        vector: NDArray[np.float32],
        k: int,
        *,
        docs: Collection[str] | None = None,
        pages: Collection[int] | None = None,
    ) -> list[tuple[str, float]]:
        """Return ids with cosine similarity; see `Store.dense`."""
        if _impossible(docs, pages):
            return []
        self._check_dimension()
        objects: list[Any] = self._read(
            lambda: (
                self._objects.query.near_vector(
                    vector,
                    limit=k,
                    filters=_condition(docs, pages),
                    return_metadata=MetadataQuery(distance=True),
                    return_properties=[CHUNK_ID],
                ).objects
            ),
            [],
        )
        return [(str(hit.properties[CHUNK_ID]), 1.0 - float(hit.metadata.distance or 0.0)) for hit in objects]

    def bm25(
        self, text: str, k: int, *, docs: Collection[str] | None = None, pages: Collection[int] | None = None
    ) -> list[tuple[str, float]]:
        """Return ids with BM25 scores; see `Store.bm25`."""
        query = searched_terms(text)
        if not query or _impossible(docs, pages):
            return []
        objects: list[Any] = self._read(
            lambda: (
                self._objects.query.bm25(
                    query,
                    query_properties=[TERMS],
                    limit=k,
                    filters=_condition(docs, pages),
                    return_metadata=MetadataQuery(score=True),
                    return_properties=[CHUNK_ID],
                ).objects
            ),
            [],
        )
        return [(str(hit.properties[CHUNK_ID]), float(hit.metadata.score or 0.0)) for hit in objects]

    def lists(
        self,
        text: str,
        embed: Callable[[], NDArray[np.float32]],
        places: Sequence[tuple[int, Collection[str] | None]],
        *,
        pages: Collection[int] | None = None,
    ) -> tuple[list[list[tuple[str, float]]], list[list[tuple[str, float]]]]:
        """Return the lists of both kinds in every place; see `Store.lists`."""
        with ThreadPoolExecutor(2 * len(places), thread_name_prefix="weaviate") as pool:
            words = [pool.submit(self.bm25, text, k, docs=docs, pages=pages) for k, docs in places]
            vector = embed()
            near = [pool.submit(self.dense, vector, k, docs=docs, pages=pages) for k, docs in places]
            return [future.result() for future in near], [future.result() for future in words]

    def count(self) -> int:
        """Return the number of chunks."""
        return int(self._read(lambda: self._objects.aggregate.over_all(total_count=True).total_count, 0) or 0)

    def optimize(self) -> None:
        """Wait until a server that builds its vector index later (`ASYNC_INDEXING`) has done so.

        Raises:
            BackendError: Nothing moved for `weaviate.deadline_s`.
        """
        fewest, since = self._queued(), time.monotonic()
        while fewest:
            time.sleep(_QUEUE_PAUSE_S)
            queued = self._queued()
            if queued < fewest:
                fewest, since = queued, time.monotonic()
            elif time.monotonic() - since > self._settings.deadline_s:
                raise BackendError(
                    f"Weaviate at {self.connection.url} makes no progress indexing {queued} vectors",
                    hint="kb doctor --set rag.store=weaviate",
                )

    def clear(self) -> None:
        """Remove the collection from the server."""
        self._ask(lambda: self._all.delete(self.weaviate_name))
        self._checked = False

    def stored_dimension(self) -> int | None:
        """Return the length of the vectors on the server, None where there are none."""
        objects: list[Any] = self._read(
            lambda: self._objects.query.fetch_objects(limit=1, include_vector=True, return_properties=False).objects, []
        )
        return len(objects[0].vector["default"]) if objects else None

    def read_only_shards(self) -> list[str]:
        """Return the shards that take no writes, as they do not when the server's disk is nearly full."""
        shards: list[Any] = self._read(self._objects.config.get_shards, [])
        return [shard.name for shard in shards if shard.status == "READONLY"]

    def _check_dimension(self) -> None:
        """Look once: the server compares vectors of different lengths without a word.

        Raises:
            BackendError: Its vectors have another length than ours.
        """
        if self._checked:
            return
        stored = self.stored_dimension()
        if stored not in (None, self._dimension):
            flag = "" if self._collection == "default" else f" --collection {self._collection}"
            raise BackendError(
                f"the index in Weaviate holds vectors of length {stored}, the embedder gives {self._dimension}",
                hint=f"kb reindex --store weaviate{flag}",
            )
        self._checked = stored is not None

    def _insert(self, rows: Sequence[EmbeddedChunk]) -> None:
        waiting = [as_object(row) for row in rows]

        def send() -> None:
            nonlocal waiting
            done = self._objects.data.insert_many(waiting)
            total, waiting = len(waiting), [waiting[index] for index in done.errors]
            if done.errors:
                reasons = "; ".join(sorted({fault.message for fault in done.errors.values()})[:3])
                raise ObjectsRefused(f"{len(done.errors)} of {total} chunks were refused: {reasons}")

        self._ask(send)

    def _create_if_absent(self) -> None:
        # Without a collection the server would make up one of its own from the first object.
        if not self._all.exists(self.weaviate_name):
            self._all.create(self.weaviate_name, **definition(self._settings))

    def _delete(self, condition: Any) -> int:
        done = self._objects.data.delete_many(where=condition)
        if done.failed:
            # The server does not say why, and stumbles when asked to.
            shards = self._objects.config.get_shards()
            reason = "read-only shards" if any(shard.status == "READONLY" for shard in shards) else "unavailable"
            raise ObjectsRefused(f"{done.failed} of {done.matches} chunks were not deleted: {reason}")
        return int(done.matches)

    def _queued(self) -> int:
        if not self._ask(lambda: self._all.exists(self.weaviate_name)):
            return 0
        cluster: Any = self.connection.client.cluster
        nodes = self._ask(lambda: cluster.nodes(collection=self.weaviate_name, output="verbose"))
        return sum(shard.vector_queue_length for node in nodes for shard in node.shards or [])

    def _ask(self, ask: Callable[[], T]) -> T:
        return self.connection.call(ask, collection=self._collection)

    def _read(self, ask: Callable[[], T], nothing: T) -> T:
        """Return what `ask` returns, or `nothing` where the server has no such collection."""

        def once() -> T:
            try:
                return ask()
            except (WeaviateBaseError, RpcError) as error:
                url = self.connection.url
                absent = isinstance(as_backend_error(error, url, self._collection), NoCollection)
                # A node that has just started, or that did not make the collection itself, hears of it a little later.
                if absent and self._all.exists(self.weaviate_name):
                    message = f"Weaviate at {url} is still opening {self._collection!r}"
                    raise Interrupted(message, hint="kb doctor --set rag.store=weaviate") from error
                raise

        try:
            return self._ask(once)
        except NoCollection:
            return nothing


def _impossible(docs: Collection[str] | None, pages: Collection[int] | None) -> bool:
    """Tell whether nothing can match; Weaviate takes an empty list for a fault."""
    return (docs is not None and not docs) or (pages is not None and not pages)


def _condition(docs: Collection[str] | None, pages: Collection[int] | None) -> Any:
    parts = []
    if docs is not None:
        parts.append(Filter.by_property(SHA256).contains_any(sorted(docs)))
    if pages is not None:
        parts.append(Filter.by_property(PAGE).contains_any([int(page) for page in sorted(pages)]))
    return Filter.all_of(parts) if parts else None
