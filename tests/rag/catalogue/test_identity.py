"""A collection belongs to one embedder from its first document on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigError
from rag.catalogue.identity import claim_collection, require_embedder
from rag.catalogue.writer import Catalogue, NewDocument

SMALL = {"model": "small", "dimension": 384}
LARGE = {"model": "large", "dimension": 1024}


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite", create=True)
    yield catalogue
    catalogue.close()


def store_document(catalogue: Catalogue, collection: str) -> None:
    new = NewDocument(
        sha256="a" * 64,
        doc="a.txt",
        title="A",
        unit="section",
        parser="plain text",
        metadata={},
        n_pages=1,
        size_bytes=3,
    )
    document, first = catalogue.stage(collection, new, {"reading": 1})
    assert first == 0
    with catalogue.transaction():
        catalogue._execute("UPDATE documents SET status = 'indexed' WHERE id = ?", (document,))
    assert catalogue.counts(collection)["documents"] == 1


def test_an_unknown_collection_is_made(catalogue: Catalogue) -> None:
    claim_collection(catalogue, "default", SMALL)
    assert catalogue.collections() == {"default": SMALL}


def test_an_empty_collection_changes_hands(catalogue: Catalogue) -> None:
    claim_collection(catalogue, "default", SMALL)
    claim_collection(catalogue, "default", LARGE)
    assert catalogue.collections() == {"default": LARGE}


def test_a_filled_collection_keeps_its_embedder(catalogue: Catalogue) -> None:
    claim_collection(catalogue, "default", SMALL)
    store_document(catalogue, "default")
    claim_collection(catalogue, "default", SMALL)
    with pytest.raises(ConfigError) as caught:
        claim_collection(catalogue, "default", LARGE)
    assert catalogue.collections() == {"default": SMALL}
    assert caught.value.message == ("collection 'default' was embedded by small (384 dimensions), not by large (1024)")
    assert caught.value.hint == "kb reindex --collection default"


def test_other_collections_are_free_to_differ(catalogue: Catalogue) -> None:
    claim_collection(catalogue, "one", SMALL)
    store_document(catalogue, "one")
    claim_collection(catalogue, "two", LARGE)
    assert catalogue.collections() == {"one": SMALL, "two": LARGE}


def test_any_difference_of_the_identity_counts() -> None:
    require_embedder("c", SMALL, dict(reversed(SMALL.items())))
    with pytest.raises(ConfigError):
        require_embedder("c", SMALL, {**SMALL, "pooling": "mean"})
    with pytest.raises(ConfigError):
        require_embedder("c", {}, SMALL)
