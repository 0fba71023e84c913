from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.errors import BackendError, ConfigError
from core.types import Page
from rag.catalogue.quality import page_ranges
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue, Finished
from tests.support.documents import IDENTITY, RECIPE, new_document, put, rows_of, sha_of, vector_of


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", create=True)


def test_what_goes_in_comes_out(catalogue: Catalogue) -> None:
    sha256 = put(catalogue, "a.pdf", ["first 𝒳 line\nsecond", "third"])
    document = catalogue.resolve("default", "a.pdf")
    assert (document.sha256, document.n_pages, document.status, document.source) == (
        sha256,
        2,
        "indexed",
        "/docs/a.pdf",
    )
    assert document.metadata == {"author": "A"}
    assert catalogue.page("default", sha256, 0).text == "first 𝒳 line\nsecond"
    rows = list(catalogue.embedded_chunks(catalogue.to_index("lancedb", "default")[0]))
    assert [row.chunk.text for row in rows] == ["first 𝒳 line", "second", "third"]
    np.testing.assert_array_equal(rows[0].vector, vector_of("first 𝒳 line"))
    found = catalogue.chunks("default", [rows[1].chunk.id, f"{sha256}:0:1:2"])
    assert found == {rows[1].chunk.id: rows[1].chunk}
    assert catalogue.counts("default") == {"documents": 1, "pages": 2, "chunks": 3}


def test_a_staged_document_is_invisible_and_gone_on_with(catalogue: Catalogue) -> None:
    catalogue.set_collection("default", IDENTITY)
    new = new_document("a.pdf", ["one", "two"])
    document, first = catalogue.stage("default", new, RECIPE)
    with catalogue.transaction():
        catalogue.add_pages(document, [Page(index=0, text="one")], rows_of(new.sha256, Page(index=0, text="one")))
    assert first == 0
    assert catalogue.documents("default") == []
    assert catalogue.find("default", new.sha256) is None
    assert catalogue.to_index("lancedb", "default") == []
    assert catalogue.stage("default", new, RECIPE) == (document, 1)
    # Another recipe cannot go on with these chunks.
    again, first = catalogue.stage("default", new, {"chunk_chars": 1})
    assert (again > document, first) == (True, 0)


def test_a_changed_file_replaces_its_old_version(catalogue: Catalogue) -> None:
    old = put(catalogue, "a.pdf", ["old"])
    new = put(catalogue, "a.pdf", ["new"])
    assert [d.sha256 for d in catalogue.documents("default")] == [new]
    assert catalogue.find("default", old) is None


def test_the_old_version_stays_while_another_file_holds_it(catalogue: Catalogue) -> None:
    old = put(catalogue, "a.pdf", ["old"])
    with catalogue.transaction():
        catalogue.add_source("default", old, "/docs/copy.pdf", "copy.pdf")
    put(catalogue, "a.pdf", ["new"])
    assert catalogue.find("default", old) is not None
    assert catalogue.forget_source("default", "/docs/copy.pdf") is True
    assert catalogue.find("default", old) is None
    assert catalogue.forget_source("default", "/docs/never.pdf") is False


def test_collections_are_separate(catalogue: Catalogue) -> None:
    sha256 = put(catalogue, "a.pdf", ["same"])
    assert put(catalogue, "a.pdf", ["same"], collection="other") == sha256
    catalogue.forget("default", sha256)
    assert catalogue.find("other", sha256) is not None


def test_a_failed_transaction_leaves_nothing(catalogue: Catalogue) -> None:
    catalogue.set_collection("default", IDENTITY)
    document, _ = catalogue.stage("default", new_document("a.pdf", ["one"]), RECIPE)
    with pytest.raises(RuntimeError), catalogue.transaction():
        catalogue.add_pages(document, [Page(index=0, text="one")], [])
        raise RuntimeError
    assert catalogue.first_pages(document, 3) == []


def test_stale_stagings_go_and_fresh_ones_stay(catalogue: Catalogue) -> None:
    catalogue.set_collection("default", IDENTITY)
    document, _ = catalogue.stage("default", new_document("a.pdf", ["one"]), RECIPE)
    now = datetime.now(UTC)
    catalogue.discard_stale("default", now - timedelta(days=1))
    assert catalogue.stage("default", new_document("a.pdf", ["one"]), RECIPE)[0] == document
    catalogue.discard_stale("default", now + timedelta(days=1))
    assert catalogue.stage("default", new_document("a.pdf", ["one"]), RECIPE)[0] != document


def test_names_resolve_or_say_why_not(catalogue: Catalogue) -> None:
    sha256 = put(catalogue, "a.pdf", ["one"])
    put(catalogue, "a.pdf", ["two"], source="/other/a.pdf")
    put(catalogue, "b.pdf", ["three"])
    assert catalogue.resolve("default", "b.pdf").doc == "b.pdf"
    assert catalogue.resolve("default", sha256[:10]).sha256 == sha256
    with pytest.raises(ConfigError, match="means 2 documents"):
        catalogue.resolve("default", "a.pdf")
    # The end of a path, from a folder on, tells them apart.
    assert catalogue.resolve("default", "other/a.pdf").source == "/other/a.pdf"
    assert catalogue.resolve("default", "./other/a.pdf").source == "/other/a.pdf"
    with pytest.raises(ConfigError, match="no document"):
        catalogue.resolve("default", "her/a.pdf")
    with pytest.raises(ConfigError, match=r"no document 'c\.pdf'"):
        catalogue.resolve("default", "c.pdf")
    with pytest.raises(ConfigError, match=r"a\.pdf has 1 page, no page 9"):
        catalogue.page("default", sha256, 8)
    with pytest.raises(ConfigError, match="there are: default"):
        catalogue.require_collection("nope")


def test_what_an_index_lacks_and_holds_too_much(catalogue: Catalogue) -> None:
    sha256 = put(catalogue, "a.pdf", ["one"])
    missing = catalogue.to_index("lancedb", "default")
    catalogue.mark_indexed("lancedb", "default", missing)
    assert catalogue.to_index("lancedb", "default") == []
    assert catalogue.to_index("weaviate", "default") == missing
    catalogue.forget("default", sha256)
    assert catalogue.to_drop("lancedb", "default") == [(missing[0], sha256)]
    put(catalogue, "a.pdf", ["one"])
    assert catalogue.to_index("lancedb", "default") != missing


def test_quality_adds_up(catalogue: Catalogue) -> None:
    catalogue.set_collection("default", IDENTITY)
    document, _ = catalogue.stage("default", new_document("a.pdf", list("abcd")), RECIPE)
    pages = [
        Page(index=0, text="a", hidden={"tiny": 3, "off_page": 2}),
        Page(index=1, text="", quality="empty", reason="no text layer"),
        Page(index=2, text="", quality="empty", reason="no text layer"),
        Page(index=3, text="", quality="failed", reason="out of memory"),
    ]
    with catalogue.transaction():
        catalogue.add_pages(document, pages, [])
    quality = catalogue.quality_of(document)
    assert quality.hidden == 5
    assert quality.describe() == (
        "no text layer on pages 2-3; to read scans, ingest with OCR (extra 'ocr'); "
        "page 4 could not be read (out of memory)"
    )


@pytest.mark.parametrize("note", ["encoding guessed: cp1250", "formulas without a stored value: 3"])
def test_a_note_on_the_whole_file_is_said_of_the_document(catalogue: Catalogue, note: str) -> None:
    catalogue.set_collection("default", IDENTITY)
    document, _ = catalogue.stage("default", new_document("a.txt", ["a"]), RECIPE)
    with catalogue.transaction():
        catalogue.add_pages(document, [Page(index=0, text="a", quality="poor", reason=note)], [])
    assert catalogue.quality_of(document).describe() == note


def test_page_ranges_read_as_a_person_writes_them() -> None:
    assert page_ranges([2, 3, 4, 11]) == "pages 3-5, 12"
    assert page_ranges([0]) == "page 1"


def test_readers_make_no_file_and_newer_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with pytest.raises(ConfigError, match="nothing has been ingested"):
        CatalogueReader(path)
    assert not path.exists()
    Catalogue(path, create=True).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(ConfigError, match="newer version of kb"):
        CatalogueReader(path)


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(BackendError, match="damaged"):
        CatalogueReader(path)


def test_two_connections_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    writer, reader = Catalogue(path, create=True), Catalogue(path, create=True)
    put(writer, "a.pdf", ["one"])
    assert reader.find("default", sha_of("one")) is not None
    done = Finished(title="b", profile={}, status="no text", n_pages=0)
    document, _ = reader.stage("default", new_document("b.pdf", []), RECIPE)
    with reader.transaction():
        reader.finish(document, "/docs/b.pdf", done)
    assert [d.doc for d in writer.documents("default")] == ["a.pdf", "b.pdf"]


def test_languages_are_named_once_and_foreign_documents_are_indexed_anew(catalogue: Catalogue) -> None:
    german = "Der Verein wurde 1998 gegründet und hat seinen Sitz in Konstanz, wo auch das Bootshaus steht."
    english = "The keys of the boathouse are with the warden, and they are to be returned by noon."
    put(catalogue, "a.pdf", [german, english, "12.5 13.7"])
    put(catalogue, "b.pdf", [english])
    first, second = catalogue.undescribed("default")
    catalogue.mark_indexed("lancedb", "default", [first, second])
    for document in (first, second):
        catalogue.describe(document)
    assert catalogue.undescribed("default") == []
    assert [document.languages for document in catalogue.documents("default")] == [("de", "en"), ("en",)]
    assert catalogue.languages("default") == ("de", "en")
    assert {row.language for row in catalogue.embedded_chunks(first)} == {"de", "en", ""}
    assert catalogue.to_index("lancedb", "default") == [first]
