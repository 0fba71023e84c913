"""Our own search must find the source of a question; what else it finds are the hard distractors.

Knows a retriever and places; refuses to know how it searches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kb.reading.words import words
from kb.types import Citation, Hit, Retriever
from synth.candidate import Candidate, Source
from synth.check.base import Verdict

NAME = "retriever"
# Share of a quote's words that another place may lack and still say the same.
_STRANGE = 0.2


@dataclass(frozen=True, slots=True)
class Found:
    """Whether the source chunk is among the first `k` hits.

    A hit elsewhere that holds the same words counts: documents repeat themselves, and the answer stands there too.

    Attributes:
        retriever: Searches the collection that the facts come from.
        k: How many hits are looked at.
        extra: Hits beyond `k` asked for, so that enough distractors are left.
    """

    retriever: Retriever
    k: int
    extra: int = 6

    @property
    def name(self) -> str:
        """Name of the stage."""
        return NAME

    def run(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Yield every candidate with its other hits; the figure is one over the rank of the source."""
        for candidate in candidates:
            hits = list(self.retriever.search(candidate.question, self.k + self.extra))
            evidence = candidate.fact.evidence[0]
            rank = next((at for at, hit in enumerate(hits[: self.k], 1) if shows(hit, evidence)), 0)
            others = tuple(_source(hit) for hit in hits if not shows(hit, evidence))
            verdict = Verdict(figure=1 / rank) if rank else Verdict(f"not among the first {self.k} hits", 0.0)
            yield replace(candidate, hits=others), verdict


def shows(hit: Hit, evidence: Citation) -> bool:
    """Whether a hit overlaps the quote at its place, or holds nearly all its words, and every number, elsewhere."""
    if (hit.sha256, hit.page) == (evidence.sha256, evidence.page):
        return hit.start < evidence.end and evidence.start < hit.end
    wanted, held = set(words(evidence.quote)), set(words(hit.text))
    missing = wanted - held
    return len(missing) <= _STRANGE * len(wanted) and not any(word[0].isdigit() for word in missing)


def _source(hit: Hit) -> Source:
    return Source(
        chunk=f"{hit.sha256}:{hit.page}:{hit.start}:{hit.end}", doc=hit.doc, sha256=hit.sha256, page=hit.page,
        start=hit.start, end=hit.end, text=hit.text, title=hit.title, header=hit.header,
    )  # fmt: skip
