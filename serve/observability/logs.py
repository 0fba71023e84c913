"""Logs as JSON lines without contents: what was requested, by whom, and the outcome.

`log` writes to stderr, `AuditLog` to `KB_HOME/serve/audit.jsonl` in files of bounded size. Questions, answers, file
names and exception messages are never logged: they may hold text of documents.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import Any

from core.files import Home

_AUDIT_BYTES, _AUDIT_FILES = 16 << 20, 8
_OURS = frozenset({"kb.serve", "kb.audit", "kb.routing", "uvicorn.error"})
_logger = logging.getLogger("kb.serve")


class _Lines(logging.Formatter):
    """One JSON object per record: of an exception its type and place, of a library's record its origin alone."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **_event(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            fields |= {"error": kind.__name__, "at": place(trace)}
        return json.dumps(fields, ensure_ascii=False)


def _event(record: logging.LogRecord) -> dict[str, str]:
    if record.name in _OURS:
        return {"event": record.getMessage()}
    return {"event": "library", "logger": record.name, "line": f"{record.filename}:{record.lineno}"}


def place(trace: TracebackType | None) -> str:
    """Return file, line and function where an exception was raised."""
    location = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        location = f"{code.co_filename}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return location


def set_up(*, quiet: bool) -> None:
    """Send records of this server and of uvicorn to stderr; of other libraries, that they warned and where.

    Args:
        quiet: Warnings and errors only.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name in _OURS - {"kb.audit"}:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING if quiet else logging.INFO)
    # Also keeps libraries from adding handlers.
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def log(event: str, level: int = logging.INFO, *, error: BaseException | None = None, **fields: Any) -> None:
    """Write one line; `fields` are numbers and identifiers, never contents."""
    _logger.log(level, event, exc_info=error, extra={"fields": fields})


class AuditLog:
    """Log of who did what to which document, when.

    Args:
        home: Where the log is written.
    """

    def __init__(self, home: Home) -> None:
        path = home.root / "serve" / "audit.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(path, maxBytes=_AUDIT_BYTES, backupCount=_AUDIT_FILES, delay=True)
        self._handler.setFormatter(_Lines())

    def note(self, action: str, who: str, **fields: Any) -> None:
        """Add a line.

        Args:
            action: A verb.
            who: Name of the key, or the client's address.
            fields: Identifiers (hashes, job ids), counts and outcomes.
        """
        record = logging.LogRecord("kb.audit", logging.INFO, "", 0, action, None, None)
        record.fields = _without_none({"who": who, **fields})
        self._handler.handle(record)

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
