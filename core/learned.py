"""Which documents a dataset teaches: what its manifest names, or what the evidence of its rows does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from core.rows import DatasetFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What a dataset was made of.

    Attributes:
        collection: Name of the collection; empty where the dataset does not say.
        documents: `{"doc", "sha256"}` of every document with at least one row, by name.
    """

    collection: str
    documents: tuple[dict[str, str], ...]


def taught_by(folder: DatasetFolder) -> Taught:
    """Return the documents of a dataset folder.

    Documents that the manifest names and that gave no row are left out, where it counts rows by document.

    Raises:
        DataError: The manifest or a row is at fault.
    """
    manifest = folder.manifest()
    collection = str(manifest.to_json().get("collection", ""))
    named = {(document.sha256, document.doc) for document in manifest.documents}
    counted = manifest.counts.get("documents")
    if named and isinstance(counted, dict):
        named = {(sha256, doc) for sha256, doc in named if counted.get(doc)}
    if not named:
        named = {(citation.sha256, citation.doc) for pair in folder.pairs() for citation in pair.evidence}
    documents = ({"doc": doc, "sha256": sha256} for sha256, doc in sorted(named, key=lambda part: (part[1], part[0])))
    return Taught(collection=collection, documents=tuple(documents))


def taught_counts(folder: DatasetFolder, hashes: frozenset[str]) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return, per document hash, the ids of the facts read in it and the number of rows that rest on it.

    Args:
        folder: The dataset.
        hashes: The documents to count.

    Raises:
        DataError: A row is at fault.
    """
    facts: dict[str, list[str]] = {sha256: [] for sha256 in hashes}
    for fact in folder.facts():
        for sha256 in {citation.sha256 for citation in fact.evidence} & hashes:
            facts[sha256].append(fact.id)
    rows: Counter[str] = Counter()
    for pair in folder.pairs():
        rows.update({citation.sha256 for citation in pair.evidence} & hashes)
    return {sha256: (tuple(facts[sha256]), rows[sha256]) for sha256 in sorted(hashes)}
