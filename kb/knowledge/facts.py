"""The facts of a dataset as questions that are asked closed book, each with the place of its answer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from core.chat.thoughts import split_thought
from core.metrics import normalised
from core.rows import DatasetFolder
from core.types import Citation, Fact, Pair
from finetune.retain.taught import teaches_a_fact
from rag.catalogue.reader import CatalogueReader

# Rows of this kind ask for their fact and nothing else; others say how to answer, or presume something false.
_ASKING = "closed-book"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedFact:
    """A fact with the question that is asked for it.

    Attributes:
        id: Of the fact; of its row where the dataset has no facts.
        question: In a phrasing that was not trained on, where there is one.
        gold: What the answer must contain.
        evidence: Where it stands; None where the dataset does not say.
        phrasing_trained: Whether the phrasing was trained on.
        taught: Whether rows of the training split teach it.
        value: What is falsified to make wrong answers; empty where that is not known.
        kind: Of the fact, as `core.types.Fact.kind`.
    """

    id: str
    question: str
    gold: str
    evidence: Citation | None
    phrasing_trained: bool
    taught: bool
    value: str = ""
    kind: str = ""

    @property
    def document(self) -> tuple[str, str]:
        """Name and hash of the document; empty where they are not known."""
        return (self.evidence.doc, self.evidence.sha256) if self.evidence else ("", "")


def probed_facts(
    folder: DatasetFolder, trained: frozenset[str] = frozenset(), *, prefer_trained: bool = False
) -> list[ProbedFact]:
    """Return what a dataset teaches from memory, a question per fact, in the order of its facts.

    Args:
        folder: The dataset.
        trained: Further questions that were trained on, normalised.
        prefer_trained: Ask in a phrasing that was trained on, where there is one, and not in another.

    Raises:
        DataError: A row is at fault.
    """
    rows: dict[str, list[Pair]] = {}
    for row in chain(folder.pairs("train"), folder.pairs("test"), folder.pairs("val")):
        if teaches_a_fact(row) or (not row.fact and _stands_alone(row)):
            rows.setdefault(row.fact or row.id, []).append(row)
    seen = trained | trained_questions(folder)
    facts = list(folder.facts())
    askable = [fact for fact in facts if fact.questions or fact.id in rows]
    probes = [probed(fact, seen, rows.get(fact.id, ()), prefer_trained=prefer_trained) for fact in askable]
    known = {fact.id for fact in facts}
    others = {identity: fact_rows for identity, fact_rows in rows.items() if identity not in known}
    return [*probes, *(_of_rows(identity, fact_rows, seen, prefer_trained) for identity, fact_rows in others.items())]


def trained_questions(folder: DatasetFolder) -> frozenset[str]:
    """Return the questions of a dataset's training split, normalised."""
    return frozenset(normalised(row.question) for row in folder.pairs("train") if row.question)


def probed(
    fact: Fact, trained: frozenset[str], rows: Sequence[Pair] = (), *, prefer_trained: bool = False
) -> ProbedFact:
    """Return a fact with a question for it.

    Args:
        fact: With phrasings, or with rows that ask for it.
        trained: Questions that were trained on, normalised.
        rows: That ask for it from memory.
        prefer_trained: As for `probed_facts`.
    """
    own = [row.question for row in rows if row.kind == _ASKING]
    question = _question([*own, *fact.questions] or [row.question for row in rows], trained, prefer_trained)
    return ProbedFact(
        id=fact.id,
        question=question,
        gold=fact.answer or fact.value or (split_thought(rows[0].answer)[1] if rows else ""),
        evidence=fact.evidence[0] if fact.evidence else None,
        phrasing_trained=normalised(question) in trained,
        taught=any(row.split == "train" for row in rows),
        value=fact.value,
        kind=fact.kind,
    )


def _of_rows(identity: str, rows: Sequence[Pair], trained: frozenset[str], prefer_trained: bool) -> ProbedFact:
    question = _question([row.question for row in rows], trained, prefer_trained)
    return ProbedFact(
        id=identity,
        question=question,
        gold=split_thought(rows[0].answer)[1],
        evidence=next((row.evidence[0] for row in rows if row.evidence), None),
        phrasing_trained=normalised(question) in trained,
        taught=any(row.split == "train" for row in rows),
    )


def _stands_alone(row: Pair) -> bool:
    return bool(row.question) and not (row.context or row.turns or row.system)


def _question(phrasings: Sequence[str], trained: frozenset[str], prefer_trained: bool) -> str:
    wordings = [text for text in phrasings if text]
    return next((text for text in wordings if (normalised(text) in trained) is prefer_trained), wordings[0])


@dataclass(frozen=True, slots=True)
class Sections:
    """The headings of documents, by which a place is named.

    Attributes:
        headings: Document hash to the places (0-based page, start) and texts of its headings, in order.
    """

    headings: Mapping[str, tuple[Sequence[tuple[int, int]], Sequence[str]]]

    def name(self, evidence: Citation | None) -> str:
        """Return the last heading before a quote; the page where there is none, empty without a place."""
        if evidence is None:
            return ""
        places, texts = self.headings.get(evidence.sha256, ((), ()))
        index = bisect_right(places, (evidence.page, evidence.start)) - 1
        return texts[index] if index >= 0 else f"p. {evidence.page + 1}"


def sections(catalogue: CatalogueReader | None, collection: str, hashes: Sequence[str]) -> Sections:
    """Return the headings of documents, as far as a collection holds them.

    Args:
        catalogue: None where nothing was ingested.
        hashes: The documents.
    """
    if catalogue is None or collection not in catalogue.collections():
        return Sections({})
    here = {document.sha256 for document in catalogue.documents(collection)} & set(hashes)
    headings = {sha256: list(_headings(catalogue, collection, sha256)) for sha256 in sorted(here)}
    return Sections(
        {sha256: ([place for place, _ in all_], [text for _, text in all_]) for sha256, all_ in headings.items()}
    )


def _headings(catalogue: CatalogueReader, collection: str, sha256: str) -> Iterator[tuple[tuple[int, int], str]]:
    for page in catalogue.pages(collection, sha256):
        for block in page.blocks:
            if block.kind == "heading" and (text := " ".join(page.text[block.start : block.end].split())):
                yield (page.index, block.start), text
