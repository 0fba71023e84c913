"""The servers that share a queue: each has a row, says that it lives, and is found out when it does not."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import threading
from typing import Any

import psutil

from core.errors import BackendError
from serve.state.database import StateDatabase

REPLICAS_TABLE = """
CREATE TABLE IF NOT EXISTS serve_replicas(
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started DOUBLE PRECISION NOT NULL,
  beat DOUBLE PRECISION NOT NULL)
"""
BEAT_S = 5.0
# A server on another machine that is silent for so long is taken for dead.
LEASE_S = 30.0
# What two processes may read differently of the time at which one process started.
_SAME_START_S = 1.0


class Replica:
    """This server among those that share a database.

    Args:
        database: Holds the table of `REPLICAS_TABLE`.
        lease_s: How long a server on another machine may be silent.
    """

    def __init__(self, database: StateDatabase, *, lease_s: float = LEASE_S) -> None:
        self.id = secrets.token_hex(8)
        self._database = database
        self._lease_s = lease_s
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self) -> None:
        """Enter this server and go on saying that it lives; a second call does nothing."""
        if self._thread is None:
            self.beat()
            self._thread = threading.Thread(target=self._beat_on, name="kb-replica", daemon=True)
            self._thread.start()

    def leave(self) -> None:
        """Take this server out."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._database.run("DELETE FROM serve_replicas WHERE id=?", (self.id,))
            self._thread = None

    def beat(self) -> None:
        """Say that this server lives; it is entered again where others took it for dead."""
        process = psutil.Process()
        self._database.run(
            "INSERT INTO serve_replicas(id, host, pid, started, beat) VALUES(?, ?, ?, ?, ?) "
            "ON CONFLICT(id) DO UPDATE SET beat=excluded.beat",
            (self.id, platform.node(), os.getpid(), process.create_time(), self._database.now()),
        )

    def remove_dead(self) -> int:
        """Take out servers that are dead; return how many others live."""
        now, others = self._database.now(), 0
        for row in self._database.run("SELECT * FROM serve_replicas WHERE id<>?", (self.id,)):
            if self._is_dead(row, now):
                self._database.run("DELETE FROM serve_replicas WHERE id=? AND beat=?", (row["id"], row["beat"]))
            else:
                others += 1
        return others

    def _is_dead(self, row: Any, now: float) -> bool:
        """Tell whether a server has ended: of this machine by its process, of another one by its silence."""
        if row["host"] != platform.node():
            return bool(row["beat"] < now - self._lease_s)
        try:
            return bool(abs(psutil.Process(row["pid"]).create_time() - row["started"]) > _SAME_START_S)
        except psutil.NoSuchProcess:
            return True

    def _beat_on(self) -> None:
        while not self._ending.wait(BEAT_S):
            with contextlib.suppress(BackendError):  # the next beat may get through
                self.beat()
