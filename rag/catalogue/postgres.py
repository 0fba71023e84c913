"""The catalogue in PostgreSQL, for several machines that share one truth: a connection that takes the SQL of SQLite's.

The address is a secret and comes from the environment alone (`KB_POSTGRES_URL`). Statements are written once, for both;
what differs (placeholders, versions, columns that SQLite has by itself) is translated here.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from core.errors import BackendError, ConfigError
from core.machine.install import missing_extra

URL_VARIABLE = "KB_POSTGRES_URL"
# Keys of advisory locks: any constants that no other program on the server uses.
_MIGRATION_LOCK, _WRITER_LOCK = 0x6B62_0001, 0x6B62_0002
_POLL_S = 0.5
_TRANSLATIONS = (
    (re.compile(r"BEGIN IMMEDIATE"), "BEGIN"),
    (re.compile(r"PRAGMA user_version=(\d+)"), r"UPDATE kb_schema SET version=\1"),
    (re.compile(r"PRAGMA user_version"), "SELECT version FROM kb_schema"),
    (re.compile(r"INTEGER PRIMARY KEY AUTOINCREMENT"), "BIGSERIAL PRIMARY KEY"),
    (re.compile(r"\bBLOB\b"), "BYTEA"),
    (re.compile(r"\?"), "%s"),
)
# Once all tables are there: the order of rows, which SQLite keeps by itself, and a view of all columns.
_AFTER_MIGRATION = (
    "ALTER TABLE sources ADD COLUMN IF NOT EXISTS rowid BIGSERIAL",
    "ALTER TABLE chunks ADD COLUMN IF NOT EXISTS rowid BIGSERIAL",
    "DROP VIEW visible",
    "CREATE VIEW visible AS SELECT * FROM documents WHERE status <> 'staging'",
)


def postgres_url() -> str:
    """Return the address of the shared catalogue, `""` where the catalogue is a file."""
    return os.environ.get(URL_VARIABLE, "").strip()


def server_name(url: str) -> str:
    """Return host, port and database of an address: what may be shown of it."""
    parts = urlsplit(url)
    host = parts.hostname or "local socket"
    return f"PostgreSQL {host}{f':{parts.port}' if parts.port else ''}{parts.path}"


class CatalogueRow(tuple[Any, ...]):
    """A row that is asked by number or by name, as `sqlite3.Row` is."""

    names: tuple[str, ...]

    def __getitem__(self, key: Any) -> Any:
        """Return one value."""
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)

    def keys(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return self.names


def _row_factory(cursor: Any) -> Callable[[Sequence[Any]], CatalogueRow]:
    columns = tuple(column.name for column in cursor.description or ())
    kind = type("NamedRow", (CatalogueRow,), {"names": columns})
    return lambda values: kind(values)


class PostgresConnection:
    """A connection with the part of `sqlite3.Connection`'s interface that the catalogue uses.

    Args:
        url: `postgresql://user:password@host/database`.

    Raises:
        MissingExtra: psycopg is not installed.
        BackendError: The server does not answer or refuses.
    """

    def __init__(self, url: str) -> None:
        if importlib.util.find_spec("psycopg") is None:
            raise missing_extra("the catalogue in PostgreSQL", "postgres")
        import psycopg

        self.name = server_name(url)
        self._error: type[Exception] = psycopg.Error
        try:
            self._connection = psycopg.connect(
                url, autocommit=True, cursor_factory=psycopg.ClientCursor, row_factory=_row_factory, connect_timeout=10
            )
        except psycopg.Error as error:
            raise self._fault(error) from error
        # Readers are held for as long as a process answers, so no caller knows when it is the last.
        self._finalizer = weakref.finalize(self, self._connection.close)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        from psycopg.pq import TransactionStatus

        return bool(self._connection.info.transaction_status != TransactionStatus.IDLE)

    @property
    def lost(self) -> bool:
        """Whether the server has ended this connection."""
        return bool(self._connection.closed)

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Run a statement in SQLite's spelling; returns a cursor with all its rows."""
        try:
            return self._connection.execute(translated(sql), _storable(parameters) if parameters else None)
        except self._error as error:
            raise self._fault(error) from error

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for every row."""
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(translated(sql), map(_storable, rows))
        except self._error as error:
            raise self._fault(error) from error

    def close(self) -> None:
        """Close the connection; closing twice is no fault."""
        self._finalizer()

    def prepare(self, version: int, migrate: Callable[[Any], None], *, create: bool) -> int:
        """Make or migrate the tables, one process at a time.

        Args:
            version: The schema that this version of kb reads.
            migrate: Brings the tables there, in this connection's transaction.
            create: Make the tables where there are none.

        Returns:
            The schema's version.

        Raises:
            ConfigError: There are no tables and `create` is off.
        """
        if self._tables() and (present := int(self.execute("PRAGMA user_version").fetchone()[0])) >= version:
            return present
        if not self._tables() and not create:
            raise ConfigError(
                f"nothing has been ingested yet ({self.name} is empty)",
                hint="kb ingest PATH",
                click="Documents > Add files",
            )
        with self._connection.transaction():
            self.execute(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            if not self._tables():
                self.execute("CREATE TABLE kb_schema(version INTEGER NOT NULL, id TEXT NOT NULL)")
                self.execute("INSERT INTO kb_schema VALUES(0, ?)", (secrets.token_hex(6),))
            migrate(self)
            for statement in _AFTER_MIGRATION:
                self.execute(statement)
        return version

    def database_id(self) -> str:
        """Return the name of this knowledge base on servers it shares: 12 hexadecimal digits."""
        return str(self.execute("SELECT id FROM kb_schema").fetchone()[0])

    def try_writer_lock(self) -> bool:
        """Take the lock of the one writer, for as long as this connection is open; False where another has it."""
        return bool(self.execute(f"SELECT pg_try_advisory_lock({_WRITER_LOCK})").fetchone()[0])

    def _tables(self) -> bool:
        return self.execute("SELECT to_regclass('kb_schema')").fetchone()[0] is not None

    def _fault(self, error: Exception) -> BackendError:
        reason = str(error).strip().partition("\n")[0]
        return BackendError(f"{self.name}: {reason}", hint=f"check {URL_VARIABLE}, then: kb doctor")


def translated(sql: str) -> str:
    """Return a statement of the SQLite catalogue as PostgreSQL takes it."""
    for pattern, spelling in _TRANSLATIONS:
        sql = pattern.sub(spelling, sql)
    return sql


def _storable(parameters: Sequence[object]) -> list[object]:
    """Replace NUL, which PostgreSQL's text cannot hold; offsets stay as they are."""
    return [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in parameters]


@contextmanager
def shared_writer_lock(url: str, on_wait: Callable[[], None], timeout_s: float = -1) -> Iterator[None]:
    """Hold the lock of the one writer among all machines; it goes with the connection of a process that dies.

    Args:
        on_wait: Called once when another process has it.
        timeout_s: Longest wait; negative waits for ever.

    Raises:
        BackendError: It was not free in time, or the server does not answer.
    """
    connection = PostgresConnection(url)
    try:
        deadline = time.monotonic() + timeout_s
        has_announced = False
        while not connection.try_writer_lock():
            if not has_announced:
                on_wait()
                has_announced = True
            if timeout_s >= 0 and time.monotonic() >= deadline:
                raise BackendError(
                    f"{connection.name}: another kb process is writing",
                    hint="run the command again when it has ended",
                    click="try again when it has ended",
                )
            time.sleep(_POLL_S)
        yield
    finally:
        connection.close()
