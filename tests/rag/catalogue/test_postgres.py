"""The catalogue in PostgreSQL: the tests of the SQLite one against a real server, and what only a server does."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import BackendError, ConfigError
from core.files import Home
from rag.catalogue.backup import write_backup
from rag.catalogue.database import catalogue_exists
from rag.catalogue.postgres import URL_VARIABLE, server_name, shared_writer_lock, translated
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue
from rag.open import writing
from tests.rag.catalogue import test_catalogue, test_sources
from tests.support.documents import put
from tests.support.postgres import find_binaries, postgres_server

BINARIES = find_binaries()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if BINARIES is None:
        pytest.skip("no PostgreSQL server (Debian: postgresql)")
    pytest.importorskip("psycopg")
    with postgres_server(BINARIES) as url:
        yield url


@pytest.fixture
def url(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    monkeypatch.setenv(URL_VARIABLE, server)
    return server


@pytest.fixture
def catalogue(tmp_path: Path, url: str) -> Iterator[Catalogue]:
    opened = Catalogue(tmp_path / "catalogue.sqlite", create=True)
    yield opened
    opened.close()


# Every test of the contract that needs a catalogue and nothing of its file.
for module in (test_catalogue, test_sources):
    for name, function in list(vars(module).items()):
        if name.startswith("test_") and set(inspect.signature(function).parameters) == {"catalogue"}:
            globals()[name] = function


def test_there_is_a_contract() -> None:
    assert len([name for name in globals() if name.startswith("test_")]) > 20


def test_a_reader_makes_no_tables(url: str, tmp_path: Path) -> None:
    assert not catalogue_exists(tmp_path / "catalogue.sqlite")
    with pytest.raises(ConfigError, match="nothing has been ingested yet"):
        CatalogueReader(tmp_path / "catalogue.sqlite")
    Catalogue(tmp_path / "catalogue.sqlite", create=True).close()
    assert catalogue_exists(tmp_path / "other" / "catalogue.sqlite")


def test_several_homes_share_one_truth_and_keep_their_own_folders_of_an_index(url: str, tmp_path: Path) -> None:
    first = Catalogue(tmp_path / "a" / "catalogue.sqlite", create=True)
    second = Catalogue(tmp_path / "b" / "catalogue.sqlite", create=True)
    sha256 = put(first, "a.pdf", ["One page\0 with a NUL."])
    assert second.page("default", sha256, 0).text == "One page\ufffd with a NUL."
    (document,) = first.to_index("lancedb", "default")
    first.mark_indexed("lancedb", "default", [document])
    first.mark_indexed("weaviate", "default", [document])
    assert first.to_index("lancedb", "default") == []
    assert second.to_index("lancedb", "default") == [document]
    assert second.to_index("weaviate", "default") == []
    first.close()
    second.close()


def test_a_transaction_is_seen_whole_or_not_at_all(url: str, tmp_path: Path) -> None:
    first = Catalogue(tmp_path / "catalogue.sqlite", create=True)
    second = CatalogueReader(tmp_path / "catalogue.sqlite")
    with pytest.raises(KeyboardInterrupt), first.transaction():
        first._execute("INSERT INTO notes VALUES(?)", ("lost",))
        raise KeyboardInterrupt
    with pytest.raises(BackendError, match="nowhere"), first.transaction():
        first._execute("INSERT INTO nowhere VALUES(1)")
    with first.transaction():
        first._execute("INSERT INTO notes VALUES(?)", ("kept",))
        assert second.take_notes() == []
    assert second.take_notes() == ["kept"]
    first.close()
    second.close()


def test_one_machine_writes_at_a_time(url: str, tmp_path: Path) -> None:
    waited: list[str] = []
    done = threading.Event()

    def other_machine() -> None:
        with writing(Home(tmp_path / "b"), lambda: waited.append("told")):
            done.set()

    with writing(Home(tmp_path / "a"), lambda: waited.append("never")):
        thread = threading.Thread(target=other_machine)
        thread.start()
        assert not done.wait(1.5)
        with (
            pytest.raises(BackendError, match="another kb process is writing"),
            shared_writer_lock(url, lambda: None, timeout_s=0),
        ):
            pass
    thread.join(30)
    assert done.is_set()
    assert waited == ["told"]


def test_a_backup_is_left_to_the_server(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="makes its own backups") as caught:
        write_backup(Home(tmp_path), tmp_path / "backup.tar.gz")
    assert caught.value.hint.startswith("pg_dump")


def test_a_server_that_is_away_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv(URL_VARIABLE, "postgresql://kb:secret@127.0.0.1:9/kb")
    with pytest.raises(BackendError) as caught:
        CatalogueReader(tmp_path / "catalogue.sqlite")
    assert caught.value.message.startswith("PostgreSQL 127.0.0.1:9/kb: ")
    assert "secret" not in f"{caught.value} {caught.value.hint}"
    assert server_name("postgresql://kb:secret@db.example:5432/kb") == "PostgreSQL db.example:5432/kb"


def test_statements_are_written_once() -> None:
    assert translated("SELECT a FROM b WHERE c=? AND d<?") == "SELECT a FROM b WHERE c=%s AND d<%s"
    assert translated("PRAGMA user_version=3") == "UPDATE kb_schema SET version=3"
