"""LangChain's standard suite over the view of a collection in a real Weaviate, and what kb sees through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from core.errors import BackendError
from core.files import Home
from core.types import Page
from rag.embed.base import EmbedderIdentity
from rag.open import open_store
from rag.search.langchain_view import KbEmbeddings
from rag.store.weaviate.store import WeaviateStore
from rag.store.weaviate.view import HybridView, open_view
from tests.support.documents import DIMENSION, rows_of, sha_of, vector_of
from tests.support.live_weaviate import Node, one_server

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with one_server(tmp_path_factory.mktemp("weaviate")) as node:
        yield node


def opened(node: Node, home: Home, dimension: int) -> WeaviateStore:
    store = open_store(node.settings(), home, "default", dimension)
    assert isinstance(store, WeaviateStore)
    return store


_UUID = "ids of the suite are '1', '2', 'foo'; Weaviate's are UUIDs, and langchain-weaviate passes on what it gets"
_GET = "langchain-weaviate 0.0.8 has no get_by_ids, which the test reads back with"
_RESERVED = "documents of the suite carry a metadatum 'id', a name that Weaviate reserves and langchain-weaviate drops"
# Tests that cannot pass, their asynchronous twins included. What they need is writing; kb writes with its own client.
EXPECTED_FAILURES = {
    "test_add_documents": _RESERVED,
    "test_add_documents_documents": _RESERVED,
    "test_deleting_documents": _UUID,
    "test_deleting_bulk_documents": _UUID,
    "test_delete_missing_content": _UUID,
    "test_add_documents_with_ids_is_idempotent": _UUID,
    "test_add_documents_by_id_with_mutation": _UUID,
    "test_add_documents_with_existing_ids": _UUID,
    "test_get_by_ids": _UUID,
    "test_get_by_ids_missing": _GET,
}


class TestViewStandard(VectorStoreIntegrationTests):
    """The view is for reading; the suite writes through it into a collection of kb's making."""

    @pytest.fixture(autouse=True)
    def _expect(self, request: pytest.FixtureRequest) -> None:
        reason = EXPECTED_FAILURES.get(request.node.originalname.removesuffix("_async"))
        if reason:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

    @pytest.fixture
    def vectorstore(self, server: Node, tmp_path: Path) -> Iterator[VectorStore]:
        store = opened(server, Home(tmp_path / "home"), self.get_embeddings().size)
        rows = rows_of(sha_of("first"), Page(index=0, text="first"))
        store.add([type(rows[0])(rows[0].chunk, np.ones(self.get_embeddings().size, dtype=np.float32))])
        store.drop({sha_of("first")})
        yield HybridView(store, self.get_embeddings(), alpha=0.7)
        store.clear()

    @staticmethod
    def get_embeddings() -> DeterministicFakeEmbedding:
        return DeterministicFakeEmbedding(size=6)


class Seeded:
    """An embedder whose vectors depend on the text alone."""

    identity = EmbedderIdentity(model="seeded", dimension=DIMENSION, pooling="mean", max_tokens=512)

    def embed_documents(self, texts: list[str]) -> np.ndarray:  # type: ignore[type-arg]
        return np.stack([vector_of(text) for text in texts])

    def embed_query(self, text: str) -> np.ndarray:  # type: ignore[type-arg]
        return vector_of(text)

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def test_the_view_shows_what_kb_indexed(server: Node, home: Home) -> None:
    store = opened(server, home, DIMENSION)
    embeddings = KbEmbeddings(Seeded())  # type: ignore[arg-type]
    with pytest.raises(BackendError, match="is empty"):
        open_view(store, embeddings, alpha=0.5)
    sha256 = sha_of("birds")
    store.add(rows_of(sha256, Page(index=3, text="the heron nests in reeds\nthe tide table of spring\nlow water")))
    words = open_view(store, embeddings, alpha=0.0).similarity_search("herons nesting", k=1)
    assert words[0].page_content == "made up\nthe heron nests in reeds"
    assert words[0].metadata == {"chunk_id": f"{sha256}:3:0:24", "sha256": sha256, "page": 3}
    vectors = open_view(store, embeddings, alpha=1.0)
    assert vectors.similarity_search("low water", k=1)[0].page_content == "made up\nlow water"
    assert vectors.similarity_search("low water", k=1, alpha=0.0, query_properties=["terms"])[0].metadata["page"] == 3
    assert len(vectors.as_retriever(search_kwargs={"k": 2}).invoke("tide")) == 2
