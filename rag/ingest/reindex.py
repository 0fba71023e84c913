"""Rebuilds what is derived: the index and the router's profiles, and vectors where their recipe has changed.

Interrupted at any moment it goes on where it was: a document is rewritten in one transaction and carries the recipe
it was made with.
"""

from __future__ import annotations

from collections.abc import Callable

from core.settings import Settings
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder
from rag.ingest.header import chunk_header
from rag.ingest.reading import make_chunker, recipe
from rag.search.profile import PROFILE_PAGES, build_profile
from rag.store.base import Store, indexed_text, sync


def reindex(
    *,
    catalogue: Catalogue,
    store: Store,
    embedder: Embedder,
    settings: Settings,
    collection: str,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[int, int]:
    """Bring every document to the current recipe, then build the index anew; the caller holds the writer lock.

    Args:
        catalogue: Open for writing.
        store: The index to build.
        embedder: Makes new vectors where the stored ones come from another model or chunking.
        settings: Chunking.
        collection: Which collection.
        on_progress: Told documents done and in all.

    Returns:
        Documents re-embedded, and chunks in the index.

    Raises:
        ConfigError: There is no such collection.
    """
    catalogue.require_collection(collection)
    wanted = recipe(settings, embedder.identity.to_json())
    # Set first: until every document is rewritten, searches see the mismatch and say so.
    catalogue.set_collection(collection, embedder.identity.to_json())
    recipes = catalogue.recipes(collection)
    stale = [document for document, made in recipes.items() if made != wanted]
    for done, document in enumerate(stale):
        on_progress(done, len(stale))
        _rewrite(catalogue, embedder, settings, collection, document, wanted)
    on_progress(len(stale), len(stale))
    for document in recipes:
        _profile_again(catalogue, document)
    store.clear()
    catalogue.mark_dropped(store.name, collection)
    sync(store, catalogue, collection)
    store.optimize()
    return len(stale), store.count()


def _profile_again(catalogue: Catalogue, document: int) -> None:
    known = catalogue.document_by_id(document)
    first = [page.text for page in catalogue.first_pages(document, PROFILE_PAGES)]
    profile = build_profile(known.sha256, known.doc, known.title, known.metadata, first)
    catalogue.set_profile(document, profile.to_json())


def _rewrite(
    catalogue: Catalogue,
    embedder: Embedder,
    settings: Settings,
    collection: str,
    document: int,
    wanted: dict[str, object],
) -> None:
    known = catalogue.document_by_id(document)
    chunker = make_chunker(settings, embedder)
    chunks = [
        chunk
        for page in catalogue.pages(collection, known.sha256)
        for chunk in chunker.split(known.sha256, page, chunk_header(known.title, known.doc, page, known.metadata))
    ]
    vectors = embedder.embed_documents([indexed_text(chunk) for chunk in chunks])
    rows = [EmbeddedChunk(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]
    catalogue.rewrite_chunks(document, rows, wanted)
