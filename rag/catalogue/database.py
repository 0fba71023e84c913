"""The connection to the catalogue's SQLite file: opening, migrating, transactions, and faults in a person's words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.disk import disk_fault
from core.errors import BackendError, ConfigError
from core.install import upgrade_hint
from rag.catalogue.schema import SCHEMA_VERSION, migrate


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
                self._migrate(version)
            self._db.execute("PRAGMA synchronous=FULL")
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from error

    def _migrate(self, version: int) -> None:
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"{self._path} was written by a newer version of kb: schema {version}, this one reads {SCHEMA_VERSION}",
                hint=upgrade_hint(),
            )
        self._db.execute("PRAGMA journal_mode=WAL")
        with self.transaction():
            # Reads the version again: another process may have migrated while this one waited for the lock.
            migrate(self._db)

    def _execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, parameters)
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def take_notes(self) -> list[str]:
        """Return what a person is to be told once, and delete it."""
        if self._execute("SELECT note FROM notes LIMIT 1").fetchone() is None:
            return []
        with self.transaction():
            return [row["note"] for row in self._execute("DELETE FROM notes RETURNING note").fetchall()]

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


def dump(value: object) -> str:
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
