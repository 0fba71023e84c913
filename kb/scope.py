"""Opens a collection and narrows it to documents and pages; loads no chat model and no client of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import ConfigError
from kb.workspace import Workspace
from rag.open import Knowledge, open_knowledge


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a collection that a question is about.

    Attributes:
        docs: Hashes of documents; None for all.
        pages: 0-based pages of those documents; None for all.
    """

    docs: tuple[str, ...] | None = None
    pages: tuple[int, ...] | None = None


def open_collection(workspace: Workspace, *, on_note: Callable[[str], None] = lambda _: None) -> Knowledge:
    """Open the workspace's collection; notes say that it is empty or its index incomplete.

    Raises:
        ConfigError: There is no such collection, or another model embedded it.
        MissingExtra: The embedder's weights are absent.
    """
    knowledge = open_knowledge(workspace.settings, workspace.home, workspace.collection)
    for text in (*knowledge.catalogue.take_notes(), *knowledge.notes):
        on_note(text)
    store, name = workspace.settings.rag.store, workspace.collection
    flags = ("" if store == "lancedb" else f" --store {store}") + ("" if name == "default" else f" --collection {name}")
    if knowledge.behind:
        on_note(f"{knowledge.behind} documents are not indexed; to index them: kb reindex{flags}")
    if not knowledge.catalogue.counts(name)["documents"]:
        on_note(f"collection {name!r} is empty; to add documents: kb ingest{flags} PATH")
    return knowledge


def scope_of(
    knowledge: Knowledge, collection: str, docs: Sequence[str] | None = None, pages: Sequence[int] | None = None
) -> Scope:
    """Look up documents by name and check that they have the pages.

    Args:
        docs: File names, ids or prefixes of hashes; all documents if empty.
        pages: 0-based pages; all if empty.

    Raises:
        ConfigError: No such document, or none of the documents has such a page.
    """
    catalogue = knowledge.catalogue
    named = [catalogue.resolve(collection, name) for name in docs or ()]
    documents = named or (list(catalogue.documents(collection)) if pages else [])
    longest = max(documents, key=lambda document: document.n_pages, default=None)
    for page in pages or ():
        if longest is not None and page >= longest.n_pages:
            count = f"{longest.n_pages} page{'s' if longest.n_pages != 1 else ''}"
            whose = "the longest document, " if not named and len(documents) > 1 else ""
            raise ConfigError(f"no page {page + 1}: {whose}{longest.doc}, has {count}", hint=f"kb show {longest.doc}")
    return Scope(tuple(document.sha256 for document in named) or None, tuple(pages or ()) or None)


def words_without_document(knowledge: Knowledge, question: str) -> list[str]:
    """Return the question's words that no document holds, where they are at least half of it.

    A question in another language than the documents has no answer for that reason.
    """
    unknown, word_count = knowledge.searcher.unknown_words(question)
    return unknown if unknown and 2 * len(unknown) >= word_count else []
