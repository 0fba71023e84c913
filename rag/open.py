"""Opens the catalogue, index and embedder of a collection from the settings, for reading or writing."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from core.errors import BackendError
from core.files import Home
from core.machine.disk import disk_fault
from core.machine.install import missing_extra
from core.settings import Settings
from core.types import Hit
from rag.catalogue.identity import require_embedder
from rag.catalogue.postgres import postgres_url, shared_writer_lock
from rag.catalogue.reader import CatalogueReader
from rag.embed.base import Embedder
from rag.embed.open import open_embedder
from rag.search.search import Searcher
from rag.search.tuned import tuning_for
from rag.store.base import Store, lacking

if TYPE_CHECKING:
    from rag.store.weaviate.connection import Connection


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A `core.types.Retriever` over a part of a collection."""

    searcher: Searcher
    docs: Sequence[str] | None
    pages: Sequence[int] | None

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` hits, best first."""
        return self.searcher.search(query, k, docs=self.docs, pages=self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """An open collection.

    Attributes:
        catalogue: Documents, pages and chunks; what the index returns counts only where they are in it.
        store: The index.
        embedder: The model its vectors came from.
        searcher: Search over the three.
        behind: Documents that the index does not hold yet.
        notes: What a person should know about how it is searched.
    """

    catalogue: CatalogueReader
    store: Store
    embedder: Embedder
    searcher: Searcher
    behind: int
    notes: tuple[str, ...] = ()

    def narrowed(self, docs: Sequence[str] | None = None, pages: Sequence[int] | None = None) -> Narrowed:
        """Return a retriever over these documents (by hash) and 0-based pages only."""
        return Narrowed(self.searcher, docs, pages)


def embedder_of(settings: Settings, home: Home) -> Embedder:
    """Return the embedder that the settings name.

    Raises:
        MissingExtra: Its weights or packages are not there.
        BackendError: Its server does not answer.
    """
    return open_embedder(
        settings.rag.embedder,
        home,
        precision=settings.rag.precision,
        ollama_url=settings.rag.ollama_url,
        timeout_s=settings.models.timeout_s,
    )


def open_store(settings: Settings, home: Home, collection: str, dimension: int) -> Store:
    """Return the index of a collection in the store that the settings name.

    Raises:
        MissingExtra: The client of that store is not installed.
        BackendError: Its server does not answer, refuses the key, or is too old.
    """
    if settings.rag.store == "lancedb":
        # Half of what a question from the shell waits for; another store does without.
        from rag.store.lance import LanceStore

        return LanceStore(home.index, collection, dimension)
    connection = connect_weaviate(settings)
    from rag.store.weaviate.schema import collection_name, home_id
    from rag.store.weaviate.store import WeaviateStore

    name = collection_name(home_id(home), collection)
    return WeaviateStore(connection, name, collection, dimension, settings.weaviate)


def connect_weaviate(settings: Settings) -> Connection:
    """Return a connection to the server that the settings name; the API key is in `WEAVIATE_API_KEY`.

    Raises:
        MissingExtra: The extra `weaviate` is not installed.
        BackendError: The server does not answer, refuses the key, or is too old.
    """
    if importlib.util.find_spec("weaviate") is None:
        raise missing_extra("the store weaviate", "weaviate")
    # A second of imports that only this store needs.
    from rag.store.weaviate.connection import Connection

    return Connection(settings.weaviate, os.environ.get("WEAVIATE_API_KEY", ""))


def open_knowledge(settings: Settings, home: Home, collection: str) -> Knowledge:
    """Open a collection for search.

    Raises:
        ConfigError: There is no such collection, or another model embedded it.
        MissingExtra: The embedder's weights are not there.
    """
    catalogue = CatalogueReader(home.catalogue)
    known = catalogue.require_collection(collection)
    embedder = embedder_of(settings, home)
    require_embedder(collection, known, embedder.identity.to_json())
    store = open_store(settings, home, collection, embedder.identity.dimension)
    return knowledge_over(settings, home, collection, catalogue, store, embedder)


def knowledge_over(
    settings: Settings, home: Home, collection: str, catalogue: CatalogueReader, store: Store, embedder: Embedder
) -> Knowledge:
    """Put a searcher over an open catalogue and index; what was fitted to the collection's questions is used."""
    tuning, note = tuning_for(home, settings.rag, collection, embedder.identity.to_json())
    return Knowledge(
        catalogue=catalogue,
        store=store,
        embedder=embedder,
        searcher=Searcher(
            store=store,
            catalogue=catalogue,
            embedder=embedder,
            settings=settings,
            collection=collection,
            tuning=tuning,
        ),
        behind=lacking(store, catalogue, collection),
        notes=(note,) if note else (),
    )


@contextmanager
def writing(home: Home, on_wait: Callable[[], None], timeout_s: float = -1) -> Iterator[None]:
    """Hold the writer lock; `on_wait` is told once when another process has it.

    Raises:
        BackendError: The lock cannot be made, or was not free within `timeout_s` (negative waits for ever).
    """
    url = postgres_url()
    if url:  # the lock of all machines; the one of this home comes first, as everywhere
        with _writing_here(home, on_wait, timeout_s), shared_writer_lock(url, on_wait, timeout_s):
            yield
        return
    with _writing_here(home, on_wait, timeout_s):
        yield


@contextmanager
def _writing_here(home: Home, on_wait: Callable[[], None], timeout_s: float) -> Iterator[None]:
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home.writer_lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire(timeout=timeout_s)
    except Timeout as error:
        raise BackendError(
            f"{home.writer_lock}: another kb process is writing",
            hint="run the command again when it has ended",
            click="try again when it has ended",
        ) from error
    except OSError as error:
        raise disk_fault(home.root, error) or BackendError(f"{home.root}: {error}", hint="kb doctor") from error
    try:
        yield
    finally:
        lock.release()
