"""The error tree: every failure that a person can meet, with the step that helps.

    KbError                     1   an operation failed; base of all below
    ├── ConfigError             2   usage, settings, unknown name
    ├── MissingExtra            3   an optional package or model weights are absent
    ├── BackendError            4   a server (Ollama, Weaviate, an API) is unreachable or failed
    ├── DataError               5   a document or data file cannot be used; carries path, page, line
    └── GateError               1   the operation succeeded and a threshold was not met (parity, --fail-under)

The numbers are process exit codes. An error carries fields; the front ends make their text of them: the command line
and the HTTP API with `hint`, the page with `click`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar


class KbError(Exception):
    """A failure that is reported to a person.

    Args:
        message: What is wrong, naming the thing it is wrong with.
        hint: The next step in a terminal: a command to paste where there is one.
        click: The next step on the page, as the page labels it ("Documents > Add files"); empty where the page has
            none. The page never shows `hint`.

    Attributes:
        exit_code: Of the process whose command fails with this error.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", click: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.click = click

    @property
    def where(self) -> str:
        """The place of the fault (file, page, line); empty where it has none."""
        return ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def to_json(self) -> dict[str, Any]:
        """Return the error as JSON values, for another process; `error_from_json` reads it."""
        return {"type": type(self).__name__, "message": self.message, "hint": self.hint, "click": self.click}


class ConfigError(KbError):
    """Wrong usage or settings: unknown key, impossible value, unknown collection or document."""

    exit_code = 2


class MissingExtra(KbError):
    """An optional dependency group or model weights are not installed; the hint installs them.

    `core.machine.install` makes hints that fit this installation.
    """

    exit_code = 3


class BackendError(KbError):
    """A server that is needed cannot be reached, timed out or answered with a failure."""

    exit_code = 4


class DataError(KbError):
    """The content of a file cannot be used.

    Args:
        message: What is wrong.
        path: The file.
        page: 0-based page index where the fault is known to a page.
        line: 1-based line number where the fault is known to a line.
        hint: The next step in a terminal.
        click: The next step on the page.
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
        click: str = "",
    ) -> None:
        super().__init__(message, hint=hint, click=click)
        self.path = None if path is None else str(path)
        self.page = page
        self.line = line

    @property
    def where(self) -> str:
        """The file, with page (counted from 1) or line where they are known."""
        place = self.path or ""
        if self.page is not None:
            place += f", p. {self.page + 1}"
        if self.line is not None:
            place += f", line {self.line}"
        return place

    def to_json(self) -> dict[str, Any]:
        """Return the error as JSON values, its place among them."""
        return {**super().to_json(), "path": self.path, "page": self.page, "line": self.line}


class GateError(KbError):
    """The operation itself succeeded and a threshold that the user set was not met."""

    exit_code = 1


ERROR_TYPES: Mapping[str, type[KbError]] = {
    error_type.__name__: error_type
    for error_type in (KbError, ConfigError, MissingExtra, BackendError, DataError, GateError)
}


def error_from_json(record: Mapping[str, Any]) -> KbError:
    """Return the error that `KbError.to_json` wrote; a type that is not in the tree becomes its base."""
    error_type = ERROR_TYPES.get(str(record.get("type")), KbError)
    message, hint, click = (str(record.get(name) or "") for name in ("message", "hint", "click"))
    if error_type is DataError:
        place = {name: record.get(name) for name in ("path", "page", "line")}
        return DataError(message, hint=hint, click=click, path=place["path"], page=place["page"], line=place["line"])
    return error_type(message, hint=hint, click=click)
