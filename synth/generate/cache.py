"""A cache of chat model replies in one SQLite file, so that an interrupted run repeats no request.

The key is a hash over model, parameters, schema and prompt. Safe to use from several threads and processes; the file
may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BackendError
from core.shell import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request with its reply.

    Attributes:
        text: What the model wrote.
        prompt_tokens: Tokens read, as reported by the model; 0 where it does not report them.
        completion_tokens: Tokens written.
        cut: Whether the reply ended at the token limit.
        seconds: Duration of the request.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: bool = False
    seconds: float = 0.0


def key_of(**request: Any) -> str:
    """Return the content address of a request: SHA-256 over its canonical JSON."""
    return hashlib.sha256(
        json.dumps(request, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    ).hexdigest()


class CallCache:
    """Replies on disk.

    Args:
        path: The file; created if absent.

    Raises:
        BackendError: The file cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS calls(key TEXT PRIMARY KEY, text TEXT, prompt_tokens INTEGER,"
                " completion_tokens INTEGER, cut INTEGER, seconds REAL)"
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def get(self, key: str) -> Call | None:
        """Return a cached reply, None where there is none."""
        with self._lock:
            try:
                row = self._db.execute(
                    "SELECT text, prompt_tokens, completion_tokens, cut, seconds FROM calls WHERE key=?", (key,)
                ).fetchone()
            except sqlite3.Error as error:
                raise self._unusable(error) from error
        if row is None:
            return None
        return Call(text=row[0], prompt_tokens=row[1], completion_tokens=row[2], cut=bool(row[3]), seconds=row[4])

    def put(self, key: str, call: Call) -> None:
        """Store a reply; it is on disk when this returns."""
        with self._lock:
            try:
                self._db.execute(
                    "INSERT OR REPLACE INTO calls VALUES(?,?,?,?,?,?)",
                    (key, call.text, call.prompt_tokens, call.completion_tokens, call.cut, call.seconds),
                )
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _unusable(self, error: Exception) -> BackendError:
        return BackendError(f"{self._path}: cannot use the reply cache: {error}", hint=f"rm {quoted(self._path)}")
