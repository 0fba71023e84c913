"""A collection copied into a file of its own, and documents copied back."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.catalogue.copying import copy_collection, merge_documents
from rag.catalogue.writer import Catalogue
from tests.support.documents import put


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", create=True)


def test_a_copy_holds_one_collection_whole(catalogue: Catalogue, tmp_path: Path) -> None:
    put(catalogue, "a.pdf", ["one", "two"])
    put(catalogue, "b.pdf", ["other"], collection="second")
    catalogue.mark_indexed("lancedb", "default", catalogue.to_index("lancedb", "default"))
    copy_collection(tmp_path / "catalogue.sqlite", tmp_path / "copy.sqlite", "default")
    copy = Catalogue(tmp_path / "copy.sqlite")
    assert list(copy.collections()) == ["default"]
    assert copy.counts("default") == catalogue.counts("default")
    assert [document.doc for document in copy.documents("default")] == ["a.pdf"]
    assert len(copy.to_index("lancedb", "default")) == 1
    assert b"other" not in (tmp_path / "copy.sqlite").read_bytes()


def test_documents_come_back_with_everything_of_them(catalogue: Catalogue, tmp_path: Path) -> None:
    sha256 = put(catalogue, "a.pdf", ["one", "two"])
    before = list(catalogue.embedded_chunks(catalogue.to_index("lancedb", "default")[0]))
    copy_collection(tmp_path / "catalogue.sqlite", tmp_path / "copy.sqlite", "default")
    new = put(catalogue, "a.pdf", ["changed"])
    catalogue.discard_retired()
    assert catalogue.find("default", sha256) is None
    catalogue.forget("default", new)
    merge_documents(catalogue, tmp_path / "copy.sqlite", "default", [sha256])
    (document,) = catalogue.documents("default")
    assert (document.sha256, document.source, document.n_pages) == (sha256, "/docs/a.pdf", 2)
    assert catalogue.page_text("default", sha256, 1) == "two"
    after = list(catalogue.embedded_chunks(catalogue.to_index("lancedb", "default")[0]))
    assert [row.chunk for row in after] == [row.chunk for row in before]
    assert all((row.vector == old.vector).all() for row, old in zip(after, before, strict=True))


def test_space_of_forgotten_documents_is_given_back(catalogue: Catalogue, tmp_path: Path) -> None:
    sha256 = put(catalogue, "a.pdf", ["unmistakable words"])
    catalogue.forget("default", sha256)
    catalogue.vacuum()
    catalogue.close()
    assert b"unmistakable" not in (tmp_path / "catalogue.sqlite").read_bytes()
