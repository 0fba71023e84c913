"""Keeps a home in order: forget documents, rebuild an index, back up and restore, fetch models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.backends import parse_spec
from core.chat.ollama_server import pull as pull_into_ollama
from core.errors import DataError
from core.models import ollama_has
from core.types import Document
from core.weights.shelf import pull
from kb.ingest import WAITING
from kb.snapshots.keeping import forget_in_snapshots
from kb.workspace import Workspace
from rag.catalogue.backup import restore_backup
from rag.catalogue.forget import forget
from rag.catalogue.writer import Catalogue
from rag.ingest.reindex import reindex
from rag.open import embedder_of, open_store, writing
from rag.search.tuned import drop_tuning, read_tuning, tuning_for
from rag.store.base import sync

_OLLAMA = "ollama:"

# Called with stage, done and total; the total is 0 where it is unknown.
FetchProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexed:
    """What a rebuild did.

    Attributes:
        rows: Chunks in the index.
        embedded: Documents whose vectors were made anew.
    """

    rows: int
    embedded: int


def forget_documents(
    workspace: Workspace, names: Sequence[str], *, on_note: Callable[[str], None] = lambda _: None
) -> list[Document]:
    """Remove documents with everything kept of them, in snapshots too.

    Args:
        names: File names, ids or prefixes of hashes.

    Returns:
        The documents removed.

    Raises:
        ConfigError: No such document; nothing is removed then.
    """
    collection = workspace.collection
    with writing(workspace.home, lambda: on_note(WAITING)):
        catalogue = Catalogue(workspace.home.catalogue)
        dimension = int(str(catalogue.require_collection(collection)["dimension"]))
        named = [catalogue.resolve(collection, name) for name in names]
        documents = list({document.sha256: document for document in named}.values())
        store = open_store(workspace.settings, workspace.home, collection, dimension)
        touched = forget_in_snapshots(workspace, store, documents)
        for document in documents:
            forget(workspace.home, catalogue, store, document)
        untuned = _forget_tuning(workspace, documents)
    if touched:
        on_note(f"also removed from snapshots: {', '.join(touched)}")
    if untuned:
        on_note(f"the search was tuned to questions about them; that is removed, too: {_tune_command(collection)}")
    return documents


def _forget_tuning(workspace: Workspace, documents: Sequence[Document]) -> bool:
    """Remove the tuning of the search if it was fitted to one of these documents, and tell whether it was."""
    try:
        tuning = read_tuning(workspace.home.search_tuning(workspace.collection))
    except DataError:  # nobody can tell what it was fitted to
        return drop_tuning(workspace.home, workspace.collection)
    if tuning is None or not {document.sha256 for document in documents} & set(tuning.documents):
        return False
    return drop_tuning(workspace.home, workspace.collection)


def _tune_command(collection: str) -> str:
    return "kb tune-search" + ("" if collection == "default" else f" --collection {collection}")


def rebuild_index(
    workspace: Workspace,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Reindexed:
    """Rebuild the collection's index; documents are read and embedded anew where that has changed.

    Args:
        on_progress: Called with documents done and their total.

    Raises:
        KbError: The catalogue, the embedder or the store failed.
    """
    embedder = embedder_of(workspace.settings, workspace.home)
    with writing(workspace.home, lambda: on_note(WAITING)):
        embedded, rows = reindex(
            catalogue=Catalogue(workspace.home.catalogue),
            store=open_store(workspace.settings, workspace.home, workspace.collection, embedder.identity.dimension),
            embedder=embedder,
            settings=workspace.settings,
            collection=workspace.collection,
            home=workspace.home,
            on_progress=on_progress,
            on_note=on_note,
        )
        _, note = tuning_for(
            workspace.home,
            workspace.settings.rag.model_copy(update={"tuned": True}),
            workspace.collection,
            embedder.identity.to_json(),
        )
        if note and drop_tuning(workspace.home, workspace.collection):
            tune = _tune_command(workspace.collection)
            on_note(f"the tuning of the search does not fit the index and is removed; to tune it: {tune}")
    return Reindexed(rows=rows, embedded=embedded)


def restore(workspace: Workspace, backup: Path) -> None:
    """Restore a backup into an empty home and index all its collections.

    Raises:
        ConfigError: The home is not empty.
        DataError: The file is not a whole backup.
    """
    restore_backup(backup, workspace.home)
    catalogue = Catalogue(workspace.home.catalogue)
    for name, identity in catalogue.collections().items():
        store = open_store(workspace.settings, workspace.home, name, int(str(identity["dimension"])))
        if sync(store, catalogue, name):
            store.optimize()


def fetch_model(workspace: Workspace, name: str, *, on_progress: FetchProgress = lambda *_: None) -> str:
    """Fetch weights and prepare them, or have Ollama fetch a model.

    Args:
        name: `minilm`, `smollm2`, a Hub id, or `ollama:NAME`.

    Returns:
        Where they are, for a person.

    Raises:
        KbError: There is no such model, or where it would come from does not answer.
    """
    if not name.startswith(_OLLAMA):
        return str(pull(name, workspace.home, progress=on_progress))
    url, models = workspace.settings.rag.ollama_url, workspace.settings.models
    pull_into_ollama(
        name.removeprefix(_OLLAMA),
        url,
        timeout_s=models.timeout_s,
        deadline_s=models.deadline_s,
        progress=on_progress,
    )
    return f"Ollama at {url}"


def missing_chat_model(workspace: Workspace) -> str:
    """Return the name by which the configured chat model would be fetched; empty where it is there or has no source."""
    spec = parse_spec(workspace.settings.rag.model)
    if spec.kind == "smollm2" and not (workspace.home.models / "smollm2").is_dir():
        return str(spec)
    if spec.kind == "ollama" and not ollama_has(spec.name, workspace.settings.rag.ollama_url):
        return str(spec)
    return ""
