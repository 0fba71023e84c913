"""Candidates of a real search: they rank as the search does, and under other weights as the search under those."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import ConfigError
from core.settings import RagSettings, Settings
from rag.search.search import Searcher
from rag.search.tuned import SearchTuning, SearchWeights
from rag.tuning.candidates import CandidateMiner
from rag.tuning.questions import TuningQuestion
from tests.support.word_collection import Collection

BASE = SearchWeights.of(RagSettings())


def questions(collection: Collection) -> list[TuningQuestion]:
    return [
        TuningQuestion(text=text.format(document.doc.split("_")[0].title()), answer=answer, sha256=sha256, pages=pages)
        for document in collection.catalogue.documents("default")
        for sha256 in [document.sha256]
        for text, answer, pages in (
            ("How much were the dividends paid by {}?", "1,204", frozenset({2})),
            ("Who thanks everyone in the report of {}?", "The board", frozenset({0})),
        )
    ]


# Scores that differ by less are equal: vectors of one question differ a little alone and in a batch, more on some CPUs.
TIE = 1e-4


def miner(collection: Collection) -> CandidateMiner:
    return CandidateMiner(collection.searcher, collection.catalogue, "default", collection.embedder, BASE)


@pytest.mark.parametrize(
    "weights", [BASE, replace(BASE, bm25=2.0), replace(BASE, router=3.0, figures=0.0), replace(BASE, figures=6.0)]
)
def test_they_rank_as_a_search_under_these_weights(filings: Collection, weights: SearchWeights) -> None:
    asked = questions(filings)
    candidates = miner(filings).mine(asked)
    ranks = candidates.reciprocal_ranks(candidates.scores(weights))
    tuning = SearchTuning(collection="default", embedder={}, base=BASE, weights=weights)
    searcher = Searcher(
        store=filings.store,
        catalogue=filings.catalogue,
        embedder=filings.embedder,
        settings=Settings(),
        collection="default",
        tuning=tuning,
    )
    for question, rank in zip(asked, ranks, strict=True):
        pages = [(page.sha256, page.page) for page in searcher.explain(question.text, 1).pages]
        scores = {(page.sha256, page.page): page.score for page in searcher.explain(question.text, 1).pages}
        gold = max(scores[page] for page in question.gold)
        # Pages of equal scores: the search goes by name, the candidates by what a batch of questions rounds to.
        best, worst = (
            sum(scores[page] > gold + by for page in pages if page not in question.gold) for by in (TIE, -TIE)
        )
        assert 1 / (1 + worst) <= rank <= 1 / (1 + best)


def test_pages_with_the_answer_are_no_certain_negatives(filings: Collection) -> None:
    asked = questions(filings)[:1]
    candidates = miner(filings).mine(asked)
    assert candidates.gold.sum() == 1 and not (candidates.gold & candidates.doubtful).any()
    assert candidates.doubtful.sum() == 5  # the same figures in the other five filings


def test_searching_ends_when_it_is_told_and_needs_pages(filings: Collection) -> None:
    seen: list[tuple[int, int]] = []
    asked = questions(filings)
    candidates = miner(filings).mine(asked, on_question=lambda *step: seen.append(step), stop=lambda: len(seen) == 3)
    assert seen == [(1, 12), (2, 12), (3, 12)] and len(candidates.queries) == 3
    np.testing.assert_allclose(np.linalg.norm(candidates.vectors, axis=1), 1, atol=1e-3)
    with pytest.raises(ConfigError, match="no question is about a page"):
        miner(filings).mine([replace(asked[0], pages=frozenset({77}))])
