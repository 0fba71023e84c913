"""What is drawn whole when an interval is made: documents where there are enough, smaller parts where there are not.

Knows questions; refuses to know scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from finetune.compare.questions import Question
from finetune.compare.significance import least_clusters

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
    """How questions hang together.

    Attributes:
        labels: Question id to the label of its cluster.
        levels: What clusters are: documents alone, or one or more of the smaller parts.
        documents: How many documents the questions are about; 0 where none is named.
    """

    labels: dict[str, str]
    levels: tuple[Level, ...]
    documents: int

    @property
    def general(self) -> bool:
        """Whether a difference may be said to hold beyond these documents."""
        return self.levels == ("document",)

    @property
    def drawn(self) -> str:
        """What is drawn whole, in words."""
        return "documents" if self.general else " and ".join(_DRAWN[level] for level in self.levels)

    @property
    def told(self) -> str:
        """One sentence for a reader."""
        if self.general:
            return f"Intervals and tests draw whole documents ({self.documents} of them)."
        named = f"{self.documents} document{'s' * (self.documents != 1)}" if self.documents else "no document named"
        return (
            f"With {named} (fewer than {MIN_DOCUMENTS}) intervals and tests draw {self.drawn}; what is found holds for"
            f" {'these documents' if self.documents else 'these questions'} and says nothing about others."
        )


def cluster(questions: Sequence[Question], *, pairs: int = 1) -> Clusters:
    """Decide what a cluster is and label every question; `pairs` of arms will be compared in a table.

    Facts that were taught are drawn by fact. Other questions are drawn by the page of their answer, or by their answer
    where that makes so few clusters that no difference could be shown.
    """
    documents = {" ".join(sorted({place.doc for place in one.places})) for one in questions if one.places}
    if len(documents) >= MIN_DOCUMENTS:
        labels = {one.id: " ".join(sorted({place.doc for place in one.places})) or one.id for one in questions}
        return Clusters(labels=labels, levels=("document",), documents=len(documents))
    pages = {label for one in questions if not one.taught and (label := _page(one))}
    marked = [(one.id, *_part(one, by_page=len(pages) >= least_clusters(pairs))) for one in questions]
    found = {level for _, level, _ in marked}
    levels = tuple(level for level in _DRAWN if level in found)
    return Clusters(labels={identity: label for identity, _, label in marked}, levels=levels, documents=len(documents))


def _part(question: Question, *, by_page: bool) -> tuple[Level, str]:
    """Return the level and label of a question's cluster among few documents."""
    page = _page(question)
    if question.taught:
        return "fact", f"fact {question.fact}"
    if page and by_page:
        return "page", page
    if question.fact or page:
        return "answer", f"fact {question.fact}" if question.fact else f"{page} {question.answer}"
    return "question", question.id


def _page(question: Question) -> str:
    """Return the pages that hold the answer as one label, empty where they are not known."""
    pages = sorted({(place.doc, place.page) for place in question.places if place.page is not None})
    return " ".join(f"{doc}:{page}" for doc, page in pages)
