"""Small catalogues made without a parser or a model, for tests of what lies behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.types import Chunk, Page
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue, Finished, NewDocument

DIMENSION = 16
IDENTITY: dict[str, object] = {"model": "hashed", "dimension": DIMENSION}
RECIPE: dict[str, object] = {"embedder": IDENTITY}


def vector_of(text: str) -> NDArray[np.float32]:
    """Return a unit vector that depends on the text alone."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    vector = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def sha_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_document(doc: str, texts: Sequence[str]) -> NewDocument:
    return NewDocument(
        sha256=sha_of("\f".join(texts)),
        doc=doc,
        title=doc,
        unit="page",
        parser="made",
        metadata={"author": "A"},
        n_pages=len(texts),
        size_bytes=sum(map(len, texts)),
    )


def rows_of(sha256: str, page: Page) -> list[EmbeddedChunk]:
    """Return one chunk per line of the page."""
    rows, start = [], 0
    for line in page.text.split("\n"):
        if line:
            chunk = Chunk(
                sha256=sha256, page=page.index, start=start, end=start + len(line), text=line, header="made up"
            )
            rows.append(EmbeddedChunk(chunk, vector_of(line)))
        start += len(line) + 1
    return rows


def put(catalogue: Catalogue, doc: str, texts: Sequence[str], *, collection: str = "default", source: str = "") -> str:
    """Write a whole document; returns its hash."""
    if collection not in catalogue.collections():
        catalogue.set_collection(collection, IDENTITY)
    new = new_document(doc, texts)
    document, first = catalogue.stage(collection, new, RECIPE)
    assert first == 0
    with catalogue.transaction():
        for index, text in enumerate(texts):
            page = Page(index=index, text=text)
            catalogue.add_pages(document, [page], rows_of(new.sha256, page))
        done = Finished(title=doc, profile={"doc": doc}, status="indexed", n_pages=len(texts))
        catalogue.finish(document, source or f"/docs/{doc}", done)
    return new.sha256
