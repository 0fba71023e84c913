"""Rebuilds what is derived: the index, the router's profiles, and pages, chunks and vectors whose recipe has changed.

Where pages are read differently than when a document came in, its stored original is read again; a document whose
original cannot be read any more keeps its pages. Interrupted at any moment, the next run continues: a document is
rewritten in one transaction and carries the recipe it was made with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import DataError, MissingExtra
from core.files import Home
from core.originals import original_file
from core.settings import Settings
from core.types import Chunk, Document, Page
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue, NewDocument
from rag.embed.base import Embedder
from rag.ingest.document import make_chunker
from rag.ingest.header import chunk_header
from rag.ingest.reading import new_document, recipe, recipe_of
from rag.ingest.running import RunningOnce
from rag.load.linking import linked
from rag.load.process.parse import parse_file
from rag.store.base import Store, indexed_text, sync


def reindex(
    *,
    catalogue: Catalogue,
    store: Store,
    embedder: Embedder,
    settings: Settings,
    collection: str,
    home: Home | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> tuple[int, int]:
    """Bring every document to the current recipe, then build the index anew; the caller holds the writer lock.

    Args:
        catalogue: Open for writing.
        store: The index to build.
        embedder: Makes new vectors where the stored ones come from another model or chunking.
        settings: Limits and chunking.
        collection: Which collection.
        home: Where originals are; None keeps the pages that are stored.
        on_progress: Called with the number of documents done and in all.
        on_note: Called with one sentence for each document whose original was not read again.

    Returns:
        Documents re-embedded, and chunks in the index.

    Raises:
        ConfigError: There is no such collection.
    """
    catalogue.require_collection(collection)
    common = recipe_of(settings, embedder.identity.to_json())
    # Set first: until every document is rewritten, searches see the mismatch and say so.
    catalogue.set_collection(collection, embedder.identity.to_json())
    recipes = catalogue.recipes(collection)
    stale = [
        document for document, made in recipes.items() if made != recipe(common, catalogue.document_by_id(document).doc)
    ]
    job = _Job(catalogue, embedder, settings, home, on_note)
    for done, document in enumerate(stale):
        on_progress(done, len(stale))
        job.rewrite(document, common, reread=recipes[document].get("reading") != common["reading"])
    on_progress(len(stale), len(stale))
    for document in recipes:
        catalogue.describe(document)
    catalogue.take_notes()
    store.clear()
    catalogue.mark_dropped(store.name, collection)
    sync(store, catalogue, collection)
    store.optimize()
    return len(stale), store.count()


@dataclass(frozen=True, slots=True)
class _Job:
    """One run with what it needs."""

    catalogue: Catalogue
    embedder: Embedder
    settings: Settings
    home: Home | None
    on_note: Callable[[str], None]

    def rewrite(self, document: int, common: Mapping[str, object], *, reread: bool) -> None:
        """Make a document's chunks, and where `reread` its pages, anew."""
        known = self.catalogue.document_by_id(document)
        new_recipe = recipe(common, known.doc)
        reading = self._read_again(known) if reread else None
        if reading is None:
            pages = list(self.catalogue.pages(known.collection, known.sha256))
            rows = self._embedded(known.sha256, known.title, known.doc, known.metadata, pages)
            self.catalogue.rewrite_chunks(document, rows, new_recipe)
            return
        new, pages = reading
        rows = self._embedded(known.sha256, new.title, known.doc, new.metadata, pages)
        self.catalogue.rewrite(document, new, pages, rows, new_recipe)

    def _read_again(self, known: Document) -> tuple[NewDocument, list[Page]] | None:
        """Return what the stored original holds, None where that is less than what is stored."""
        if self.home is None:
            return None
        before = list(self.catalogue.pages(known.collection, known.sha256))
        ocr = any("ocr" in page.parser.lower() for page in before)
        try:
            original = original_file(self.home, known.sha256, known.doc)
            parsed = parse_file(original, self.settings.ingest, ocr=ocr)
            pages = list(linked(parsed.pages))
        except (DataError, MissingExtra) as error:
            self.on_note(f"{known.doc}: kept as it was read before ({error.message})")
            return None
        failed = {page.index for page in pages if page.quality == "failed"}
        if failed - {page.index for page in before if page.quality == "failed"}:
            self.on_note(f"{known.doc}: kept as it was read before (a page cannot be read any more)")
            return None
        return new_document(parsed.info, original, known.sha256, known.doc), pages

    def _embedded(
        self, sha256: str, title: str, doc: str, metadata: Mapping[str, str], pages: Sequence[Page]
    ) -> list[EmbeddedChunk]:
        chunker = make_chunker(self.settings, self.embedder)
        running = RunningOnce()
        chunks: list[Chunk] = [
            chunk
            for last, page in zip([None, *pages], pages, strict=False)
            for chunk in chunker.split(sha256, running.for_chunks(page), chunk_header(title, doc, page, metadata), last)
        ]
        vectors = self.embedder.embed_documents([indexed_text(chunk) for chunk in chunks])
        return [EmbeddedChunk(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]
