"""Search over a real catalogue and a real index; only the embedder is a toy (a hashed bag of words)."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.settings import RagSettings, Settings
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


@pytest.fixture
def filings(tmp_path: Path) -> Collection:
    collection = Collection(tmp_path, Settings())
    for name in ("ORION", "QUADRANT", "TELLURIAN"):
        for year in (2020, 2021):
            collection.add(f"{name}_{year}_10K.pdf", [page.format(name=name.title(), year=year) for page in PAGES])
    return collection


def test_the_document_that_is_named_comes_first(filings: Collection) -> None:
    for name in ("Orion", "Quadrant", "Tellurian"):
        for year in (2020, 2021):
            (hit, *_) = filings.searcher.search(f"What dividend did the board of {name} declare in FY{year}?", 3)
            assert (hit.doc, hit.page) == (f"{name.upper()}_{year}_10K.pdf", 1)


def test_a_figure_is_looked_for_where_the_figures_are(tmp_path: Path) -> None:
    collection = Collection(tmp_path, Settings())
    collection.add("report.pdf", ["Dividends of the year", "Dividends of the year 120411801002"])
    (first, *_) = collection.searcher.search("Who proposed the dividends of the year?", 2)
    assert first.page == 0
    explanation = collection.searcher.explain("How much were the dividends of the year?", 2)
    assert [page.page for page in explanation.pages] == [1, 0]
    assert explanation.pages[0].figures > explanation.pages[1].figures == 0.0


def test_hits_are_whole_ordered_and_pages_come_first(filings: Collection) -> None:
    hits = filings.searcher.search("What dividend did Orion declare in FY2021?", 24)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({(hit.sha256, hit.page) for hit in hits[:18]}) == 18
    assert len({(hit.sha256, hit.page, hit.start) for hit in hits}) == 24
    for hit in hits:
        page = filings.catalogue.page("default", hit.sha256, hit.page)
        assert page.text[hit.start : hit.end] == hit.text
        assert hit.ranks
        assert (hit.dense is not None) == ("dense" in hit.ranks)


def test_filters_by_document_and_page(filings: Collection) -> None:
    wanted = {document.sha256 for document in filings.catalogue.documents("default") if "2020" in document.doc}
    hits = filings.searcher.search("dividends of Orion in 2021", 50, docs=wanted, pages=[1])
    assert hits
    assert {(hit.sha256, hit.page) for hit in hits} == {(sha256, 1) for sha256 in wanted}
    assert filings.searcher.search("dividends", 5, docs=[]) == []


def test_the_explanation_adds_up_and_is_json(filings: Collection) -> None:
    explanation = filings.searcher.explain("How much were Orion's dividends in 2021?", 4)
    assert explanation.hits == filings.searcher.search(explanation.query, 4)
    assert explanation.asks_for_number
    for page in explanation.pages:
        assert page.score == pytest.approx(page.text + page.route + page.figures)
    best = explanation.pages[0]
    assert best.sha256 in explanation.named
    assert explanation.route.reasons[best.sha256]
    assert json.loads(json.dumps(explanation.to_json()))["route"]["periods"] == [{"year": 2021, "quarter": 0}]


def test_a_document_that_comes_later_is_routed_too(filings: Collection) -> None:
    filings.searcher.search("anything", 1)
    filings.add("VESPER_2021_10K.pdf", [page.format(name="Vesper", year=2021) for page in PAGES])
    (hit, *_) = filings.searcher.search("What dividend did the board of Vesper declare in FY2021?", 1)
    assert hit.doc == "VESPER_2021_10K.pdf"


def test_what_the_catalogue_has_lost_is_not_shown(filings: Collection) -> None:
    question = "What dividend did the board of Orion declare in FY2021?"
    (first, *_) = filings.searcher.search(question, 1)
    filings.catalogue.forget("default", first.sha256)
    hits = filings.searcher.search(question, 5)
    assert len(hits) == 5
    assert first.sha256 not in {hit.sha256 for hit in hits}


def test_without_the_router_nothing_is_named(tmp_path: Path) -> None:
    settings = Settings(rag=RagSettings.model_validate({"router_weight": 0}))
    collection = Collection(tmp_path, settings)
    collection.add("ORION_2020.pdf", ["Orion pays dividends."])
    explanation = collection.searcher.explain("Orion 2020", 3)
    assert explanation.named == []
    assert explanation.route.scores == {}
    assert explanation.hits


def test_an_empty_collection_finds_nothing(tmp_path: Path) -> None:
    assert Collection(tmp_path, Settings()).searcher.search("Orion", 5) == []


def test_search_loads_no_model_library() -> None:
    code = "import sys, rag.search; print([m for m in sys.modules if m.split('.')[0] in {'langchain_core', 'torch'}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"
