"""What is drawn whole when an interval is made: documents where there are enough, smaller parts where there are not.

Knows questions; refuses to know scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finetune.compare.questions import Question

# With fewer documents an interval by document says little; the same bound as in `kb eval`.
MIN_DOCUMENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """How questions hang together.

    Attributes:
        labels: Question id to the label of its cluster.
        level: What a cluster is: `document`, `fact`, `page`, `fact or page`, `question`.
        documents: How many documents the questions are about; 0 where none is named.
    """

    labels: dict[str, str]
    level: str
    documents: int

    @property
    def general(self) -> bool:
        """Whether a difference may be said to hold beyond these documents."""
        return self.level == "document"

    @property
    def told(self) -> str:
        """One sentence for a reader."""
        if self.general:
            return f"Intervals and tests draw whole documents ({self.documents} of them)."
        named = f"{self.documents} document{'s' * (self.documents != 1)}" if self.documents else "no document named"
        parts = {"fact": "facts", "page": "pages", "fact or page": "facts where they were taught, else pages"}
        drawn = parts.get(self.level, "questions")
        return (
            f"With {named} (fewer than {MIN_DOCUMENTS}) intervals and tests draw {drawn}; what is found holds for"
            f" {'these documents' if self.documents else 'these questions'} and says nothing about others."
        )


def cluster(questions: Sequence[Question]) -> Clusters:
    """Decide what a cluster is and label every question."""
    documents = {" ".join(sorted({place.doc for place in one.places})) for one in questions if one.places}
    if len(documents) >= MIN_DOCUMENTS:
        labels = {one.id: " ".join(sorted({place.doc for place in one.places})) or one.id for one in questions}
        return Clusters(labels=labels, level="document", documents=len(documents))
    marked = [(one.id, *_part(one)) for one in questions]
    levels = {level for _, level, _ in marked}
    level = "fact or page" if {"fact", "page"} <= levels else next(iter(sorted(levels & {"fact", "page"})), "question")
    return Clusters(labels={identity: label for identity, _, label in marked}, level=level, documents=len(documents))


def _part(question: Question) -> tuple[str, str]:
    """Return the level and label of a question's cluster among few documents."""
    if question.taught:
        return "fact", f"fact {question.fact}"
    pages = sorted({(place.doc, place.page) for place in question.places if place.page is not None})
    if pages:
        return "page", " ".join(f"{doc}:{page}" for doc, page in pages)
    return "question", f"fact {question.fact}" if question.fact else question.id
