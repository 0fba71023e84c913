"""Logs as JSON lines without contents: what was asked for, by whom and how it went, never a word of it.

`log` writes to stderr, `Audit` to `KB_HOME/serve/audit.jsonl` in files of bounded size. No question, answer, file name
or exception text goes into either: names and messages may hold what documents say.
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
_OURS = frozenset({"kb.serve", "kb.audit", "uvicorn.error"})
_logger = logging.getLogger("kb.serve")


class _Lines(logging.Formatter):
    """One JSON object a record; of an exception its type and place, of what a library says only who says it."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **_said(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            fields |= {"error": kind.__name__, "at": place(trace)}
        return json.dumps(fields, ensure_ascii=False)


def _said(record: logging.LogRecord) -> dict[str, str]:
    if record.name in _OURS:
        return {"event": record.getMessage()}
    return {"event": "library", "logger": record.name, "line": f"{record.filename}:{record.lineno}"}


def place(trace: TracebackType | None) -> str:
    """Return file, line and function where an exception came from."""
    at = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        at = f"{code.co_filename}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return at


def set_up(*, quiet: bool) -> None:
    """Send this server's lines, and what uvicorn says, to stderr; of other libraries that they warned, and where.

    Args:
        quiet: Warnings and errors only.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name in _OURS - {"kb.audit"}:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING if quiet else logging.INFO)
    # Also keeps libraries from putting handlers of their own there.
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def log(event: str, level: int = logging.INFO, *, error: BaseException | None = None, **fields: Any) -> None:
    """Write one line; `fields` are numbers and identifiers, never contents."""
    _logger.log(level, event, exc_info=error, extra={"fields": fields})


class AuditLog:
    """Who did what to which document, when.

    Args:
        home: Where state lives.
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
            who: Name of the key, or the address.
            fields: Identifiers (hashes, job ids), counts and outcomes.
        """
        record = logging.LogRecord("kb.audit", logging.INFO, "", 0, action, None, None)
        record.fields = _plain({"who": who, **fields})
        self._handler.handle(record)

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
