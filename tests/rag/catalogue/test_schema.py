"""Migrations, from a home that an earlier version wrote: `home_schema_1.tar.gz` (one Markdown file, one PDF)."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from core.settings import Settings
from rag.catalogue.backup import restore_backup, write_backup
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.schema import MIGRATIONS, REREAD_NOTE, SCHEMA_VERSION, migrate
from rag.catalogue.writer import Catalogue
from rag.ingest.reindex import reindex
from rag.open import open_knowledge

HOME_OF_SCHEMA_1 = Path(__file__).with_name("home_schema_1.tar.gz")


def unpack(target: Path) -> Home:
    with tarfile.open(HOME_OF_SCHEMA_1) as archive:
        archive.extractall(target, filter="data")
    return Home(target)


@pytest.fixture
def old(tmp_path: Path) -> Home:
    return unpack(tmp_path / "old")


@pytest.fixture
def old_with_models(old: Home, weights: Path) -> Home:
    old.models.symlink_to(weights)
    return old


def columns(path: Path) -> dict[str, list[tuple[str, str, int, str | None]]]:
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
        return {name: [row[1:5] for row in db.execute(f"PRAGMA table_info({name})")] for name in tables}


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_every_version_has_a_migration() -> None:
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION + 1))


def test_a_migrated_catalogue_has_the_tables_of_a_new_one(old: Home, tmp_path: Path) -> None:
    assert version_of(old.catalogue) == 1
    CatalogueReader(old.catalogue).close()
    Catalogue(tmp_path / "new.sqlite", create=True).close()
    assert version_of(old.catalogue) == version_of(tmp_path / "new.sqlite") == SCHEMA_VERSION
    assert columns(old.catalogue) == columns(tmp_path / "new.sqlite")


def test_version_2_adds_empty_blocks_and_the_names_of_sources(old: Home) -> None:
    catalogue = CatalogueReader(old.catalogue)
    boiler, lease = catalogue.documents("default")
    assert (boiler.doc, lease.doc) == ("boiler.md", "lease.pdf")
    assert catalogue.sources_of("default", boiler.sha256) == {"/srv/docs/boiler.md": "boiler.md"}
    pages = list(catalogue.pages("default", lease.sha256))
    assert [page.blocks for page in pages] == [(), ()]
    assert "The monthly rent is 840 euro" in pages[0].text


def test_a_url_keeps_the_name_its_document_was_stored_under(old: Home) -> None:
    with closing(sqlite3.connect(old.catalogue)) as db:
        db.execute("UPDATE sources SET source='https://example.org/x?id=3' WHERE source LIKE '%boiler.md'")
        db.commit()
    catalogue = CatalogueReader(old.catalogue)
    sha256 = catalogue.resolve("default", "boiler.md").sha256
    assert catalogue.sources_of("default", sha256) == {"https://example.org/x?id=3": "boiler.md"}


def test_the_note_on_reading_again_is_given_once_and_only_where_there_is_something_to_read(
    old: Home, tmp_path: Path
) -> None:
    assert CatalogueReader(old.catalogue).take_notes() == [REREAD_NOTE]
    assert CatalogueReader(old.catalogue).take_notes() == []
    assert Catalogue(tmp_path / "new.sqlite", create=True).take_notes() == []


def test_a_migration_that_fails_leaves_the_old_catalogue(old: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_db: sqlite3.Connection) -> None:
        raise RuntimeError("no room")

    before = columns(old.catalogue)
    monkeypatch.setattr("rag.catalogue.schema.MIGRATIONS", {**MIGRATIONS, 2: (*MIGRATIONS[2], fail)})
    with pytest.raises(RuntimeError, match="no room"):
        CatalogueReader(old.catalogue)
    assert version_of(old.catalogue) == 1
    assert columns(old.catalogue) == before


def test_migrating_twice_changes_nothing(old: Home) -> None:
    CatalogueReader(old.catalogue).close()
    before = columns(old.catalogue)
    with closing(sqlite3.connect(old.catalogue)) as db:
        migrate(db)
    assert columns(old.catalogue) == before


@pytest.mark.weights
def test_an_old_home_is_searched_as_it_is_and_gains_blocks_by_reindex(old_with_models: Home) -> None:
    home, settings = old_with_models, Settings()
    knowledge = open_knowledge(settings, home, "default")
    assert knowledge.behind == 0
    hits = knowledge.searcher.search("What is the monthly rent of the workshop?", 3)
    assert hits[0].doc == "lease.pdf"
    assert "840 euro" in hits[0].text
    notes: list[str] = []
    catalogue = Catalogue(home.catalogue)
    embedded, chunks = reindex(
        catalogue=catalogue,
        store=knowledge.store,
        embedder=knowledge.embedder,
        settings=settings,
        collection="default",
        home=home,
        on_note=notes.append,
    )
    assert (embedded, notes, catalogue.take_notes()) == (2, [], [])
    assert chunks == catalogue.counts("default")["chunks"] > 0
    boiler = catalogue.resolve("default", "boiler.md")
    (page,) = catalogue.pages("default", boiler.sha256)
    (table,) = [block for block in page.blocks if block.kind == "table"]
    assert [page.text[cell.start : cell.end] for cell in table.rows[0]] == ["Code", "Meaning", "Action"]
    assert catalogue.sources_of("default", boiler.sha256) == {"/srv/docs/boiler.md": "boiler.md"}
    again = open_knowledge(settings, home, "default").searcher.search("monthly rent workshop", 3)
    assert again[0].doc == "lease.pdf"


@pytest.mark.weights
def test_a_document_without_its_original_keeps_its_pages(old_with_models: Home) -> None:
    home, settings = old_with_models, Settings()
    knowledge = open_knowledge(settings, home, "default")
    lease = knowledge.catalogue.resolve("default", "lease.pdf")
    before = [page.text for page in knowledge.catalogue.pages("default", lease.sha256)]
    home.original(lease.sha256, lease.doc).unlink()
    notes: list[str] = []
    catalogue = Catalogue(home.catalogue)
    reindex(
        catalogue=catalogue,
        store=knowledge.store,
        embedder=knowledge.embedder,
        settings=settings,
        collection="default",
        home=home,
        on_note=notes.append,
    )
    assert [page.text for page in catalogue.pages("default", lease.sha256)] == before
    assert notes == ["lease.pdf: kept as it was read before (cannot be read: No such file or directory)"]


def test_a_backup_of_an_old_home_restores(old: Home, tmp_path: Path) -> None:
    target = tmp_path / "old.tar.gz"
    write_backup(old, target)
    restored = Home(tmp_path / "restored")
    restore_backup(target, restored)
    assert [d.doc for d in CatalogueReader(restored.catalogue).documents("default")] == ["boiler.md", "lease.pdf"]
    with pytest.raises(DataError, match="is not a whole kb backup"):
        restore_backup(HOME_OF_SCHEMA_1, Home(tmp_path / "wrong"))
