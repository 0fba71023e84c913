"""Sources and names of documents: pointing, retiring, reviving, renaming."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from rag.catalogue.writer import Catalogue
from tests.support.documents import put


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", create=True)


def point(catalogue: Catalogue, sha256: str, source: str) -> None:
    with catalogue.transaction():
        catalogue.add_source("default", sha256, source, Path(source).name)


def test_a_document_without_sources_is_out_of_sight_and_deleted_at_the_end(catalogue: Catalogue) -> None:
    old, new = put(catalogue, "a.pdf", ["old"]), put(catalogue, "b.pdf", ["new"])
    point(catalogue, new, "/docs/a.pdf")
    assert catalogue.find("default", old) is None
    assert [document.sha256 for document in catalogue.documents("default")] == [new]
    assert catalogue.discard_retired() == [old]
    assert catalogue.discard_retired() == []
    with catalogue.transaction():
        assert catalogue.revive("default", old) is None


def test_a_retired_document_comes_back_as_it_was(catalogue: Catalogue) -> None:
    first, second = put(catalogue, "a.pdf", ["one"]), put(catalogue, "b.pdf", ["two"])
    before = catalogue.find("default", first)
    point(catalogue, second, "/docs/a.pdf")
    with catalogue.transaction():
        revived = catalogue.revive("default", first)
        assert revived is not None
        catalogue.add_source("default", first, "/docs/b.pdf", "b.pdf")
    assert before is not None
    assert (revived.status, revived.n_pages, revived.sha256) == (before.status, before.n_pages, first)
    assert [(d.doc, d.sha256) for d in catalogue.documents("default")] == [("a.pdf", second), ("b.pdf", first)]
    assert catalogue.discard_retired() == []


def test_a_document_keeps_its_name_while_a_source_has_it(catalogue: Catalogue) -> None:
    sha256 = put(catalogue, "a.pdf", ["one"])
    point(catalogue, sha256, "/docs/copy.pdf")
    assert catalogue.resolve("default", "copy.pdf").doc == "a.pdf"
    assert list(catalogue.sources_of("default", sha256)) == ["/docs/copy.pdf", "/docs/a.pdf"]
    with catalogue.transaction():
        catalogue.drop_source("default", "/docs/a.pdf")
    assert catalogue.resolve("default", "copy.pdf").doc == "copy.pdf"


def test_the_newest_source_gives_the_name(catalogue: Catalogue) -> None:
    sha256 = put(catalogue, "a.pdf", ["one"])
    for name in ("b.pdf", "c.pdf"):
        point(catalogue, sha256, f"/docs/{name}")
    put(catalogue, "a.pdf", ["another"])
    assert catalogue.find("default", sha256).doc == "c.pdf"  # type: ignore[union-attr]


def test_a_name_of_two_documents_is_asked_about(catalogue: Catalogue) -> None:
    first = put(catalogue, "a.pdf", ["one"])
    put(catalogue, "a.pdf", ["two"], source="/other/a.pdf")
    with pytest.raises(ConfigError, match="means 2 documents"):
        catalogue.resolve("default", "a.pdf")
    assert catalogue.resolve("default", first[:8]).sha256 == first
