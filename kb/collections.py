"""Open collections, one set for each thread, opened again when another process changed what lies beneath.

SQLite connections belong to the thread that made them. What other processes ingest or forget shows without reopening; a
collection that was rebuilt, restored or embedded anew is opened again at its next use.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import BackendError, ConfigError
from core.types import Hit
from kb.workspace import Workspace
from rag.answer.answer import Answerer
from rag.catalogue.database import catalogue_exists
from rag.catalogue.postgres import postgres_url
from rag.catalogue.reader import CatalogueReader
from rag.open import Knowledge, open_knowledge

_Stamp = tuple[tuple[int, int] | None, tuple[int, int] | None, tuple[int, int] | None, dict[str, object]]


@dataclass(slots=True)
class _OpenCollection:
    """An open collection.

    Attributes:
        stamp: Catalogue file, index folder, tuning of the search and embedder when it was opened.
        answerers: By model spelling; they keep the vectors of sentences they have embedded.
    """

    knowledge: Knowledge
    stamp: _Stamp
    answerers: dict[str, Answerer] = field(default_factory=dict)


class Collections:
    """The collections of a home; any thread may call.

    Args:
        workspace: Store, embedder and home.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._local = threading.local()

    def catalogue(self) -> CatalogueReader:
        """Return this thread's catalogue.

        Raises:
            ConfigError: Nothing has been ingested into this home.
        """
        path = self._workspace.home.catalogue
        inode = 0 if postgres_url() else _inode(path)
        if inode is None:
            raise ConfigError("nothing has been ingested yet", hint="kb ingest PATH", click="Documents > Add files")
        if getattr(self._local, "catalogue_inode", None) != inode:
            self._local.catalogue = CatalogueReader(path)
            self._local.catalogue_inode = inode
        catalogue: CatalogueReader = self._local.catalogue
        return catalogue

    def has(self, collection: str) -> bool:
        """Tell whether a collection exists."""
        return catalogue_exists(self._workspace.home.catalogue) and collection in self.catalogue().collections()

    def require(self, collection: str) -> CatalogueReader:
        """Return this thread's catalogue, which holds the collection.

        Raises:
            ConfigError: There is no such collection.
        """
        catalogue = self.catalogue()
        catalogue.require_collection(collection)
        return catalogue

    def knowledge(self, collection: str) -> Knowledge:
        """Return this thread's open collection.

        Raises:
            ConfigError: There is no such collection, or another model embedded it.
            MissingExtra: The embedder's weights are absent.
        """
        return self._opened(collection).knowledge

    def answerers(self, collection: str) -> dict[str, Answerer]:
        """Return this thread's answerers over a collection, by model; they go when the collection is reopened."""
        return self._opened(collection).answerers

    def search(
        self,
        collection: str,
        query: str,
        k: int,
        docs: Sequence[str] | None = None,
        pages: Sequence[int] | None = None,
    ) -> list[Hit]:
        """Search; an index that was rebuilt underneath is opened again.

        Args:
            docs: Only these documents, by hash.
            pages: Only these 0-based pages.

        Raises:
            KbError: As `Searcher.search`.
        """
        try:
            return self.knowledge(collection).searcher.search(query, k, docs=docs, pages=pages)
        except BackendError:
            self._all().pop(collection, None)
            return self.knowledge(collection).searcher.search(query, k, docs=docs, pages=pages)

    def close(self) -> None:
        """Close what the calling thread has open; what it asks for later is opened again."""
        for opened in self._all().values():
            opened.knowledge.catalogue.close()
        self._all().clear()
        if hasattr(self._local, "catalogue"):
            self._local.catalogue.close()
            del self._local.catalogue, self._local.catalogue_inode

    def _opened(self, collection: str) -> _OpenCollection:
        identity = self.require(collection).require_collection(collection)
        home = self._workspace.home
        files = (home.catalogue, home.index / f"{collection}.lance", home.search_tuning(collection))
        stamp = (_inode(files[0]), _inode(files[1]), _inode(files[2]), identity)
        opened = self._all().get(collection)
        if opened is None or opened.stamp != stamp:
            knowledge = open_knowledge(self._workspace.settings, home, collection)
            opened = self._all()[collection] = _OpenCollection(knowledge, stamp)
        return opened

    def _all(self) -> dict[str, _OpenCollection]:
        if not hasattr(self._local, "opened"):
            self._local.opened = {}
        opened: dict[str, _OpenCollection] = self._local.opened
        return opened


def _inode(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is replaced, and not when it is written to."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
