"""A collection of the catalogue as the training workshop reads it (`core.types.Corpus`).

Reads documents, pages and chunks, one at a time; hidden text stays in the catalogue. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.types import Chunk, Document, Page
from rag.catalogue.reader import CatalogueReader


@dataclass(frozen=True, slots=True)
class CatalogueCorpus:
    """One collection.

    Attributes:
        catalogue: Where it stands.
        collection: Its name.
        only: Hashes of the documents that count; None for all.
    """

    catalogue: CatalogueReader
    collection: str
    only: frozenset[str] | None = None

    def documents(self) -> Sequence[Document]:
        """Return the documents, in order of name."""
        documents = self.catalogue.documents(self.collection)
        return documents if self.only is None else [document for document in documents if document.sha256 in self.only]

    def pages(self, sha256: str) -> Iterator[Page]:
        """Yield a document's pages in order, without what was removed as hidden."""
        for page in self.catalogue.pages(self.collection, sha256):
            yield Page(
                index=page.index,
                text=page.text,
                quality=page.quality,
                reason=page.reason,
                label=page.label,
                parser=page.parser,
                blocks=page.blocks,
            )

    def chunks(self, sha256: str) -> Iterator[Chunk]:
        """Yield a document's chunks in order of page and start."""
        return self.catalogue.chunks_of(self.collection, sha256)
