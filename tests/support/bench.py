"""The parts that ingest documents into a home."""

from __future__ import annotations

from pathlib import Path

from core.files import Home
from core.settings import Settings
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder
from rag.ingest.ingest import FileResult, Ingest
from rag.open import open_store


class Bench:
    """A home with its parts, as the command line puts them together."""

    def __init__(self, home: Home, embedder: Embedder, settings: Settings | None = None) -> None:
        self.home = home
        self.embedder = embedder
        self.settings = settings or Settings()
        self.catalogue = Catalogue(home.catalogue, create=True)
        self.store = open_store(self.settings, home, "default", embedder.identity.dimension)

    def ingest(self, *paths: Path, collection: str = "default", password: str | None = None) -> list[FileResult]:
        run = Ingest(
            home=self.home,
            catalogue=self.catalogue,
            store=self.store,
            embedder=self.embedder,
            settings=self.settings,
            collection=collection,
        )
        return run.run([(path, str(path)) for path in paths], password=password)
