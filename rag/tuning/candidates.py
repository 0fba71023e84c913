"""What the search finds for questions with known pages, laid out so that other weights and query vectors can be tried.

A page is a candidate with the chunks that the search found on it; those that are not gold are the hard negatives. All
arrays are flat: chunks are ordered by page, and pages by question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from core.metrics import normalised
from core.types import Chunk
from rag.catalogue.reader import CatalogueReader
from rag.embed.base import Embedder
from rag.search.cues import digit_share
from rag.search.rank import PageKey, by_page, fused, shares
from rag.search.search import FIGURES_COSINE, MOST_DIGITS, ROUTE_COSINE, Explanation, Searcher
from rag.search.tuned import QueryAdapter, SearchWeights
from rag.tuning.questions import TuningQuestion

# Pages of a question that compete, and chunks of a page that may be its best.
MOST_PAGES = 50
CHUNKS_PER_PAGE = 3
_BLOCK = 1 << 15
_TEXTS = 4096

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Questions (q), their pages (p) and the chunks of those (n); vectors are unit vectors of d dimensions.

    Attributes:
        queries: float32, `(q, d)`, as embedded.
        vectors: Of distinct chunks, float32, `(m, d)`.
        rows: Row of `vectors` of each chunk, `(n,)`.
        floor: Least cosine of each chunk, `(n,)`: one that the dense list lacks counts as its last.
        lexical: Share of the best BM25 score, `(n,)`.
        page_of_chunk: `(n,)`.
        route: Cosine for what the router says of the page's document, at weight 1, `(p,)`.
        figures: Cosine for its digits where a figure is asked for, at weight 1, `(p,)`.
        gold: Whether a page answers its question, `(p,)`.
        doubtful: Whether another page holds the answer's words, too, `(p,)`.
        question_of_page: `(p,)`.
    """

    queries: Floats
    vectors: Floats
    rows: Indices
    floor: Floats
    lexical: Floats
    page_of_chunk: Indices
    route: Floats
    figures: Floats
    gold: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    question_of_page: Indices

    @property
    def first_chunks(self) -> Indices:
        """Index of the first chunk of each page, `(p,)`."""
        return np.searchsorted(self.page_of_chunk, np.arange(len(self.gold)))

    @property
    def first_pages(self) -> Indices:
        """Index of the first page of each question, `(q,)`."""
        return np.searchsorted(self.question_of_page, np.arange(len(self.queries)))

    def cosines(self, queries: Floats) -> Floats:
        """Return the cosine of each chunk with the query of its question, `(n,)`."""
        question = self.question_of_page[self.page_of_chunk]
        cosines = np.empty(len(self.rows), np.float32)
        for start in range(0, len(self.rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            cosines[part] = np.vecdot(self.vectors[self.rows[part]], queries[question[part]])
        return np.maximum(cosines, self.floor)

    def best_chunks(self, cosines: Floats, weights: SearchWeights) -> Indices:
        """Return the index of the best chunk of each page, `(p,)`."""
        scores = weights.dense * cosines + weights.bm25 * self.lexical
        # Ordered by page, the best first.
        order = np.lexsort((-scores, self.page_of_chunk))
        return order[self.first_chunks]

    def scores(self, weights: SearchWeights, adapter: QueryAdapter | None = None) -> NDArray[np.float64]:
        """Return the score of each page as the search would give it, `(p,)`."""
        cosines = self.cosines(self.queries if adapter is None else adapter(self.queries))
        best = self.best_chunks(cosines, weights)
        scores: NDArray[np.float64] = (
            weights.dense * cosines[best].astype(np.float64)
            + weights.bm25 * self.lexical[best]
            + weights.router * self.route
            + weights.figures * self.figures
        )
        return scores

    def reciprocal_ranks(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 1 / rank of the best gold page of each question, `(q,)`."""
        best = np.maximum.reduceat(np.where(self.gold, scores, -np.inf), self.first_pages)
        ahead = (scores > best[self.question_of_page]) & ~self.gold
        ranks: NDArray[np.float64] = 1 / (1 + np.add.reduceat(ahead.astype(np.float64), self.first_pages))
        return ranks


@dataclass(frozen=True, slots=True)
class _PageRow:
    """A candidate page of one question."""

    chunks: Sequence[str]
    route: float
    figures: float
    gold: bool
    doubtful: bool


class CandidateMiner:
    """Searches for questions and keeps what competed.

    Args:
        searcher: The search, as the settings have it.
        catalogue: Where pages, chunks and vectors are read.
        collection: Its name.
        embedder: The model that embedded it.
        weights: Of the search, to choose the pages that compete.
    """

    def __init__(
        self,
        searcher: Searcher,
        catalogue: CatalogueReader,
        collection: str,
        embedder: Embedder,
        weights: SearchWeights,
    ) -> None:
        self._searcher = searcher
        self._catalogue = catalogue
        self._collection = collection
        self._embedder = embedder
        self._weights = weights
        self._folded = lru_cache(maxsize=_TEXTS)(self._folded_page)
        self._chunks_of = lru_cache(maxsize=_TEXTS)(self._chunks_by_page)

    def mine(
        self,
        questions: Sequence[TuningQuestion],
        *,
        on_question: Callable[[int, int], None] = lambda _done, _total: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Candidates:
        """Return the candidates of the questions; those whose page holds no chunk are left out.

        Args:
            questions: In the order in which they are searched.
            on_question: Called with questions done and their total.
            stop: Told after every question whether to leave out the rest.

        Raises:
            ConfigError: No question has a page that the collection holds.
        """
        layout = _Layout()
        for done, question in enumerate(questions, start=1):
            self._add(layout, question)
            on_question(done, len(questions))
            if stop():
                break
        if not layout.queries:
            raise ConfigError("no question is about a page of the collection", hint="kb list")
        return layout.laid_out()

    def _add(self, layout: _Layout, question: TuningQuestion) -> None:
        explanation = self._searcher.explain(question.text, 1)
        cosine, lexical = dict(explanation.dense), shares(explanation.bm25)
        scores = fused(
            explanation.dense, explanation.bm25, dense_weight=self._weights.dense, bm25_weight=self._weights.bm25
        )
        grouped = by_page(scores)
        order: list[PageKey] = [(page.sha256, page.page) for page in explanation.pages[:MOST_PAGES]]
        order += [page for page in sorted(question.gold) if page not in order]
        pages = [row for page in order if (row := self._page(question, page, grouped, explanation)) is not None]
        if not any(row.gold for row in pages) or all(row.gold for row in pages):
            return
        vectors = self._catalogue.vectors(self._collection, [chunk for row in pages for chunk in row.chunks])
        floor = min(cosine.values(), default=-1.0)
        layout.add(self._embedder.embed_query(question.text), pages, vectors, cosine, lexical, floor)

    def _page(
        self, question: TuningQuestion, page: PageKey, grouped: dict[PageKey, list[str]], explanation: Explanation
    ) -> _PageRow | None:
        gold = page in question.gold
        chunks = grouped.get(page, [])[:CHUNKS_PER_PAGE]
        if not chunks:  # a page that the search did not find: any of its chunks may be the best
            chunks = self._chunks_of(page[0]).get(page[1], [])
        folded = self._folded(*page) if chunks else None
        if folded is None:
            return None
        text, digits = folded
        answer = normalised(question.answer)
        return _PageRow(
            chunks=chunks,
            route=ROUTE_COSINE * explanation.route.scores.get(page[0], 0.0),
            figures=FIGURES_COSINE * min(MOST_DIGITS, digits) if explanation.asks_for_number else 0.0,
            gold=gold,
            doubtful=not gold and bool(answer) and f" {answer} " in f" {text} ",
        )

    def _folded_page(self, sha256: str, page: int) -> tuple[str, float] | None:
        """Return a page's words as answers are compared, and its share of digits; None where it is gone."""
        try:
            text = self._catalogue.page_text(self._collection, sha256, page)
        except ConfigError:
            return None
        return normalised(text), digit_share(text)

    def _chunks_by_page(self, sha256: str) -> dict[int, list[str]]:
        by_number: dict[int, list[str]] = {}
        chunk: Chunk
        for chunk in self._catalogue.chunks_of(self._collection, sha256):
            by_number.setdefault(chunk.page, []).append(chunk.id)
        return by_number


class _Layout:
    """Gathers questions one by one."""

    def __init__(self) -> None:
        self.queries: list[Floats] = []
        self._vectors: list[Floats] = []
        self._row_of: dict[str, int] = {}
        self._chunks: list[tuple[int, float, float, int]] = []  # row, floor, lexical, page
        self._pages: list[tuple[_PageRow, int]] = []

    def add(
        self,
        query: Floats,
        pages: Sequence[_PageRow],
        vectors: dict[str, Floats],
        cosine: dict[str, float],
        lexical: dict[str, float],
        floor: float,
    ) -> None:
        """Add a question with its pages."""
        for row in pages:
            chunks = [chunk for chunk in row.chunks if chunk in vectors]
            for chunk in chunks:
                least = -1.0 if chunk in cosine else floor
                self._chunks.append((self._row(chunk, vectors), least, lexical.get(chunk, 0.0), len(self._pages)))
            if chunks:
                self._pages.append((row, len(self.queries)))
        self.queries.append(query)

    def _row(self, chunk: str, vectors: dict[str, Floats]) -> int:
        if chunk not in self._row_of:
            self._row_of[chunk] = len(self._vectors)
            self._vectors.append(vectors[chunk])
        return self._row_of[chunk]

    def laid_out(self) -> Candidates:
        """Return the arrays."""
        rows, floor, lexical, page = zip(*self._chunks, strict=True)
        return Candidates(
            queries=np.stack(self.queries),
            vectors=np.stack(self._vectors),
            rows=np.array(rows, np.int64),
            floor=np.array(floor, np.float32),
            lexical=np.array(lexical, np.float32),
            page_of_chunk=np.array(page, np.int64),
            route=np.array([row.route for row, _ in self._pages], np.float32),
            figures=np.array([row.figures for row, _ in self._pages], np.float32),
            gold=np.array([row.gold for row, _ in self._pages]),
            doubtful=np.array([row.doubtful for row, _ in self._pages]),
            question_of_page=np.array([question for _, question in self._pages], np.int64),
        )
