"""ASGI middleware that every request passes first: checks of Host, Origin, key, rate, size and time; metrics and log.

A page on another site must not drive a server on this machine, whatever name it resolves to, and a client that sends or
reads nothing must not occupy it. Plain ASGI, so that streams stay streams.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.chat.remote.address import is_loopback
from core.errors import KbError
from core.settings import ServeSettings
from serve import errors
from serve.access.rates import RateLimiter
from serve.access.sessions import SessionStore
from serve.errors import RequestRefused, ServerBusy
from serve.ignored import HEADER, header_value
from serve.observability.logs import log
from serve.service import Service

_BODY_BYTES = 8 << 20
_BODY_TIMEOUT_S = 60.0
_DISCARD_BYTES, _DISCARD_S = 64 << 20, 2.0
_UPLOAD_PATHS = ("/v1/documents", "/page/documents", "/gradio_api/upload")
_OPEN_PATHS = frozenset({"/healthz", "/login"})
_OWN_PATHS = frozenset({"/healthz", "/metrics", "/login", "/logout", "/privacy", "/report/{name}"})
_HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Scripts, styles, fonts and pictures of this server only: injected code could not reach other servers either.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def keys_required(serve: ServeSettings) -> bool:
    """Tell whether requests need a key: other machines can reach the server, by its address or by a name."""
    return not is_loopback(f"http://{_bracketed(serve.host)}") or bool(serve.hosts)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@dataclass(slots=True)
class _RequestRecord:
    """A request that is being processed.

    Attributes:
        received: Bytes of its body.
        status: Of the response, once it began.
    """

    id: str
    who: str
    started: float
    received: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class RequestGuard:
    """ASGI middleware around the application.

    Args:
        app: The application behind the guard.
        service: Keys, metrics and the audit log.
        sessions: Sessions of browsers.
    """

    def __init__(self, app: ASGIApp, service: Service, sessions: SessionStore) -> None:
        self._app = app
        self._service = service
        self._serve = service.settings.serve
        self._sessions = sessions
        self._rate = RateLimiter(self._serve.requests_per_minute, service.access)
        self._keyed = keys_required(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why it is refused."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # WebSocket is not supported
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        record = _RequestRecord(id=f"req-{secrets.token_hex(8)}", who=_address(scope), started=time.monotonic())
        sending = self._sending(scope, send, record)
        try:
            if self._service.access.remote:  # who asks is looked up over a network
                await asyncio.to_thread(self._admit, scope, headers, record)
            else:
                self._admit(scope, headers, record)
            scope.setdefault("state", {})["who"] = record.who
            await self._app(scope, self._receiving(scope, headers, receive, record), sending)
        except (ClientStalled, ClientDisconnect):
            log("client gone", id=record.id)
        except KbError as error:
            if record.status:
                raise
            await _discard(receive)
            await _refuse(sending, error, page=_wants_page(scope, headers))
        finally:
            self._note(scope, record)

    def _admit(self, scope: Scope, headers: Headers, record: _RequestRecord) -> None:
        path, method = scope["path"], scope["method"]
        host = _host_name(headers.get("host", ""))
        if not self._is_own_host(host):
            raise self._refused("host", f"unknown host {host!r}", 403, "kb serve --set serve.hosts=NAME")
        origin = headers.get("origin")
        if origin and not self._origin_allowed(origin, headers.get("host", "")):
            raise self._refused(
                "origin", f"requests from {origin} are not allowed", 403, "kb serve --set serve.origins=ORIGIN"
            )
        owner = self._sessions.owner(headers)
        if owner:
            record.who = f"key:{owner}"
        elif self._keyed and path not in _OPEN_PATHS:
            raise self._refused("key", "a key is required", 401, "Authorization: Bearer KEY, or /login in a browser")
        if path != "/healthz" and (method not in {"GET", "HEAD"} or path.startswith(("/v1/", "/api/", "/mcp"))):
            try:
                self._rate.take(record.who)
            except ServerBusy:
                self._service.metrics.refused("rate")
                raise

    def _refused(self, reason: str, message: str, status: int, hint: str) -> RequestRefused:
        self._service.metrics.refused(reason)
        code = {"host": "unknown_host", "origin": "forbidden_origin", "key": "invalid_api_key"}[reason]
        return RequestRefused(message, status=status, code=code, hint=hint)

    def _is_own_host(self, host: str) -> bool:
        """Tell whether a Host header names this server; every address does, since an address cannot be rebound."""
        if host in _NAMES or host == self._serve.host.lower() or host in {name.lower() for name in self._serve.hosts}:
            return True
        return self._keyed and _is_address(host)

    def _origin_allowed(self, origin: str, host: str) -> bool:
        return urlsplit(origin).netloc.lower() == host.lower() or origin in self._serve.origins

    def _receiving(self, scope: Scope, headers: Headers, receive: Receive, record: _RequestRecord) -> Receive:
        """Return `receive` with a limit on bytes and on the time until the last of them."""
        upload = scope["method"] == "POST" and scope["path"].rstrip("/") in _UPLOAD_PATHS
        # Room for field names, boundaries and file names.
        most = (self._serve.upload_mb << 20) + (1 << 20) if upload else _BODY_BYTES
        deadline = record.started + (self._serve.upload_timeout_s if upload else _BODY_TIMEOUT_S)
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            raise self._too_large(most)
        complete = False

        async def limited() -> Message:
            nonlocal complete
            if complete:  # the next message is the disconnect, whenever that is
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
            except TimeoutError as error:
                self._service.metrics.refused("time")
                raise RequestRefused("the body took too long to arrive", status=408, code="timeout") from error
            record.received += len(message.get("body", b""))
            if record.received > most:
                await _discard(receive)
                raise self._too_large(most)
            complete = not message.get("more_body", False)
            return message

        return limited

    def _too_large(self, most: int) -> RequestRefused:
        self._service.metrics.refused("size")
        return RequestRefused(f"the body is larger than {most >> 20} MiB", status=413, code="too_large")

    def _sending(self, scope: Scope, send: Send, record: _RequestRecord) -> Send:
        """Return `send` with the headers of this server and a time limit for clients that read nothing."""

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                ours = MutableHeaders(scope=message)
                ours["x-request-id"] = record.id
                for name, value in _HEADERS.items():
                    ours.setdefault(name, value)
                ignored = header_value(scope.get("state", {}))
                if ignored:
                    ours[HEADER] = ignored
            try:
                await asyncio.wait_for(send(message), self._serve.stall_timeout_s)
            except TimeoutError as error:
                self._service.metrics.refused("time")
                raise ClientStalled from error

        return timed

    def _note(self, scope: Scope, record: _RequestRecord) -> None:
        route = _pattern(scope)
        seconds = time.monotonic() - record.started
        self._service.metrics.request(route, scope["method"], record.status, seconds)
        if route != "page" or record.status >= 400:  # the page's many small files are counted and not logged
            log(
                "request",
                id=record.id,
                who=record.who,
                method=scope["method"],
                route=route,
                status=record.status,
                ms=round(1000 * seconds),
                received_bytes=record.received,
            )


async def _discard(receive: Receive) -> None:
    """Read the rest of a refused request, within limits: a client cut off while it sends does not read the response."""
    received = 0
    end = time.monotonic() + _DISCARD_S
    while received < _DISCARD_BYTES:
        try:
            message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
        except TimeoutError:
            return
        received += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


class ClientStalled(ConnectionError):
    """The client read nothing for too long; its connection is closed."""


def _wants_page(scope: Scope, headers: Headers) -> bool:
    """Tell whether a browser asks for a page, so that it can be sent to the login."""
    return scope["method"] == "GET" and "text/html" in headers.get("accept", "")


async def _refuse(send: Send, error: KbError, *, page: bool) -> None:
    status, body, headers = errors.error_response(error)
    if status == 401 and page:
        status, headers = 303, {**headers, "location": "/login"}
    content = json.dumps(body).encode()
    fields = {"content-type": "application/json", "content-length": str(len(content)), **headers}
    if status == 401:
        fields["www-authenticate"] = "Bearer"
    raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "local"


def _host_name(host: str) -> str:
    """Return the name in a Host header without its port; empty where it is malformed."""
    match = _HOST.fullmatch(host.lower())
    return match["name"].strip("[]") if match else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _pattern(scope: Scope) -> str:
    """Return the route pattern of a request, for metrics; `page` or `none` where there is no route of this server."""
    path, pattern = scope["path"], getattr(scope.get("route"), "path", "")
    for prefix in ("/v1", "/api"):
        if path.startswith(f"{prefix}/"):
            return prefix + pattern.removeprefix(prefix) if pattern else "none"
    if path.startswith("/mcp"):
        return "/mcp"
    return pattern if pattern in _OWN_PATHS else "page"
