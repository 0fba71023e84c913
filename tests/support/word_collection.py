"""A small collection over a real catalogue and a real index; only its embedder is a toy (a hashed bag of words)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.settings import Settings
from core.types import Chunk, Page
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue, Finished
from rag.embed.base import EmbedderIdentity
from rag.ingest.header import chunk_header
from rag.search.cues import words
from rag.search.profile import build_profile
from rag.search.search import Searcher
from rag.store.base import indexed_text, sync
from rag.store.lance import LanceStore
from tests.support.documents import new_document

DIMENSION = 256


class BagOfWords:
    """Counts words in hashed buckets: similar texts have similar vectors, and nothing is learnt."""

    identity = EmbedderIdentity(model="bag", dimension=DIMENSION, pooling="mean", max_tokens=10_000)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector = np.full(DIMENSION, 1e-3, np.float32)
        for word in words(text):
            vector[zlib.crc32(word.key.encode()) % DIMENSION] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(words(text)) + 2 for text in texts]


class Collection:
    """A collection that grows document by document."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.embedder = BagOfWords()
        self.catalogue = Catalogue(root / "catalogue.sqlite", create=True)
        self.catalogue.set_collection("default", self.embedder.identity.to_json())
        self.store = LanceStore(root / "index", "default", DIMENSION)
        self.searcher = Searcher(
            store=self.store, catalogue=self.catalogue, embedder=self.embedder, settings=settings, collection="default"
        )

    def add(self, doc: str, pages: Sequence[str]) -> str:
        """Add a document of which every line is a chunk; returns its hash."""
        new = new_document(doc, [doc, *pages])
        document, _ = self.catalogue.stage("default", new, {})
        with self.catalogue.transaction():
            for index, text in enumerate(pages):
                page = Page(index=index, text=text)
                self.catalogue.add_pages(document, [page], self._rows(new.sha256, doc, page))
            profile = build_profile(new.sha256, doc, "", {}, pages[:2])
            done = Finished(title=doc, profile=profile.to_json(), status="indexed", n_pages=len(pages))
            self.catalogue.finish(document, f"/docs/{doc}", done)
        sync(self.store, self.catalogue, "default")
        self.store.optimize()
        return new.sha256

    def _rows(self, sha256: str, doc: str, page: Page) -> list[EmbeddedChunk]:
        rows, start = [], 0
        for line in page.text.split("\n"):
            chunk = Chunk(
                sha256=sha256,
                page=page.index,
                start=start,
                end=start + len(line),
                text=line,
                header=chunk_header("", doc, page, {}),
            )
            rows.append(EmbeddedChunk(chunk, self.embedder.embed_query(indexed_text(chunk))))
            start += len(line) + 1
        return rows


PAGES = [
    "{name} Corporation\nAnnual report {year}\nThe board thanks everyone.",
    "Dividends\nThe board declared a dividend to the holders of common stock.\nThe dividend is paid every quarter.",
    "Cash flows\nDividends paid 1,204 1,180 1,002\nCapital expenditures 3,310 2,998 2,750",
]
