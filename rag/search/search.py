"""Search: which documents are meant, which pages answer, which chunks show it.

Everything is searched, and the documents that the question names are searched again in depth; a page's score is its
best chunk's (cosine, and a part of BM25) plus what the router says of its document, plus a little for pages of figures
where a figure is asked for. Imports no model and no LangChain: a question from the shell must not wait for either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from core.language.language import language
from core.reading.text.values import spellings
from core.reading.text.words import is_empty, words
from core.settings import Settings
from core.types import Chunk, Hit
from rag.catalogue.reader import CatalogueReader
from rag.embed.base import Embedder
from rag.search.cues import asks_for_number, digit_share
from rag.search.profile import DocumentProfile
from rag.search.rank import PageKey, Scored, by_page, fused, merged, page_of, pages_first, ranks
from rag.search.route import Route, Router
from rag.search.tuned import QueryAdapter, SearchTuning, SearchWeights
from rag.store.base import Store, word_query

# Chunks per list over the whole collection, inside the documents a question names, and then over the whole.
DEPTH = 100
NAMED_DEPTH = 200
DEPTH_BESIDE = 40
MOST_NAMED = 5
# A document counts as named when it has this part of the best document's evidence, and that is no mere hint.
NAMED_SHARE = 0.7
NAMED_EVIDENCE = 0.3
# Cosine per unit of router evidence (about 3 at most): parts near-duplicates and does not beat a far better text.
ROUTE_COSINE = 0.25
# Cosine per digit share, which is capped where a page is nothing but a table.
FIGURES_COSINE = 0.5
MOST_DIGITS = 0.3
FIGURE_PAGES = 100
# Words of a question that name nothing a document could hold.
_ASKING = frozenset(language("en").word_lists["search_request"])


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPage:
    """Why a page stands where it does.

    Attributes:
        text: From its best chunk: cosine and BM25, weighted.
        route: From the router.
        figures: For being rich in figures where one is asked for.
    """

    sha256: str
    page: int
    score: float
    text: float
    route: float
    figures: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A search laid open.

    Attributes:
        query: As asked.
        route: What the question says about documents, with reasons.
        named: Documents that were searched in depth.
        asks_for_number: Whether pages of figures were preferred.
        dense: Chunk ids with cosine, best first.
        bm25: Chunk ids with BM25 score, best first.
        pages: Pages in order, with the parts of their scores.
        hits: What `search` returns.
    """

    query: str
    route: Route
    named: Sequence[str]
    asks_for_number: bool
    dense: Scored
    bm25: Scored
    pages: Sequence[RankedPage]
    hits: Sequence[Hit]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        return {**asdict(self), "route": self.route.to_json()}


class Searcher:
    """Searches one collection.

    Args:
        store: Its index.
        catalogue: Where chunks, documents and router profiles are read.
        embedder: The model that embedded it.
        settings: Weights.
        collection: Its name.
        tuning: What was fitted to its questions; None searches as the settings say.
    """

    def __init__(
        self,
        *,
        store: Store,
        catalogue: CatalogueReader,
        embedder: Embedder,
        settings: Settings,
        collection: str,
        tuning: SearchTuning | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._embedder = embedder
        self._weights = tuning.weights_under(settings.rag) if tuning else SearchWeights.of(settings.rag)
        self._adapter = tuning.adapter if tuning else None
        self._collection = collection
        self._router: Router | None = None
        self._known: set[str] = set()

    def search(
        self, query: str, k: int, *, docs: Collection[str] | None = None, pages: Collection[int] | None = None
    ) -> list[Hit]:
        """Return at most `k` hits: the best chunk of each page in page order, then further chunks of those pages.

        Args:
            query: A question or keywords.
            k: How many.
            docs: Only these documents, by hash.
            pages: Only these 0-based page indices.
        """
        return list(self.explain(query, k, docs=docs, pages=pages).hits)

    def explain(
        self, query: str, k: int, *, docs: Collection[str] | None = None, pages: Collection[int] | None = None
    ) -> Explanation:
        """Search, and keep every step; see `search` for the arguments."""
        allowed = None if docs is None else set(docs)
        vector = _QueryVector(query, self._embedder, self._adapter)
        route = self._route(query, allowed)
        by_dense, by_bm25 = self._lists(vector, k, _named(route), allowed, pages)
        if self._missed({page_of(chunk_id)[0] for chunk_id, _ in (*by_dense, *by_bm25)}):
            route = self._route(query, allowed)
            by_dense, by_bm25 = self._lists(vector, k, _named(route), allowed, pages)
        weights = self._weights
        chunks = fused(by_dense, by_bm25, dense_weight=weights.dense, bm25_weight=weights.bm25)
        grouped = by_page(chunks)
        numeric = asks_for_number(query)
        ranked = self._rank(grouped, chunks, route, numeric=numeric)
        hits = self._hits(
            grouped, chunks, ranked, k, dict(by_dense), {"dense": ranks(by_dense), "bm25": ranks(by_bm25)}
        )
        if self._adapter is not None:
            hits = self._with_own_cosines(hits, vector)
        return Explanation(
            query=query,
            route=route,
            named=_named(route),
            asks_for_number=numeric,
            dense=by_dense,
            bm25=by_bm25,
            pages=ranked,
            hits=hits,
        )

    def unknown_words(self, query: str) -> tuple[list[str], int]:
        """Return the words of a query that stand nowhere in the collection, and how many were looked for.

        Function words, and words that only say how to answer, are not looked for. A number counts as held in any
        spelling.
        """
        content_words = list(dict.fromkeys(word for word in words(query) if not is_empty(word) and word not in _ASKING))
        return [word for word in content_words if not self._holds(word)], len(content_words)

    def _holds(self, word: str) -> bool:
        return any(self._store.bm25(spelling, 1) for spelling in (word, *spellings(word)))

    def _route(self, query: str, allowed: set[str] | None) -> Route:
        if self._weights.router == 0 or (allowed is not None and len(allowed) == 1):
            return Route()
        if self._router is None:
            rows = self._catalogue.profiles(self._collection)
            self._router = Router([DocumentProfile.from_json(row) for row in rows.values()])
            self._known |= self._router.documents
        return self._router.route(query, among=allowed)

    def _missed(self, seen: set[str]) -> bool:
        """Tell whether the lists show documents newer than the router, and forget that router; once per document."""
        strangers = seen - self._known
        if self._router is None or not strangers:
            return False
        self._known |= strangers
        self._router = None
        return True

    def _lists(
        self, vector: _QueryVector, k: int, named: list[str], allowed: set[str] | None, pages: Collection[int] | None
    ) -> tuple[Scored, Scored]:
        """Return the dense and the BM25 list."""
        places: list[tuple[int, Collection[str] | None]] = [(max(DEPTH_BESIDE if named else DEPTH, 4 * k), allowed)]
        if named:
            places.append((max(NAMED_DEPTH, 4 * k), named))
        searched_words = word_query(vector.query, self._catalogue.languages(self._collection))
        dense, bm25 = self._store.lists(searched_words, vector, places, pages=pages)
        return merged(dense), merged(bm25)

    def _rank(
        self, grouped: Mapping[PageKey, Sequence[str]], chunks: Mapping[str, float], route: Route, *, numeric: bool
    ) -> list[RankedPage]:
        weight = ROUTE_COSINE * self._weights.router
        ranked = []
        for (sha256, page), ids in grouped.items():
            text, routed = chunks[ids[0]], weight * route.scores.get(sha256, 0.0)
            ranked.append(
                RankedPage(sha256=sha256, page=page, score=text + routed, text=text, route=routed, figures=0.0)
            )
        ranked.sort(key=_order)
        if numeric:
            ranked[:FIGURE_PAGES] = [self._with_figures(page) for page in ranked[:FIGURE_PAGES]]
            ranked.sort(key=_order)
        return ranked

    def _with_figures(self, page: RankedPage) -> RankedPage:
        try:
            text = self._catalogue.page_text(self._collection, page.sha256, page.page)
        except ConfigError:  # forgotten a moment ago; the index follows
            return page
        figures = self._weights.figures * FIGURES_COSINE * min(MOST_DIGITS, digit_share(text))
        return replace(page, figures=figures, score=page.score + figures)

    def _hits(
        self,
        grouped: Mapping[PageKey, Sequence[str]],
        chunks: Mapping[str, float],
        ranked: Sequence[RankedPage],
        k: int,
        cosine: Mapping[str, float],
        places: Mapping[str, Mapping[str, int]],
    ) -> list[Hit]:
        extra = {(page.sha256, page.page): page.score - page.text for page in ranked}
        order = pages_first(grouped, {(page.sha256, page.page): page.score for page in ranked})
        # The index may still hold chunks that the catalogue has just lost: read on until k are found.
        ordered_chunks: list[tuple[str, Chunk]] = []
        for start in range(0, len(order), max(k, 1)):
            if len(ordered_chunks) >= k:
                break
            part = order[start : start + max(k, 1)]
            texts = self._catalogue.chunks(self._collection, part)
            ordered_chunks += [(chunk_id, texts[chunk_id]) for chunk_id in part if chunk_id in texts]
        documents = {
            sha256: self._catalogue.find(self._collection, sha256)
            for sha256 in {chunk.sha256 for _, chunk in ordered_chunks[:k]}
        }
        hits: list[Hit] = []
        for chunk_id, chunk in ordered_chunks[:k]:
            document = documents[chunk.sha256]
            if document is None:
                continue
            # A page's further chunks come after all first ones, so none may outscore the hit before it.
            own = chunks[chunk_id] + extra[page_of(chunk_id)]
            hits.append(
                Hit(
                    doc=document.doc,
                    sha256=chunk.sha256,
                    page=chunk.page,
                    start=chunk.start,
                    end=chunk.end,
                    text=chunk.text,
                    score=min(own, hits[-1].score) if hits else own,
                    title=document.title,
                    header=chunk.header,
                    dense=cosine.get(chunk_id),
                    ranks={name: places[name][chunk_id] for name in places if chunk_id in places[name]},
                )
            )
        return hits

    def _with_own_cosines(self, hits: Sequence[Hit], vector: _QueryVector) -> list[Hit]:
        """Return hits with the cosines of the query as it was embedded: what judges answers is fitted to those."""
        ids = [f"{hit.sha256}:{hit.page}:{hit.start}:{hit.end}" for hit in hits]
        vectors = self._catalogue.vectors(self._collection, ids)
        return [
            replace(hit, dense=float(vector.own @ vectors[chunk_id]))
            if hit.dense is not None and chunk_id in vectors
            else hit
            for chunk_id, hit in zip(ids, hits, strict=True)
        ]


class _QueryVector:
    """The vector of a query, embedded when a store first calls for it.

    Args:
        query: The text.
        embedder: Embeds it.
        adapter: Moves the vector that is searched with.
    """

    def __init__(self, query: str, embedder: Embedder, adapter: QueryAdapter | None) -> None:
        self.query = query
        self._embedder = embedder
        self._adapter = adapter
        self._own: NDArray[np.float32] | None = None

    def __call__(self) -> NDArray[np.float32]:
        """Return the vector to search with, shape (d,)."""
        return self.own if self._adapter is None else self._adapter(self.own)

    @property
    def own(self) -> NDArray[np.float32]:
        """The vector as it was embedded, shape (d,)."""
        if self._own is None:
            self._own = self._embedder.embed_query(self.query)
        return self._own


def _order(page: RankedPage) -> tuple[float, str, int]:
    return -page.score, page.sha256, page.page


def _named(route: Route) -> list[str]:
    """Return the documents worth a search of their own, best first."""
    best = max(route.scores.values(), default=0.0)
    if best < NAMED_EVIDENCE:
        return []
    return [sha256 for sha256, score in route.scores.items() if score >= NAMED_SHARE * best][:MOST_NAMED]
