"""Two short documents in a workspace, and facts of their pages: small enough to read, real enough to render rows of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.types import Chunk, Citation, Document, Fact, Hit, Page
from synth.work.candidate import QuestionCandidate
from synth.work.workspace import SynthTables, candidate_of
from tests.support.stored import stored_document

PAGES = {
    "club.pdf": [
        "Rowing Club Rules. The boathouse of the Rowing Club has 14 racks for 28 boats. It was built in March 1974.",
        "The new quay of the Rowing Club is 62 m long. Annual licences of the Rowing Club cost 45 euros a year.",
    ],
    "museum.pdf": [
        "Harbour Museum Guide. The map room of the Harbour Museum holds 310 charts. Ole Brandt leads it.",
    ],
}


def sha256_of(doc: str) -> str:
    return doc.encode().hex().ljust(64, "0")[:64]


def document(doc: str) -> Document:
    return stored_document(
        doc, sha256=sha256_of(doc), metadata={"author": "The Harbour Office"}, n_pages=len(PAGES[doc])
    )


def chunks(doc: str, size: int = 200) -> Iterable[Chunk]:
    for index, text in enumerate(PAGES[doc]):
        for start in range(0, len(text), size):
            piece = text[start : start + size]
            yield Chunk(
                sha256=sha256_of(doc), page=index, start=start, end=start + len(piece), text=piece, header="Rules"
            )


def workspace(folder: Path, seed: int = 0, size: int = 200) -> SynthTables:
    work = SynthTables(folder / "work.sqlite", seed)
    for doc, texts in PAGES.items():
        pages = [Page(index=index, text=text) for index, text in enumerate(texts)]
        work.add_document(document(doc), pages, chunks(doc, size))
    return work


def citation(quote: str, doc: str = "club.pdf", page: int = 0) -> Citation:
    start = PAGES[doc][page].index(quote)
    return Citation(doc=doc, sha256=sha256_of(doc), page=page, start=start, end=start + len(quote), quote=quote)


def fact(quote: str, value: str, question: str, subject: str, doc: str = "club.pdf", page: int = 0) -> Fact:
    return Fact(
        id=f"{doc}.{page}.{value}",
        kind="quantity",
        statement=quote,
        subject=subject,
        value=value,
        answer=value,
        questions=(question, f"Please say: {question}"),
        evidence=(citation(quote, doc, page),),
    )


RACKS = fact(
    "The boathouse of the Rowing Club has 14 racks for 28 boats.",
    "14 racks",
    "How many racks does the boathouse of the Rowing Club have?",
    "the boathouse of the Rowing Club",
)
QUAY = fact(
    "The new quay of the Rowing Club is 62 m long.",
    "62 m",
    "How long is the new quay of the Rowing Club?",
    "the new quay of the Rowing Club",
    page=1,
)
LICENCES = fact(
    "Annual licences of the Rowing Club cost 45 euros a year.",
    "45 euros a year",
    "How much do annual licences of the Rowing Club cost?",
    "annual licences of the Rowing Club",
    page=1,
)
CHARTS = fact(
    "The map room of the Harbour Museum holds 310 charts.",
    "310 charts",
    "How many charts does the map room of the Harbour Museum hold?",
    "the map room of the Harbour Museum",
    "museum.pdf",
)
FACTS = (RACKS, QUAY, LICENCES, CHARTS)


def filled(folder: Path, seed: int = 0) -> SynthTables:
    """A workspace that holds the facts too."""
    work = workspace(folder, seed)
    for each in FACTS:
        source = work.source_of(each.evidence[0])
        assert source is not None
        work.add_fact(each, source.chunk)
    return work


def candidate(work: SynthTables, of: Fact = RACKS, phrasing: int = 0) -> QuestionCandidate:
    made = candidate_of(work, of, phrasing, "rules")
    assert made is not None
    return made


def hit(doc: str, page: int) -> Hit:
    text = PAGES[doc][page]
    return Hit(doc=doc, sha256=sha256_of(doc), page=page, start=0, end=len(text), text=text, score=1.0)
