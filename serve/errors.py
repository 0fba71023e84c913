"""The errors of the server, their HTTP statuses, and their two renderings: JSON as OpenAI's clients read it, and one
sentence for the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import BackendError, ConfigError, DataError, KbError, MissingExtra

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class NotFound(ConfigError):
    """Unknown model, collection, document, page, job, run or row."""


class ServerBusy(KbError):
    """Too many requests are waiting, or one client sends too many.

    Attributes:
        retry_after_s: When to try again.
    """

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        retry = f"try again in {retry_after_s} s"
        super().__init__(message, hint=retry, click=retry)
        self.retry_after_s = retry_after_s


class RequestRefused(KbError):
    """A request that is refused before anything runs.

    Args:
        message: Why.
        status: HTTP status.
        code: Short name of the reason, for programs.
        hint: What to do.
        param: Field of the request's body, where one is at fault.
    """

    def __init__(self, message: str, *, status: int, code: str, hint: str = "", param: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.param = param


def error_body(
    message: str, status: int, *, code: str, hint: str = "", click: str = "", param: str | None = None
) -> dict[str, Any]:
    """Return the body of an error response: `{"error": {"message", "type", "param", "code", "hint"}}`.

    A next step on the page is its `click`, where there is one.
    """
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    fields = {"message": message, "type": kind, "param": param, "code": code, "hint": hint or None}
    return {"error": {**fields, **({"click": click} if click else {})}}


def validation_fault(faults: Sequence[Mapping[str, Any]], body: Any) -> tuple[str, str | None]:
    """Return the message and the field of a request that failed validation; the field is None for the whole body.

    Args:
        faults: As pydantic lists them; of several the one that lies deepest, since a union has one for each member.
        body: As it was received; names of union members, which pydantic puts among the fields, are not in it.
    """
    if faults[0]["type"] == "json_invalid":
        place, reason = faults[0]["loc"][-1], faults[0].get("ctx", {}).get("error", "")
        return f"the body is not JSON: {reason} (character {place})", None
    fields = [_fields(fault["loc"][1:], fault["type"], body) for fault in faults]
    field, fault = max(zip(fields, faults, strict=True), key=lambda pair: len(pair[0]))
    message = str(fault["msg"]).removeprefix("Value error, ")
    if field:
        name = ".".join(map(str, field))
        return f"{name}: {message}", name
    if fault["type"] in ("missing", "model_attributes_type"):
        return "send the body as a JSON object, with the header content-type: application/json", None
    return message, None


def _fields(loc: Sequence[str | int], kind: str, body: Any) -> list[str | int]:
    """Return the part of a location that leads into a body, or names what is missing in it."""
    if not isinstance(body, Mapping):  # a parameter of the path or the query
        return list(loc)
    fields: list[str | int] = []
    value: Any = body
    for number, part in enumerate(loc, 1):
        there = part in value if isinstance(value, Mapping) else isinstance(value, list) and part in range(len(value))
        if there:
            value = value[part]
        if there or (kind == "missing" and number == len(loc)):
            fields.append(part)
    return fields


# The first class that fits decides: subclasses before their bases.
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
    """Return status, body and headers for an error."""
    if isinstance(error, RequestRefused):
        body = error_body(str(error), error.status, code=error.code, hint=error.hint, param=error.param)
        return error.status, body, {}
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, ServerBusy) else {}
    return status, error_body(str(error), status, code=code, hint=error.hint, click=next_click(error)), headers


# A next step for a terminal inside a note: "; to index them: kb reindex", "; to read scans, ingest with OCR (...)".
_COMMAND = re.compile(r"[;:.,]?\s*(?:to [^;:]+: )?\bkb [a-z-].*|;[^;]*\s--[a-z].*|; to read scans, [^;]*", re.DOTALL)


def without_command(note: str) -> str:
    """Return a note of a workflow as the page shows it: without the command for a terminal that it may end in."""
    return _COMMAND.sub("", note)


# The next step after errors whose place in the code knows none: whoever reads the page need not run the server.
_NEXT: tuple[tuple[type[KbError], str], ...] = (
    (MissingExtra, "ask whoever runs this server to install it"),
    (BackendError, "try again; if it fails again, tell whoever runs this server"),
)


def page_text(error: KbError) -> str:
    """Return an error as the page shows it: what is wrong, then the next click; never a command for a terminal."""
    message = str(error)
    message = message[:1].upper() + message[1:] + ("" if message.endswith((".", "!", "?", "…")) else ".")
    click = next_click(error)
    return f"{message} {click[:1].upper()}{click[1:]}." if click else message


def next_click(error: KbError) -> str:
    """Return the next step on the page after an error; empty where there is none."""
    return error.click or next((step for kind, step in _NEXT if isinstance(error, kind)), "")
