"""A kb collection in Weaviate as the `WeaviateVectorStore` of langchain-weaviate, for chains that want one.

A view to read through: the catalogue is the truth, what is written here it does not know, and the next `kb reindex`
removes. Its search is the server's own hybrid; `kb search` fuses and routes by itself and does not use this.
"""

from __future__ import annotations

import warnings
from typing import Any

from langchain_core.embeddings import Embeddings

from core.errors import BackendError
from rag.store.weaviate.client import HybridFusion
from rag.store.weaviate.schema import CHUNK_ID, PAGE, SHA256, TERMS, TEXT, searched_terms
from rag.store.weaviate.store import WeaviateStore

with warnings.catch_warnings():  # as in `rag.store.weaviate.client`
    from langchain_weaviate import WeaviateVectorStore


class HybridView(WeaviateVectorStore):
    """Langchain-weaviate's object with the settings of its hybrid search spelled out, since defaults have changed.

    `page_content` is what was indexed, a chunk's header and text; `metadata` holds `chunk_id` (hash, 0-based page,
    start and end in code points, joined by colons), `sha256` and `page`. Every argument of Weaviate's hybrid query
    may be given with a call and replaces ours.

    Args:
        store: An open index; the view keeps its connection.
        embeddings: Of the model that embedded the collection.
        alpha: Share of the vectors, 0 to 1; the rest is BM25's.
    """

    def __init__(self, store: WeaviateStore, embeddings: Embeddings, *, alpha: float) -> None:
        super().__init__(
            store.connection.client,
            store.weaviate_name,
            TEXT,
            embedding=embeddings,
            attributes=[CHUNK_ID, SHA256, PAGE],
        )
        self._store = store
        self._ours: dict[str, Any] = {
            "alpha": alpha,
            "fusion_type": HybridFusion.RELATIVE_SCORE,
            "query_properties": [TERMS],
        }

    def _perform_search(self, query: str | None, k: int, *args: Any, **kwargs: Any) -> Any:
        search_arguments: dict[str, Any] = {**self._ours, "return_properties": [TEXT, CHUNK_ID, SHA256, PAGE], **kwargs}
        # The vector is the question's, the words are stemmed as the index is.
        if query is not None and search_arguments["query_properties"] == [TERMS]:
            search_arguments.setdefault("vector", self._embedding.embed_query(query) if self._embedding else None)
            query = searched_terms(query)
        return super()._perform_search(query, k, *args, **search_arguments)


def open_view(store: WeaviateStore, embeddings: Embeddings, *, alpha: float) -> WeaviateVectorStore:
    """Return the view of an index.

    Raises:
        BackendError: The server does not answer, or the index holds nothing.
    """
    # Langchain-weaviate would create what is not there, with properties of its own choosing.
    if store.stored_dimension() is None:
        raise BackendError("the index in Weaviate is empty", hint="kb ingest --store weaviate PATH")
    return HybridView(store, embeddings, alpha=alpha)
