"""Collections as one worker thread has them open, opened again when something outside changed what lies beneath.

A catalogue's connection belongs to the thread that made it, so every thread has its own. Ingesting and forgetting by
other processes shows without a restart; so does a collection that was rebuilt, restored or embedded anew. Loads no
chat model.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import BackendError, ConfigError
from core.files import Home
from core.settings import Settings
from core.types import Hit
from rag.answer.answer import Answerer
from rag.catalogue.reader import CatalogueReader
from rag.open import Knowledge, open_knowledge
from serve.errors import NotFound


@dataclass(slots=True)
class _OpenCollection:
    """An open collection.

    Attributes:
        stamp: What it was when it was opened.
        answerers: By model spelling; they remember sentences they have embedded.
    """

    knowledge: Knowledge
    stamp: tuple[Any, ...]
    answerers: dict[str, Answerer] = field(default_factory=dict)


class ThreadCollections:
    """What the calling thread has open.

    Args:
        settings: Store, embedder and weights.
        home: Where state lives.
    """

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._local = threading.local()

    def catalogue(self) -> CatalogueReader:
        """Return this thread's catalogue.

        Raises:
            NotFound: Nothing was ever ingested here.
        """
        stamp = _inode(self._home.catalogue)
        if stamp is None:
            raise NotFound("nothing has been ingested yet", hint="kb ingest PATH")
        if getattr(self._local, "catalogue_stamp", None) != stamp:
            self._local.catalogue = CatalogueReader(self._home.catalogue)
            self._local.catalogue_stamp = stamp
        catalogue: CatalogueReader = self._local.catalogue
        return catalogue

    def has(self, collection: str) -> bool:
        """Tell whether a collection exists."""
        return self._home.catalogue.exists() and collection in self.catalogue().collections()

    def require(self, collection: str) -> CatalogueReader:
        """Return this thread's catalogue, which holds the collection.

        Raises:
            NotFound: There is no such collection.
        """
        catalogue = self.catalogue()
        try:
            catalogue.require_collection(collection)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint) from error
        return catalogue

    def knowledge(self, collection: str) -> Knowledge:
        """Return this thread's open collection.

        Raises:
            NotFound: There is no such collection.
            ConfigError: Another model embedded it.
            MissingExtra: The embedder's weights are not there.
        """
        return self._held(collection).knowledge

    def answerers(self, collection: str) -> dict[str, Answerer]:
        """Return this thread's answerers over a collection, by model; they go when the collection is reopened."""
        return self._held(collection).answerers

    def search(
        self, collection: str, query: str, k: int, docs: Sequence[str] | None, pages: Sequence[int] | None
    ) -> list[Hit]:
        """Search; an index that was rebuilt underneath is opened again.

        Raises:
            KbError: As `Searcher.search`.
        """
        try:
            return self.knowledge(collection).searcher.search(query, k, docs=docs, pages=pages)
        except BackendError:
            self._all().pop(collection, None)
            return self.knowledge(collection).searcher.search(query, k, docs=docs, pages=pages)

    def _held(self, collection: str) -> _OpenCollection:
        identity = self.require(collection).require_collection(collection)
        table = self._home.index / f"{collection}.lance"
        stamp = (_inode(self._home.catalogue), _inode(table), identity)
        held = self._all().get(collection)
        if held is None or held.stamp != stamp:
            held = _OpenCollection(open_knowledge(self._settings, self._home, collection), stamp)
            self._all()[collection] = held
        return held

    def _all(self) -> dict[str, _OpenCollection]:
        if not hasattr(self._local, "held"):
            self._local.held = {}
        held: dict[str, _OpenCollection] = self._local.held
        return held


def _inode(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is replaced, and not when it is written to."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
