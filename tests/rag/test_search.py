"""Search over a real catalogue and a real index; only the embedder is a toy (a hashed bag of words)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import RagSettings, Settings
from tests.support.word_collection import PAGES, Collection


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
