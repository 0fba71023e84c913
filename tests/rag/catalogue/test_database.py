"""The catalogue's connection: who may make the file, what a transaction keeps, and what is said when it fails."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BackendError, ConfigError
from rag.catalogue.database import Database, dump
from rag.catalogue.schema import SCHEMA_VERSION


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask the file itself, through another connection."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def add_note(database: Database, note: str) -> None:
    database._execute("INSERT INTO notes(note) VALUES (?)", (note,))


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "home" / "catalogue.sqlite"
    with pytest.raises(ConfigError, match="nothing has been ingested yet") as caught:
        Database(path)
    assert caught.value.hint == "kb ingest PATH"
    assert str(path) in caught.value.message
    assert not path.parent.exists()


def test_a_new_file_has_the_present_schema_and_survives_a_second_opening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "catalogue.sqlite"
    Database(path, create=True).close()
    assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    tables = rows(path, "SELECT name FROM sqlite_master ORDER BY name")
    Database(path).close()
    assert rows(path, "SELECT name FROM sqlite_master ORDER BY name") == tables
    assert {("collections",), ("documents",), ("pages",), ("chunks",)} <= set(tables)


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    Database(path, create=True).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(ConfigError) as caught:
        Database(path)
    assert f"schema {SCHEMA_VERSION + 1}, this one reads {SCHEMA_VERSION}" in caught.value.message
    assert caught.value.hint
    assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION + 1,)]


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"this was never a database, however long the text goes on" * 40)
    before = path.read_bytes()
    with pytest.raises(BackendError, match="the catalogue is damaged") as caught:
        Database(path)
    assert caught.value.hint == "kb backup --restore FILE"
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.mkdir()
    with pytest.raises(BackendError, match="cannot be written"):
        Database(path, create=True)


def test_a_file_where_the_folder_should_be_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(BackendError, match="cannot be written"):
        Database(tmp_path / "home" / "catalogue.sqlite", create=True)


def test_a_transaction_that_ends_is_seen_by_others(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = Database(path, create=True)
    before = rows(path, "SELECT note FROM notes")
    with database.transaction():
        add_note(database, "kept")
        assert rows(path, "SELECT note FROM notes") == before  # not before it ends
    assert rows(path, "SELECT note FROM notes") == [*before, ("kept",)]
    database.close()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["an error", "an interruption"])
def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = Database(path, create=True)
    before = rows(path, "SELECT note FROM notes")
    with pytest.raises(type(error)), database.transaction():
        add_note(database, "lost")
        raise error
    assert rows(path, "SELECT note FROM notes") == before
    with database.transaction():  # the connection is of use afterwards
        add_note(database, "kept")
    assert rows(path, "SELECT note FROM notes") == [*before, ("kept",)]
    database.close()


def test_a_statement_that_fails_rolls_back_what_stood_before_it(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = Database(path, create=True)
    with pytest.raises(BackendError, match="no such table: nowhere"), database.transaction():
        add_note(database, "lost")
        database._execute("INSERT INTO nowhere VALUES (1)")
    assert ("lost",) not in rows(path, "SELECT note FROM notes")
    database.close()


def test_foreign_keys_hold(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalogue.sqlite", create=True)
    with pytest.raises(BackendError, match="FOREIGN KEY"), database.transaction():
        database._execute("INSERT INTO sources(collection, source, document) VALUES ('none', 'file', 7)")
    database.close()


def test_notes_are_given_once(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = Database(path, create=True)
    database.take_notes()
    with database.transaction():
        add_note(database, "first")
        add_note(database, "second")
    assert database.take_notes() == ["first", "second"]
    assert database.take_notes() == []
    assert rows(path, "SELECT count(*) FROM notes") == [(0,)]
    database.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_equal_values_give_equal_text(value: dict[str, object]) -> None:
    backwards = dict(reversed(value.items()))
    assert dump(value) == dump(backwards)
    assert json.loads(dump(value)) == value


def test_text_is_stored_as_it_is_read() -> None:
    assert dump({"b": "Zürich", "a": [1, None]}) == '{"a": [1, null], "b": "Zürich"}'
