"""Checks that the collection's own search finds the source of a question; its other hits become hard distractors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from core.reading.text.words import terms
from core.types import Hit, Retriever
from synth.check.base import CheckResult
from synth.work.candidate import QuestionCandidate, SourcePassage

NAME = "retriever"
# Share of a question's words that another place may lack and still answer it.
_STRANGE = 0.2
_ASKING = frozenset(terms("how many, how much"))
_SEARCHES_HELD = 512


class RetrievalCheck:
    """Drops questions whose source chunk is not among the first `k` hits of the search.

    A hit elsewhere with the same words counts too: documents repeat themselves, and the answer stands there as well.

    Args:
        retriever: Searches the collection that the facts come from.
        k: Number of hits considered.
        extra: Hits requested beyond `k`, so that enough distractors remain.
    """

    name = NAME

    def __init__(self, retriever: Retriever, k: int, extra: int = 6) -> None:
        self._k = k
        # An audit asks the same questions of changed evidence.
        self._search = lru_cache(maxsize=_SEARCHES_HELD)(lambda question: tuple(retriever.search(question, k + extra)))

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its other hits; the figure is one over the rank of the source."""
        for candidate in candidates:
            hits = self._search(candidate.question)
            holding = [shows(hit, candidate) for hit in hits]
            rank = next((place for place, holds in enumerate(holding[: self._k], 1) if holds), 0)
            distractors = tuple(_source(hit) for hit, holds in zip(hits, holding, strict=True) if not holds)
            verdict = CheckResult(figure=1 / rank) if rank else CheckResult(f"not among the first {self._k} hits", 0.0)
            yield replace(candidate, hits=distractors), verdict


def shows(hit: Hit, candidate: QuestionCandidate) -> bool:
    """Whether a hit overlaps the quote, or contains the answer and nearly all words of the question elsewhere.

    Words that name the document may be missing from the hit; numbers of the question may not.
    """
    evidence = candidate.fact.evidence[0]
    if (hit.sha256, hit.page) == (evidence.sha256, evidence.page):
        return hit.start < evidence.end and evidence.start < hit.end
    present = _terms_of(hit.text)
    if not _terms_of(candidate.fact.value) <= present:
        return False
    about = _terms_of(candidate.question) - _terms_of(candidate.named) - _ASKING
    missing = about - present - _terms_of(f"{hit.title} {hit.header}")
    return len(missing) <= _STRANGE * len(about) and not any(term[0].isdigit() for term in missing)


@lru_cache(maxsize=_SEARCHES_HELD)
def _terms_of(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _source(hit: Hit) -> SourcePassage:
    return SourcePassage(
        chunk=f"{hit.sha256}:{hit.page}:{hit.start}:{hit.end}",
        doc=hit.doc,
        sha256=hit.sha256,
        page=hit.page,
        start=hit.start,
        end=hit.end,
        text=hit.text,
        title=hit.title,
        header=hit.header,
    )
