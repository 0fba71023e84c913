"""What a vector index must do, and how one is kept in step with the catalogue.

An index is derived: it can be thrown away and rebuilt, and what it returns counts only where the catalogue still knows
it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.reading.text.search_terms import stems_in, without_function_words
from core.reading.text.values import spellings
from core.reading.text.words import unspaced_pairs
from core.types import Chunk
from rag.catalogue.reader import CatalogueReader, EmbeddedChunk
from rag.catalogue.writer import Catalogue

# Every addition is a version in LanceDB and a request elsewhere: few and large ones.
ROWS_PER_ADD = 5_000


class Store(Protocol):
    """An index over the chunks of one collection.

    Chunk ids are those of `core.types.Chunk.id`. `docs` restricts to documents by hash, `pages` to 0-based page
    indices; None means no restriction.
    """

    name: str

    def add(self, rows: Sequence[EmbeddedChunk]) -> None:
        """Add chunks that the index does not hold.

        Raises:
            BackendError: Some were not written; adding again is safe after `drop`.
        """
        ...

    def drop(self, sha256s: Collection[str]) -> None:
        """Remove every chunk of these documents; absent ones are no fault."""
        ...

    def dense(
        self,
        vector: NDArray[np.float32],
        k: int,
        *,
        docs: Collection[str] | None = None,
        pages: Collection[int] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids with cosine similarity to `vector`, shape (d,), best first."""
        ...

    def bm25(
        self, text: str, k: int, *, docs: Collection[str] | None = None, pages: Collection[int] | None = None
    ) -> list[tuple[str, float]]:
        """Return chunk ids with BM25 score over header and text, best first."""
        ...

    def lists(
        self,
        text: str,
        embed: Callable[[], NDArray[np.float32]],
        places: Sequence[tuple[int, Collection[str] | None]],
        *,
        pages: Collection[int] | None = None,
    ) -> tuple[list[list[tuple[str, float]]], list[list[tuple[str, float]]]]:
        """Return what `dense` and what `bm25` find in each place (how many, among which documents), asked at once.

        `embed` is called in this thread for the vector of `text`, shape (d,), while words are already looked up.
        """
        ...

    def count(self) -> int:
        """Return how many chunks the index holds."""
        ...

    def optimize(self) -> None:
        """Bring search structures up to date and give back space of removed rows."""
        ...

    def clear(self) -> None:
        """Remove the index of this collection entirely."""
        ...


def indexed_text(chunk: Chunk) -> str:
    """Return what is embedded and indexed for a chunk: its header, then its text."""
    return f"{chunk.header}\n{chunk.text}" if chunk.header else chunk.text


def word_text(chunk: Chunk, language: str = "") -> str:
    """Return what the index of words holds for a chunk.

    Scripts without blanks follow once more in pairs, and words of other languages than English in their stems.

    Args:
        language: Code of the language that the chunk's page is written in, `""` where it is unknown.
    """
    text = indexed_text(chunk)
    more = [*unspaced_pairs(text), *stems_in(text, language)]
    return f"{text}\n{' '.join(more)}" if more else text


def word_query(query: str, languages: Iterable[str] = ()) -> str:
    """Return a query for the index of words.

    Other spellings of its numbers, pairs of scripts without blanks, and the stems of its words in each language follow
    it; function words of the language that it is asked in are left out.

    Args:
        languages: Codes of the languages of the documents that are searched.
    """
    stems = [stem for code in languages for stem in stems_in(query, code)]
    return " ".join([without_function_words(query), *spellings(query), *unspaced_pairs(query), *stems])


def is_lost(store: Store, catalogue: CatalogueReader, collection: str) -> bool:
    """Tell whether the index is empty and should not be: its folder was deleted, or it is on another server."""
    return store.count() == 0 and catalogue.counts(collection)["chunks"] > 0


def lacking(store: Store, catalogue: CatalogueReader, collection: str) -> int:
    """Return how many documents the index lacks."""
    if is_lost(store, catalogue, collection):
        return catalogue.counts(collection)["documents"]
    return len(catalogue.to_index(store.name, collection))


def sync(
    store: Store, catalogue: Catalogue, collection: str, *, on_rows: Callable[[int], None] = lambda _: None
) -> bool:
    """Bring the index in step with the catalogue; safe to interrupt and repeat.

    What is to be added is dropped first, so that an addition cut off before it was noted is not doubled.

    Args:
        store: The index.
        catalogue: The truth.
        collection: Which collection the index serves.
        on_rows: Told the number of rows after each addition.

    Returns:
        Whether anything changed; the caller then optimizes when it suits.
    """
    if is_lost(store, catalogue, collection):
        catalogue.mark_dropped(store.name, collection)
    dropped = catalogue.to_drop(store.name, collection)
    if dropped:
        store.drop({sha256 for _, sha256 in dropped})
        catalogue.mark_dropped(store.name, collection, [document for document, _ in dropped])
    missing = catalogue.to_index(store.name, collection)
    for batch in _batches(missing, catalogue):
        store.drop({catalogue.document_by_id(document).sha256 for document in batch})
        rows = (row for document in batch for row in catalogue.embedded_chunks(document))
        for part in _parts(rows):
            store.add(part)
            on_rows(len(part))
        catalogue.mark_indexed(store.name, collection, batch)
    return bool(dropped or missing)


def _batches(documents: Iterable[int], catalogue: Catalogue) -> Iterator[list[int]]:
    """Group documents so that small ones share an addition."""
    batch: list[int] = []
    rows = 0
    for document in documents:
        batch.append(document)
        rows += catalogue.chunk_count(document)
        if rows >= ROWS_PER_ADD:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _parts(rows: Iterator[EmbeddedChunk]) -> Iterator[list[EmbeddedChunk]]:
    part: list[EmbeddedChunk] = []
    for row in rows:
        part.append(row)
        if len(part) >= ROWS_PER_ADD:
            yield part
            part = []
    if part:
        yield part
