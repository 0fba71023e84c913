"""The example documents as a collection without an index: pages of real PDFs, chunks, search and vectors by words."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.text.words import terms
from core.settings import SynthSettings
from core.types import Chunk, Document, Hit, Page
from synth.facts.read import read_facts
from synth.generate.rules import RulesGenerator
from synth.making.build import DatasetBuilder
from synth.making.run import SynthPlan, SynthRun, SynthTools, begin
from tests.support.club import PAGES, workspace
from tests.support.shelf import Shelf
from tests.support.stored import stored_document

EXAMPLES = ("handbook.pdf", "manual.pdf", "update.pdf")
CHUNK, STEP = 500, 400
_DIMENSION = 512


class IndexedShelf(Shelf):
    """A shelf that takes its chunks apart once: builds ask it hundreds of times."""

    def __init__(self, documents: Mapping[str, Sequence[str]]) -> None:
        super().__init__(documents)
        self._chunks: list[tuple[Hit, frozenset[str]]] = []
        for sha256, name in self.names.items():
            for page, text in enumerate(documents[name]):
                for start in range(0, len(text), STEP):
                    piece = text[start : start + CHUNK]
                    span = {"page": page, "start": start, "end": start + len(piece)}
                    hit = Hit(doc=name, sha256=sha256, **span, text=piece, score=0.0)
                    self._chunks.append((hit, frozenset(terms(piece))))

    def search(self, query: str, k: int) -> list[Hit]:
        wanted = set(terms(query))
        scored = [(len(wanted & held), hit) for hit, held in self._chunks]
        best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])[:k]
        return [replace(hit, score=score / len(wanted)) for score, hit in best]


class ShelfCorpus:
    """A shelf as `core.types.Corpus`; its chunks are those that the shelf finds."""

    def __init__(self, documents: Mapping[str, Sequence[str]]) -> None:
        self.shelf = IndexedShelf(documents)
        self._pages = {sha256: documents[name] for sha256, name in self.shelf.names.items()}

    def documents(self) -> list[Document]:
        found = [
            stored_document(name, sha256=sha256, n_pages=len(self._pages[sha256]))
            for sha256, name in self.shelf.names.items()
        ]
        return sorted(found, key=lambda document: document.doc)

    def pages(self, sha256: str) -> Iterator[Page]:
        return (Page(index=at, text=text) for at, text in enumerate(self._pages[sha256]))

    def chunks(self, sha256: str) -> Iterator[Chunk]:
        for at, text in enumerate(self._pages[sha256]):
            for start in range(0, len(text), STEP):
                piece = text[start : start + CHUNK]
                yield Chunk(sha256=sha256, page=at, start=start, end=start + len(piece), text=piece)


class WordVectors:
    """Vectors of hashed stems: real cosines, no weights."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = np.zeros((len(texts), _DIMENSION), dtype=np.float32)
        for at, text in enumerate(texts):
            for term in terms(text):
                found[at, zlib.crc32(term.encode()) % _DIMENSION] += 1
        return found


def examples() -> ShelfCorpus:
    return ShelfCorpus({name: _pages(name) for name in EXAMPLES})


def _pages(name: str) -> list[str]:
    from tests.support.shelf import EXAMPLES as FOLDER
    from tests.support.shelf import pdf_pages

    return pdf_pages(FOLDER / name)


def builder(
    corpus: ShelfCorpus,
    out: Path,
    *,
    pairs: int | None = None,
    seed: int = 0,
    audit: bool = False,
    tools: Mapping[str, Any] | None = None,
    **settings: Any,
) -> DatasetBuilder:
    plan = SynthPlan(collection="default", settings=SynthSettings(**settings), seed=seed, pairs=pairs, audit=audit)
    return DatasetBuilder(plan, _tools(corpus, tools or {}), out)


def club_run(folder: Path, pairs: int | None = None, **settings: Any) -> SynthRun:
    """Begin a run over the pages of `tests.support.club`."""
    corpus = ShelfCorpus(PAGES)
    work = workspace(folder)
    for document in corpus.documents():
        if not work.count("documents", f"sha256='{document.sha256}'"):
            work.add_document(document, corpus.pages(document.sha256), corpus.chunks(document.sha256))
    plan = SynthPlan(collection="default", settings=SynthSettings(**settings), pairs=pairs)
    return begin(plan, _tools(corpus, {}), work)


def _tools(corpus: ShelfCorpus, other: Mapping[str, Any]) -> SynthTools:
    own: dict[str, Any] = {
        "corpus": corpus,
        "retriever": corpus.shelf,
        "embedder": WordVectors(),
        "generator": lambda documents: RulesGenerator(documents, read_facts),
    }
    return SynthTools(**{**own, **other})
