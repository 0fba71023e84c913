"""Which questions are resampled together: those about one document, or about smaller parts where documents are few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from finetune.compare.questions import GoldQuestion
from finetune.compare.statistics.significance import least_clusters

# With fewer documents an interval by document says little; the same bound as in `kb eval`.
MIN_DOCUMENTS = 10
Level = Literal["document", "fact", "page", "answer", "question"]
_DRAWN: Mapping[Level, str] = {
    "fact": "taught facts",
    "page": "pages",
    "answer": "single answers",
    "question": "single questions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Which questions belong together.

    Attributes:
        labels: GoldQuestion id to the label of its cluster.
        levels: What a cluster is: a document, or one or more of the smaller parts.
        documents: Number of documents that the questions are about; 0 where none is named.
    """

    labels: dict[str, str]
    levels: tuple[Level, ...]
    documents: int

    @property
    def general(self) -> bool:
        """Whether a difference may hold beyond these documents."""
        return self.levels == ("document",)

    @property
    def drawn(self) -> str:
        """What is resampled, for a reader."""
        return "documents" if self.general else " and ".join(_DRAWN[level] for level in self.levels)

    @property
    def sentence(self) -> str:
        """What is resampled and whom the result holds for, in one sentence."""
        if self.general:
            return f"Intervals and tests resample whole documents ({self.documents} of them)."
        named = f"{self.documents} document{'s' * (self.documents != 1)}" if self.documents else "no document named"
        return (
            f"With {named} (fewer than {MIN_DOCUMENTS}) intervals and tests resample {self.drawn}; the result holds for"
            f" {'these documents' if self.documents else 'these questions'} and says nothing about others."
        )


def cluster(questions: Sequence[GoldQuestion], *, pairs: int = 1) -> Clusters:
    """Decide what a cluster is and label every question.

    Questions about taught facts are clustered by fact, others by the page of their answer, or by the answer itself
    where pages are so few that no difference could be significant.

    Args:
        pairs: Number of pairs of arms that will be compared in one table.
    """
    documents = {
        " ".join(sorted({place.doc for place in question.places})) for question in questions if question.places
    }
    if len(documents) >= MIN_DOCUMENTS:
        labels = {
            question.id: " ".join(sorted({place.doc for place in question.places})) or question.id
            for question in questions
        }
        return Clusters(labels=labels, levels=("document",), documents=len(documents))
    pages = {label for question in questions if not question.taught and (label := _page(question))}
    marked = [(question.id, *_part(question, by_page=len(pages) >= least_clusters(pairs))) for question in questions]
    used = {level for _, level, _ in marked}
    levels = tuple(level for level in _DRAWN if level in used)
    return Clusters(labels={identity: label for identity, _, label in marked}, levels=levels, documents=len(documents))


def _part(question: GoldQuestion, *, by_page: bool) -> tuple[Level, str]:
    """Return the level and label of a question's cluster among few documents."""
    page = _page(question)
    if question.taught:
        return "fact", f"fact {question.fact}"
    if page and by_page:
        return "page", page
    if question.fact or page:
        return "answer", f"fact {question.fact}" if question.fact else f"{page} {question.answer}"
    return "question", question.id


def _page(question: GoldQuestion) -> str:
    """Return the pages with the answer as one label; empty where they are unknown."""
    pages = sorted({(place.doc, place.page) for place in question.places if place.page is not None})
    return " ".join(f"{doc}:{page}" for doc, page in pages)
