"""What several servers share beside documents: tables in SQLite files of the home, or in PostgreSQL.

Where `KB_POSTGRES_URL` is set, the tables stand beside the catalogue, and servers on several machines share them. Else
the servers of one machine that have the same home do. Statements are written once, in what both understand.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from core.errors import BackendError
from core.files import Home
from core.machine.disk import disk_fault
from rag.catalogue.postgres import PostgresConnection, postgres_url

# Key of an advisory lock, as those of the catalogue.
_TABLES_LOCK = 0x6B62_0003


class StateDatabase:
    """Some tables; any thread may call.

    Args:
        home: Whose servers share them.
        name: Of the SQLite file in `KB_HOME/serve`.
        tables: Statements that make them where they are not there yet.
        durable: Whether what was written survives a loss of power; without it a write takes some microseconds.
        clock: Seconds since 1970; a server of PostgreSQL has its own.

    Raises:
        BackendError: The database cannot be opened.
        MissingExtra: PostgreSQL is named and psycopg is not installed.
    """

    def __init__(
        self,
        home: Home,
        name: str,
        tables: Iterable[str],
        *,
        durable: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = home.root / "serve"
        self._clock = clock
        self._lock = threading.Lock()
        self._tables = tuple(tables)
        self._url = postgres_url()
        self._db: Any = self._postgres() if self._url else self._file(name, durable=durable)

    @property
    def remote(self) -> bool:
        """Whether a call waits for a network."""
        return bool(self._url)

    def run(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one statement by itself and return its rows, which are asked by name.

        Raises:
            BackendError: The disk is full, or the server does not answer.
        """
        with self._lock:
            if not self._url:
                return self._run_file(sql, values)
            try:
                return _rows(self._db.execute(sql, values))
            except BackendError:
                if not self._db.lost:
                    raise
                self._db = self._postgres()  # the server was started anew
                return _rows(self._db.execute(sql, values))

    def now(self) -> float:
        """Return seconds since 1970 by the one clock that all who share the tables read."""
        if not self._url:
            return self._clock()
        return float(self.run("SELECT extract(epoch FROM clock_timestamp())")[0][0])

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    def _file(self, name: str, *, durable: bool) -> sqlite3.Connection:
        path = self._folder / f"{name}.sqlite"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
            for statement in self._tables:
                connection.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise disk_fault(self._folder, error) or BackendError(f"{path}: {error}", hint="kb doctor") from error
        return connection

    def _postgres(self) -> PostgresConnection:
        connection = PostgresConnection(self._url)
        connection.execute("BEGIN")
        connection.execute(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})")
        for statement in self._tables:
            connection.execute(statement)
        connection.execute("COMMIT")
        return connection

    def _run_file(self, sql: str, values: Sequence[object]) -> list[Any]:
        try:
            return list(self._db.execute(sql, values).fetchall())
        except sqlite3.Error as error:
            raise disk_fault(self._folder, error) or BackendError(
                f"{self._folder}: {error}", hint="kb doctor"
            ) from error


def _rows(cursor: Any) -> list[Any]:
    """Return the rows of a statement; none of one that has none."""
    return list(cursor.fetchall()) if cursor.description else []
