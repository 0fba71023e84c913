"""LangChain's standard suites over kb's own retriever and embedder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from core.files import Home
from core.settings import Settings
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder
from rag.ingest.ingest import Ingest
from rag.open import embedder_of, open_store
from rag.search.langchain_view import KbEmbeddings, KbRetriever, open_retriever

pytestmark = pytest.mark.weights

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def filled(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home, settings = Home(tmp_path_factory.mktemp("kb-home")), Settings()
    home.models.symlink_to(weights)
    embedder = embedder_of(settings, home)
    run = Ingest(
        home=home,
        catalogue=Catalogue(home.catalogue, create=True),
        embedder=embedder,
        settings=settings,
        store=open_store(settings, home, "default", embedder.identity.dimension),
        collection="default",
    )
    paths = [EXAMPLES / "handbook.pdf", EXAMPLES / "manual.pdf"]
    run.run([(path, str(path)) for path in paths])
    yield home


class TestRetrieverStandard(RetrieversIntegrationTests):
    home: ClassVar[Home]

    @pytest.fixture(autouse=True)
    def _filled(self, filled: Home) -> None:
        type(self).home = filled

    @property
    def retriever_constructor(self) -> Any:
        return lambda **options: open_retriever(Settings(), self.home, "default", **options)

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {}

    @property
    def retriever_query_example(self) -> str:
        return "What is the limit for guests?"

    # Their fixture builds the retriever before ours has run.
    @pytest.fixture
    def retriever(self, filled: Home) -> BaseRetriever:
        return open_retriever(Settings(), filled, "default")


@pytest.fixture(scope="module")
def embedder(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    home = Home(tmp_path_factory.mktemp("kb-home"))
    home.models.symlink_to(weights)
    return embedder_of(Settings(), home)


class EmbeddingsOfMiniLM:
    """What both standard suites of embeddings are told."""

    embedder: ClassVar[Embedder]

    @pytest.fixture(autouse=True)
    def _opened(self, embedder: Embedder) -> None:
        type(self).embedder = embedder

    @property
    def embeddings_class(self) -> type[KbEmbeddings]:
        return KbEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embedder": self.embedder}

    @pytest.fixture
    def model(self, embedder: Embedder) -> KbEmbeddings:
        return KbEmbeddings(embedder)


class TestEmbeddingsUnit(EmbeddingsOfMiniLM, EmbeddingsUnitTests):
    pass


class TestEmbeddingsIntegration(EmbeddingsOfMiniLM, EmbeddingsIntegrationTests):
    pass


def test_metadata_say_where_a_passage_stands(filled: Home) -> None:
    retriever = open_retriever(Settings(), filled, "default", k=3)
    assert isinstance(retriever, KbRetriever)
    found = retriever.invoke("What is the limit for guests?")
    assert len(found) == 3
    catalogue = Catalogue(filled.catalogue)
    for document in found:
        place = document.metadata
        page = catalogue.page("default", place["sha256"], place["page"])
        assert page.text[place["start"] : place["end"]] == document.page_content
        assert place["doc"] in ("handbook.pdf", "manual.pdf")
    assert [document.metadata["score"] for document in found] == sorted(
        (document.metadata["score"] for document in found), reverse=True
    )


def test_any_thread_may_ask(filled: Home) -> None:
    retriever = open_retriever(Settings(), filled, "default", k=2)
    questions = ["What is the limit for guests?", "How is the pump cleaned?", "Who signs?"]
    alone = [retriever.invoke(question) for question in questions]
    assert retriever.batch(questions) == alone

    async def together() -> list[Any]:
        return list(await asyncio.gather(*(retriever.ainvoke(question) for question in questions)))

    assert asyncio.run(together()) == alone
