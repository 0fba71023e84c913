"""Snapshots of a collection: named states that can be asked, compared and restored.

A snapshot is a folder with a copy of the catalogue's rows of one collection and links to the originals. Its index is a
tagged version of the collection's LanceDB table, which costs nothing; where there is no such version (another store, or
a document was forgotten since), an index is built from the snapshot's own vectors at its first use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import ConfigError, DataError
from core.files import Home, atomic_write
from core.originals import keep_original, original_file
from core.shell import quoted
from core.types import Answer, Document
from core.weights.folders import delete_folder, make_folder
from kb.ingest import WAITING
from kb.snapshots.difference import ChangedAnswer, SnapshotDifference, difference_of
from kb.workspace import Workspace
from rag.catalogue.copying import copy_collection, merge_documents
from rag.catalogue.identity import require_embedder
from rag.catalogue.postgres import postgres_url
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue
from rag.open import Knowledge, embedder_of, knowledge_over, open_store, writing
from rag.store.base import Store, sync

OnNote = Callable[[str], None]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FOLDER, _RECORD, _CATALOGUE = "snapshots", "snapshot.json", "catalogue.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A named state of a collection.

    Attributes:
        name: What a person calls it.
        collection: Of which collection.
        created_at: UTC, ISO 8601.
        documents: How many documents it holds.
        pages: How many pages.
        size_bytes: Of its files; originals that the collection has too are not counted.
        version: Of the index, that is tagged; 0 where it has an index of its own.
    """

    name: str
    collection: str
    created_at: str
    documents: int
    pages: int
    size_bytes: int
    version: int


def take_snapshot(workspace: Workspace, name: str, *, on_note: OnNote = lambda _: None) -> Snapshot:
    """Keep the collection as it is now under a name.

    Raises:
        ConfigError: The name is taken or cannot be one, there is no such collection, or it is in PostgreSQL.
        BackendError: The disk is full.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"invalid name of a snapshot {name!r}: use letters, digits, '-', '_' and '.'", hint="kb snapshot before-may"
        )
    collection, home = workspace.collection, workspace.home
    if postgres_url():
        raise ConfigError("snapshots are kept of a catalogue in a file, not in PostgreSQL", hint="kb backup")
    folder = _folder(home, collection, name)
    if folder.exists():
        raise ConfigError(f"snapshot {name!r} exists already", hint=f"kb snapshot {name}-2")
    CatalogueReader(home.catalogue).require_collection(collection)
    with writing(home, lambda: on_note(WAITING)):
        catalogue = Catalogue(home.catalogue)
        store = _live_store(workspace, catalogue)
        # What the index lacks would be lacking in its version.
        sync(store, catalogue, collection)
        version = store.tag(_tag(name)) if hasattr(store, "tag") else 0

        def fill(work: Path) -> None:
            copy_collection(home.catalogue, work / _CATALOGUE, collection)
            _link_originals(home, catalogue.documents(collection), work / "originals")
            counts = catalogue.counts(collection)
            snapshot = Snapshot(
                name=name,
                collection=collection,
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                documents=counts["documents"],
                pages=counts["pages"],
                size_bytes=(work / _CATALOGUE).stat().st_size,
                version=version,
            )
            with atomic_write(work / _RECORD) as handle:
                handle.write(json.dumps(asdict(snapshot), indent=1).encode())

        make_folder(folder, fill, ready=_RECORD)
    return _read(folder)


def snapshots(workspace: Workspace) -> list[Snapshot]:
    """Return the snapshots of the collection, the oldest first."""
    folder = workspace.home.root / _FOLDER / workspace.collection
    recorded = [_read(path.parent) for path in sorted(folder.glob(f"*/{_RECORD}"))]
    return sorted(recorded, key=lambda snapshot: (snapshot.created_at, snapshot.name))


def require_snapshot(workspace: Workspace, name: str) -> Snapshot:
    """Return a snapshot of the collection by its name.

    Raises:
        ConfigError: There is none; the message names those there are.
    """
    known = {snapshot.name: snapshot for snapshot in snapshots(workspace)}
    if name not in known:
        there = ", ".join(known) or "none yet"
        raise ConfigError(
            f"no snapshot {name!r} of collection {workspace.collection!r} (there are: {there})",
            hint="kb snapshot --list",
        )
    return known[name]


def open_snapshot(workspace: Workspace, name: str, *, on_note: OnNote = lambda _: None) -> Knowledge:
    """Open a snapshot for search and answers, as `kb.scope.open_collection` opens a collection.

    Raises:
        ConfigError: There is no such snapshot, or another model embedded it.
        MissingExtra: The embedder's weights are absent.
    """
    snapshot = require_snapshot(workspace, name)
    folder, collection = _folder(workspace.home, snapshot.collection, name), snapshot.collection
    catalogue = CatalogueReader(folder / _CATALOGUE)
    known = catalogue.require_collection(collection)
    embedder = embedder_of(workspace.settings, workspace.home)
    require_embedder(collection, known, embedder.identity.to_json())
    store = _snapshot_store(workspace, snapshot, embedder.identity.dimension, on_note)
    return replace(knowledge_over(workspace.settings, workspace.home, collection, catalogue, store, embedder), behind=0)


def restore_snapshot(workspace: Workspace, name: str, *, on_note: OnNote = lambda _: None) -> SnapshotDifference:
    """Bring the collection back to a snapshot: documents that came since go, those that went come back.

    Returns:
        What was changed, from now to the snapshot.

    Raises:
        ConfigError: There is no such snapshot, or another model embedded it.
    """
    snapshot = require_snapshot(workspace, name)
    collection, home = snapshot.collection, workspace.home
    folder = _folder(home, collection, name)
    with writing(home, lambda: on_note(WAITING)):
        kept = CatalogueReader(folder / _CATALOGUE)
        catalogue = Catalogue(home.catalogue)
        require_embedder(collection, catalogue.require_collection(collection), kept.require_collection(collection))
        difference = difference_of("now", name, catalogue.documents(collection), kept.documents(collection))
        by_hash = {document.sha256: document for document in kept.documents(collection)}
        here = {document.sha256 for document in catalogue.documents(collection)}
        for sha256 in sorted(here - set(by_hash)):
            catalogue.forget(collection, sha256)
        merge_documents(catalogue, folder / _CATALOGUE, collection, sorted(set(by_hash) - here))
        for sha256 in sorted(set(by_hash) - here):
            _bring_back(home, folder / "originals", by_hash[sha256])
        store = _live_store(workspace, catalogue)
        if sync(store, catalogue, collection):
            store.optimize()
    return difference


def compare_snapshot(
    workspace: Workspace,
    name: str,
    other: str = "",
    *,
    questions: Sequence[str] = (),
    on_question: Callable[[int, int], None] = lambda _done, _total: None,
    on_note: OnNote = lambda _: None,
) -> SnapshotDifference:
    """Return what differs between a snapshot and the collection as it is now, or another snapshot.

    Args:
        other: The other snapshot; the collection as it is now if empty.
        questions: Asked of both; those that are answered otherwise are in the result.
        on_question: Called with questions done and their total.

    Raises:
        ConfigError: There is no such snapshot or collection.
    """
    before = open_snapshot(workspace, name, on_note=on_note) if questions else None
    first = _documents(workspace, name)
    second = _documents(workspace, other)
    difference = difference_of(name, other or "now", first, second)
    if before is None:
        return difference
    from kb.answering import open_answerer
    from kb.scope import open_collection

    after = open_snapshot(workspace, other, on_note=on_note) if other else open_collection(workspace, on_note=on_note)
    askers = [open_answerer(workspace, knowledge) for knowledge in (before, after)]
    changed = []
    for done, question in enumerate(questions, start=1):
        old, new = (answerer.ask(question) for answerer in askers)
        if _said(old) != _said(new):
            changed.append(ChangedAnswer(question=question, before=_said(old), after=_said(new)))
        on_question(done, len(questions))
    return replace(difference, answers=tuple(changed), questions=len(questions))


def remove_snapshot(workspace: Workspace, name: str, *, on_note: OnNote = lambda _: None) -> None:
    """Delete a snapshot.

    Raises:
        ConfigError: There is no such snapshot.
    """
    snapshot = require_snapshot(workspace, name)
    with writing(workspace.home, lambda: on_note(WAITING)):
        store = _live_store(workspace, CatalogueReader(workspace.home.catalogue))
        if snapshot.version and hasattr(store, "untag"):
            store.untag([_tag(name)])
        delete_folder(_folder(workspace.home, snapshot.collection, name))


def forget_in_snapshots(workspace: Workspace, store: Store, documents: Sequence[Document]) -> list[str]:
    """Remove documents from the snapshots of the collection; the caller holds the writer lock.

    Returns:
        Names of the snapshots that held one of them.
    """
    touched = []
    for snapshot in snapshots(workspace):
        folder = _folder(workspace.home, snapshot.collection, snapshot.name)
        kept = Catalogue(folder / _CATALOGUE)
        stored = [document for document in documents if kept.find(snapshot.collection, document.sha256)]
        for document in stored:
            kept.forget(snapshot.collection, document.sha256)
            shutil.rmtree(folder / "originals" / document.sha256, ignore_errors=True)
        if stored:
            kept.vacuum()
            touched.append(snapshot.name)
            shutil.rmtree(folder / "index", ignore_errors=True)
        kept.close()
    if touched and hasattr(store, "untag"):
        # Versions of the index hold the words of the document: they go, and snapshots build an index when asked.
        store.untag([_tag(snapshot.name) for snapshot in snapshots(workspace)])
    return touched


def _folder(home: Home, collection: str, name: str) -> Path:
    return home.root / _FOLDER / collection / name


def _tag(name: str) -> str:
    return f"kb-{name}"


def _read(folder: Path) -> Snapshot:
    path = folder / _RECORD
    try:
        return Snapshot(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"cannot be read: {error}", path=path, hint=f"rm -r {quoted(folder)}") from error


def _live_store(workspace: Workspace, catalogue: CatalogueReader) -> Store:
    dimension = int(str(catalogue.require_collection(workspace.collection)["dimension"]))
    return open_store(workspace.settings, workspace.home, workspace.collection, dimension)


def _snapshot_store(workspace: Workspace, snapshot: Snapshot, dimension: int, on_note: OnNote) -> Store:
    from rag.store.lance import LanceStore

    home, collection = workspace.home, snapshot.collection
    if snapshot.version:
        tagged = LanceStore(home.index, collection, dimension, tag=_tag(snapshot.name))
        if tagged.has_tag():
            return tagged
    folder = _folder(home, collection, snapshot.name)
    store = LanceStore(folder / "index", collection, dimension)
    with writing(home, lambda: on_note(WAITING)):
        if sync(store, Catalogue(folder / _CATALOGUE), collection):
            on_note(f"built an index of snapshot {snapshot.name!r} from its own vectors")
            store.optimize()
    return store


def _link_originals(home: Home, documents: Sequence[Document], target: Path) -> None:
    for document in documents:
        original = original_file(home, document.sha256, document.doc)
        if original.is_file():
            place = target / document.sha256 / original.name
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(original, place)


def _bring_back(home: Home, originals: Path, document: Document) -> None:
    present = original_file(home, document.sha256, document.doc)
    stored = sorted((originals / document.sha256).glob("*")) if not present.exists() else []
    if stored:
        place = home.original(document.sha256, document.doc)
        place.parent.mkdir(parents=True, exist_ok=True)
        _link(stored[0], place)
        keep_original(home, place, document.sha256)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def _documents(workspace: Workspace, name: str) -> list[Document]:
    """Return the documents of a snapshot, or of the collection as it is now where the name is empty."""
    if not name:
        catalogue = CatalogueReader(workspace.home.catalogue)
        catalogue.require_collection(workspace.collection)
        return catalogue.documents(workspace.collection)
    snapshot = require_snapshot(workspace, name)
    folder = _folder(workspace.home, snapshot.collection, name)
    return CatalogueReader(folder / _CATALOGUE).documents(snapshot.collection)


def _said(answer: Answer) -> str:
    return answer.short_answer or answer.answer
