"""What kb offers to chains of LangChain: its search as a retriever, its embedder as `Embeddings`.

Imports LangChain, so nothing on the way of `kb search` imports this. Knows no store and no model.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import SkipValidation

from core.files import Home
from core.settings import Settings
from core.types import Hit, Retriever
from rag.embed.base import Embedder
from rag.open import open_knowledge


class KbEmbeddings(Embeddings):
    """An embedder of ours as LangChain knows them; prefixes for queries and documents are its own business."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector a text, in order.

        Raises:
            ValueError: A text is longer than the model reads.
        """
        vectors: list[list[float]] = self._embedder.embed_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a query; a long one is cut."""
        vector: list[float] = self._embedder.embed_query(text).tolist()
        return vector


class KbRetriever(BaseRetriever):
    """`kb search` for a chain: passages whose metadata say where they stand.

    `metadata` holds `doc`, `sha256`, `page` (0-based), `start` and `end` (code points of that page), `title` and
    `score`, which compares inside one result only; `id` is the chunk's.

    Attributes:
        source: A search whose calls may come from any thread; `open_retriever` makes one of a collection.
        k: Passages a question gets, unless the call says otherwise.
    """

    source: SkipValidation[Retriever]
    k: int = 8

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002
        k: int | None = None,
    ) -> list[Document]:
        return [_document(hit) for hit in self.source.search(query, self.k if k is None else k)]


class OneThread:
    """A `Retriever` for any thread over one that is bound to its own, as every open catalogue is."""

    def __init__(self, make: Callable[[], Retriever]) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="retriever")
        self._source = self._pool.submit(make).result()

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` hits, best first."""
        return list(self._pool.submit(self._source.search, query, k).result())


def open_retriever(settings: Settings, home: Home, collection: str, **options: Any) -> KbRetriever:
    """Open a collection as a retriever; `options` are fields of `KbRetriever` or of LangChain's own.

    Raises:
        ConfigError: There is no such collection, or another model embedded it.
        MissingExtra: The embedder's weights are not there.
        BackendError: The store's server does not answer.
    """
    source = OneThread(lambda: open_knowledge(settings, home, collection).searcher)
    return KbRetriever(**{"source": source, "k": settings.rag.top_k, **options})


def _document(hit: Hit) -> Document:
    place = {"doc": hit.doc, "sha256": hit.sha256, "page": hit.page, "start": hit.start, "end": hit.end}
    return Document(
        id=f"{hit.sha256}:{hit.page}:{hit.start}:{hit.end}",
        page_content=hit.text,
        metadata={**place, "title": hit.title, "score": hit.score},
    )
