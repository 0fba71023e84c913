"""Every failure a person can meet, as one tree.

    KbError                     1   something ran and failed; base of all below
    ├── ConfigError             2   usage, settings, unknown name
    ├── MissingExtra            3   an optional package or model weights are absent
    ├── BackendError            4   a server (Ollama, Weaviate, an API) is unreachable or failed
    ├── DataError               5   a document or data file cannot be used; carries path, page, line
    └── GateError               1   the work ran and a gate said no (parity, --fail-under)

The numbers are process exit codes. An error is raised where the fact is known and becomes text at the
two doors only (the command line and the HTTP API). This module knows nothing of either.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class KbError(Exception):
    """A failure with a message for a person and a next step.

    Args:
        message: What is wrong, naming the thing it is wrong with.
        hint: The next step; where one exists, a command to paste.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class ConfigError(KbError):
    """Wrong usage or settings: unknown key, impossible value, unknown collection or document."""

    exit_code = 2


class MissingExtra(KbError):
    """An optional dependency group or model weights are not installed; the hint installs them."""

    exit_code = 3


class BackendError(KbError):
    """A server we depend on cannot be reached, timed out or answered with a failure."""

    exit_code = 4


class DataError(KbError):
    """A file's content cannot be used.

    Args:
        message: What is wrong.
        path: The file.
        page: 0-based page index where the fault is known to a page.
        line: 1-based line number where the fault is known to a line.
        hint: The next step.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        page: int | None = None,
        line: int | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = None if path is None else str(path)
        self.page = page
        self.line = line

    def __str__(self) -> str:
        where = self.path or ""
        if self.page is not None:
            where += f", p. {self.page + 1}"
        if self.line is not None:
            where += f", line {self.line}"
        return f"{where}: {self.message}" if where else self.message


class GateError(KbError):
    """The work itself succeeded and a threshold the user set was not met."""

    exit_code = 1
