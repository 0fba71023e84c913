"""Failures as OpenAI's clients read them: `{"error": {"message", "type", "param", "code", "hint"}}` and a status.

Knows the error tree and HTTP statuses; refuses to know routes.
"""

from __future__ import annotations

from typing import Any

from core.errors import BackendError, ConfigError, DataError, KbError, MissingExtra

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class NotFound(ConfigError):
    """No such model, collection, document, page, job or row."""


class ServerBusy(KbError):
    """Too many requests are waiting, or one client sends too many.

    Attributes:
        retry_after_s: When to try again.
    """

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, hint=f"try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class RequestRefused(KbError):
    """A request that is turned away as it stands.

    Args:
        message: Why.
        status: HTTP status.
        code: Short name of the reason.
        hint: What to do.
    """

    def __init__(self, message: str, *, status: int, code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


def body(message: str, status: int, *, code: str, hint: str = "", param: str | None = None) -> dict[str, Any]:
    """Return the body of an error."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code, "hint": hint or None}}


# From the most particular to the root.
_STATUS: tuple[tuple[type[KbError], int, str], ...] = (
    (ServerBusy, 429, "rate_limit_exceeded"),
    (NotFound, 404, "not_found"),
    (ConfigError, 400, "invalid_request"),
    (MissingExtra, 503, "not_installed"),
    (BackendError, 502, "backend_failed"),
    (DataError, 422, "unusable_data"),
    (KbError, 400, "invalid_request"),
)


def error_response(error: KbError) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return status, body and headers of a failure."""
    if isinstance(error, RequestRefused):
        return error.status, body(str(error), error.status, code=error.code, hint=error.hint), {}
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, ServerBusy) else {}
    return status, body(str(error), status, code=code, hint=error.hint), headers
