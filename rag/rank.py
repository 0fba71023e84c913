"""From scored chunks to an order of pages: fusion of lists, pages from chunks, pages first and then the rest.

Pure functions over chunk ids (`sha256:page:start:end`). Cosine and BM25 scores share no scale: what is fused is each
chunk's share of the best score in its own list, or its rank, never the raw score. Knows no store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Scored = Sequence[tuple[str, float]]
PageKey = tuple[str, int]

# Cormack, Clarke and Buettcher (2009), "Reciprocal Rank Fusion outperforms Condorcet": k = 60.
RRF_K = 60


def page_of(chunk_id: str) -> PageKey:
    """Return document id and 0-based page of a chunk id."""
    sha256, page, _ = chunk_id.split(":", 2)
    return sha256, int(page)


def ranks(scored: Scored) -> dict[str, int]:
    """Return the 1-based rank of each chunk of a list that is ordered best first."""
    return {chunk_id: rank for rank, (chunk_id, _) in reversed(list(enumerate(scored, start=1)))}


def reciprocal_rank_fusion(lists: Mapping[str, Scored], weights: Mapping[str, float]) -> dict[str, float]:
    """Fuse lists by rank: the sum over lists of weight / (60 + rank)."""
    fused: dict[str, float] = defaultdict(float)
    for name, scored in lists.items():
        for chunk_id, rank in ranks(scored).items():
            fused[chunk_id] += weights[name] / (RRF_K + rank)
    return dict(fused)


def shares(scored: Scored) -> dict[str, float]:
    """Return each chunk's part of the best score of its list, in [0, 1]; nothing where no score is positive."""
    best = max((score for _, score in scored), default=0.0)
    return {chunk_id: max(0.0, score) / best for chunk_id, score in scored} if best > 0 else {}


def merged(lists: Iterable[Scored]) -> list[tuple[str, float]]:
    """Join lists of one kind (a whole search and one inside chosen documents), best first, each chunk once."""
    best: dict[str, float] = {}
    for scored in lists:
        for chunk_id, score in scored:
            best[chunk_id] = max(score, best.get(chunk_id, score))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def page_scores(chunks: Mapping[str, float], *, second: float) -> dict[PageKey, float]:
    """Return per page its best chunk's score plus `second` times its second best (0 where it has one chunk)."""
    top: dict[PageKey, list[float]] = defaultdict(list)
    for chunk_id, score in chunks.items():
        top[page_of(chunk_id)].append(score)
    result = {}
    for page, found in top.items():
        best = sorted(found, reverse=True)[:2]
        result[page] = best[0] + second * (best[1] if len(best) > 1 else 0.0)
    return result


def pages_first(chunks: Mapping[str, float], pages: Mapping[PageKey, float]) -> list[str]:
    """Order chunks so that the best of each page come first, in the order of pages, then the second best, and so on."""
    grouped: dict[PageKey, list[tuple[float, str]]] = defaultdict(list)
    for chunk_id, score in chunks.items():
        grouped[page_of(chunk_id)].append((-score, chunk_id))
    ordered = sorted(grouped, key=lambda page: (-pages.get(page, 0.0), page))
    rows = [sorted(grouped[page]) for page in ordered]
    deepest = max(map(len, rows), default=0)
    return [row[depth][1] for depth in range(deepest) for row in rows if depth < len(row)]
