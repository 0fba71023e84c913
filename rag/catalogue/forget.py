"""Removes documents and everything kept of them: catalogue, index, originals no collection needs any more."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from core.files import Home
from core.types import Document
from rag.catalogue.writer import Catalogue
from rag.ingest.reading import discard_original
from rag.store.base import Store, sync


def forget(home: Home, catalogue: Catalogue, store: Store, document: Document) -> None:
    """Remove one document from its collection; the caller holds the writer lock."""
    catalogue.forget(document.collection, document.sha256)
    _clean(home, catalogue, store, document.collection, [document])


def forget_missing(
    home: Home,
    catalogue: Catalogue,
    store: Store,
    collection: str,
    folders: Sequence[Path],
    present: Collection[str],
) -> int:
    """Forget what came from these folders and is no longer there.

    Args:
        home: Where originals are.
        catalogue: Open for writing; the caller holds the writer lock.
        store: The index of the collection.
        collection: Which collection.
        folders: Only sources inside these are looked at.
        present: Sources that are there.

    Returns:
        How many documents went.
    """
    roots = [Path(os.path.abspath(folder)) for folder in folders]  # noqa: PTH100 - as `rag.ingest.discover` names sources
    before = {document.sha256: document for document in catalogue.documents(collection)}
    gone: list[Document] = []
    for source, sha256 in catalogue.sources(collection).items():
        inside = any(Path(source).is_relative_to(root) for root in roots)
        # A glob may have left a file out that is still there: only what is gone from the disk is forgotten.
        if (
            inside
            and source not in present
            and not Path(source).exists()
            and catalogue.forget_source(collection, source)
        ):
            gone.append(before[sha256])
    _clean(home, catalogue, store, collection, gone)
    return len(gone)


def _clean(home: Home, catalogue: Catalogue, store: Store, collection: str, gone: Sequence[Document]) -> None:
    """Bring the index in step, also with documents that got another name, and delete originals."""
    if sync(store, catalogue, collection):
        store.optimize()
    for document in gone:
        discard_original(home, catalogue, document.sha256)
