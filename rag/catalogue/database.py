"""The connection to the catalogue: opening, migrating, transactions, and faults in a person's words.

A SQLite file under `KB_HOME`, or PostgreSQL where `KB_POSTGRES_URL` is set.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import BackendError, ConfigError
from core.machine.disk import disk_fault
from core.machine.install import upgrade_hint
from rag.catalogue.postgres import PostgresConnection, postgres_url
from rag.catalogue.schema import SCHEMA_VERSION, migrate


class Database:
    """A connection to one catalogue; use it from one thread.

    Args:
        path: The SQLite file; where `KB_POSTGRES_URL` is set, the place of this home among the machines that share it.
        create: Make the catalogue when it is not there; readers do not.

    Raises:
        BackendError: The catalogue cannot be opened or written.
        ConfigError: There is none and `create` is off, or a newer `kb` wrote it.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._path = path
        url = postgres_url()
        self._db: Any = self._open_postgres(url, create) if url else self._open_file(path, create)

    def _open_postgres(self, url: str, create: bool) -> PostgresConnection:
        connection = PostgresConnection(url)
        self._require_readable(connection.prepare(SCHEMA_VERSION, migrate, create=create), connection.name)
        return connection

    def _open_file(self, path: Path, create: bool) -> sqlite3.Connection:
        if not create and not path.exists():
            raise ConfigError(
                f"nothing has been ingested yet (no {path})", hint="kb ingest PATH", click="Documents > Add files"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            connection.row_factory = sqlite3.Row
            self._db = connection
            self._db.execute("PRAGMA foreign_keys=ON")
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if version != SCHEMA_VERSION:
                self._migrate(version)
            self._db.execute("PRAGMA synchronous=FULL")
            return connection
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from error

    @staticmethod
    def _require_readable(version: int, name: str) -> None:
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"{name} was written by a newer version of kb: schema {version}, this one reads {SCHEMA_VERSION}",
                hint=upgrade_hint(),
            )

    def _migrate(self, version: int) -> None:
        self._require_readable(version, str(self._path))
        self._db.execute("PRAGMA journal_mode=WAL")
        with self.transaction():
            # Reads the version again: another process may have migrated while this one waited for the lock.
            migrate(self._db)

    def _index_of(self, store: str) -> str:
        """Return the name under which marks of an index are kept; a shared catalogue tells those of its machines apart.

        An index on a server belongs to the catalogue; one in a folder to its machine.
        """
        shared = not isinstance(self._db, sqlite3.Connection) and store == "lancedb"
        return f"{store} {platform.node()}:{self._path.absolute()}" if shared else store

    def _execute(self, sql: str, parameters: Sequence[object] = ()) -> Any:
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
    def attached(self, path: Path) -> Iterator[tuple[Any, str]]:
        """Give this connection and the name under which another file's tables are in it; all or nothing.

        Raises:
            BackendError: As `transaction`, or the other file cannot be opened.
        """
        self._execute("ATTACH DATABASE ? AS other", (str(path),))
        try:
            with self.transaction():
                yield self._db, "other"
        finally:
            self._execute("DETACH DATABASE other")

    def vacuum(self) -> None:
        """Give back the space of deleted rows, so that nothing of them stays in the file."""
        self._execute("VACUUM")
        self._execute("PRAGMA wal_checkpoint(TRUNCATE)")

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


def catalogue_exists(path: Path) -> bool:
    """Tell whether there is a catalogue: the file, or the one that `KB_POSTGRES_URL` names, made at the first ingest.

    Raises:
        BackendError: The server does not answer.
    """
    if not postgres_url():
        return path.is_file()
    try:
        Database(path).close()
    except ConfigError:
        return False
    return True


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
