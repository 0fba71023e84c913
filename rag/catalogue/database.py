"""The catalogue's SQLite file: its schema, its connection, its transactions, and faults in a person's words.

Knows tables and durability; what the rows mean is the business of `reader` and `writer`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import BackendError, ConfigError
from core.install import upgrade_hint
from rag.ingest.disk import disk_fault

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE collections(
  name TEXT PRIMARY KEY,
  embedder TEXT NOT NULL,              -- JSON identity all visible vectors share
  created_at TEXT NOT NULL);
CREATE TABLE documents(
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: indexes remember ids
  collection TEXT NOT NULL REFERENCES collections(name),
  sha256 TEXT NOT NULL,
  doc TEXT NOT NULL,
  title TEXT NOT NULL,
  unit TEXT NOT NULL,
  parser TEXT NOT NULL,
  metadata TEXT NOT NULL,
  profile TEXT NOT NULL,
  n_pages INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('staging', 'indexed', 'no text')),
  recipe TEXT NOT NULL,                -- JSON: chunking and embedder that made the chunks
  ingested_at TEXT NOT NULL,
  UNIQUE(collection, sha256));
CREATE VIEW visible AS SELECT * FROM documents WHERE status <> 'staging';
CREATE TABLE sources(
  collection TEXT NOT NULL,
  source TEXT NOT NULL,
  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  PRIMARY KEY(collection, source));
CREATE INDEX sources_by_document ON sources(document);
CREATE TABLE pages(
  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  page INTEGER NOT NULL,
  text TEXT NOT NULL,
  quality TEXT NOT NULL,
  reason TEXT NOT NULL,
  label TEXT NOT NULL,
  hidden TEXT NOT NULL,
  hidden_text TEXT NOT NULL,
  parser TEXT NOT NULL,
  PRIMARY KEY(document, page));
CREATE TABLE chunks(
  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  page INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  header TEXT NOT NULL,
  vector BLOB NOT NULL,                -- float32, little endian, L2-normalised
  PRIMARY KEY(document, page, start, "end"));
CREATE TABLE indexed(                   -- which documents a derived index holds
  store TEXT NOT NULL,
  collection TEXT NOT NULL,
  document INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY(store, collection, document));
"""


class Database:
    """A connection to one catalogue file; use it from one thread.

    Args:
        path: The SQLite file.
        create: Make the file when it is not there; readers do not.

    Raises:
        BackendError: The file cannot be opened or written.
        ConfigError: There is no file and `create` is off, or a newer `kb` wrote it.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._path = path
        if not create and not path.exists():
            raise ConfigError(f"nothing has been ingested yet (no {path})", hint="kb ingest PATH")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA foreign_keys=ON")
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if version != SCHEMA_VERSION:
                self._create(version)
            self._db.execute("PRAGMA synchronous=FULL")
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from error

    def _create(self, version: int) -> None:
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"{self._path} was written by a newer version of kb: schema {version}, this one reads {SCHEMA_VERSION}",
                hint=upgrade_hint(),
            )
        self._db.execute("PRAGMA journal_mode=WAL")
        with self.transaction():
            # Another process may have made it while this one waited for the lock.
            if int(self._db.execute("PRAGMA user_version").fetchone()[0]) == 0:
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, parameters)
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable once the block ends.

        Raises:
            BackendError: The disk is full, read-only, or locked for more than 30 s.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # SQLite has rolled back by itself when the disk is full.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise _unusable(self._path, error) from error


def dump(value: Mapping[str, object]) -> str:
    """Return canonical JSON: equal values give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _unusable(path: Path, error: Exception) -> BackendError:
    fault = disk_fault(path, error)
    if fault is not None:
        return fault
    text = str(error)
    if "locked" in text:
        return BackendError(f"{path}: another process holds it for too long", hint="kb doctor")
    if "malformed" in text or "not a database" in text:
        return BackendError(f"{path}: the catalogue is damaged ({error})", hint="kb backup --restore FILE")
    return BackendError(f"{path}: {error}", hint="df -h; then kb doctor")
