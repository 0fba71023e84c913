"""From scored chunks to an order of pages: fusion of lists, pages from chunks, pages first and then the rest.

Pure functions over chunk ids (`sha256:page:start:end`). Cosine and BM25 share no scale, so the latter counts as a part
of the best in its list; ranks alone (reciprocal rank fusion) throw away how far ahead the first is, and measured worse
(docs/LOG.md). Knows no store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Scored = Sequence[tuple[str, float]]
PageKey = tuple[str, int]


def page_of(chunk_id: str) -> PageKey:
    """Return document id and 0-based page of a chunk id."""
    sha256, page, _ = chunk_id.split(":", 2)
    return sha256, int(page)


def merged(lists: Iterable[Scored]) -> list[tuple[str, float]]:
    """Join lists of one kind (a search of everything and one inside named documents): best first, each chunk once."""
    best: dict[str, float] = {}
    for scored in lists:
        for chunk_id, score in scored:
            best[chunk_id] = max(score, best.get(chunk_id, score))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def ranks(scored: Scored) -> dict[str, int]:
    """Return the 1-based rank of each chunk of a list that is ordered best first."""
    return {chunk_id: rank for rank, (chunk_id, _) in enumerate(scored, start=1)}


def shares(scored: Scored) -> dict[str, float]:
    """Return each chunk's part of the best score of its list, in [0, 1]; nothing where no score is positive."""
    best = max((score for _, score in scored), default=0.0)
    return {chunk_id: max(0.0, score) / best for chunk_id, score in scored} if best > 0 else {}


def fused(dense: Scored, bm25: Scored, *, dense_weight: float, bm25_weight: float) -> dict[str, float]:
    """Return `dense_weight * cosine + bm25_weight * share of the best BM25 score` for every chunk of either list.

    A chunk that the dense list lacks lies below its end, so it gets the lowest cosine there.
    """
    cosine = dict(dense)
    floor = min(cosine.values(), default=0.0)
    lexical = shares(bm25)
    return {
        chunk_id: dense_weight * cosine.get(chunk_id, floor) + bm25_weight * lexical.get(chunk_id, 0.0)
        for chunk_id in cosine.keys() | dict(bm25).keys()
    }


def by_page(chunks: Mapping[str, float]) -> dict[PageKey, list[str]]:
    """Group chunks by page, the best chunk of each page first."""
    grouped: dict[PageKey, list[str]] = defaultdict(list)
    for chunk_id in sorted(chunks, key=lambda chunk_id: (-chunks[chunk_id], chunk_id)):
        grouped[page_of(chunk_id)].append(chunk_id)
    return dict(grouped)


def pages_first(grouped: Mapping[PageKey, Sequence[str]], pages: Mapping[PageKey, float]) -> list[str]:
    """Order chunks so that the best of every page come first, by page score; then the second best, and so on.

    Args:
        grouped: Chunks per page, best first.
        pages: Score per page; ties go by document and page.
    """
    rows = [grouped[page] for page in sorted(grouped, key=lambda page: (-pages[page], page))]
    deepest = max(map(len, rows), default=0)
    return [row[depth] for depth in range(deepest) for row in rows if depth < len(row)]
