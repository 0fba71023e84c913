"""What every request passes before anything reads it: Host, Origin, key, rate, size, time; and what is noted of it.

A page on another site must not drive a server on this machine, whatever name it resolves to; a client that sends or
takes nothing must not hold it. Pure ASGI, so that streams stay streams. Refuses to know routes.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.chat.address import is_loopback
from core.errors import KbError
from core.settings import ServeSettings
from serve import errors
from serve.access.sessions import SessionStore
from serve.errors import RequestRefused, ServerBusy
from serve.observability.logs import log
from serve.service import Service

_BODY_BYTES = 8 << 20
_BODY_TIMEOUT_S = 60.0
_DISCARD_BYTES, _DISCARD_S = 64 << 20, 2.0
_UPLOAD_PATHS = ("/v1/documents", "/gradio_api/upload")
_OPEN_PATHS = frozenset({"/healthz", "/login"})
_OWN = frozenset({"/healthz", "/metrics", "/login", "/logout", "/privacy", "/report/{name}"})
_HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Scripts, styles, fonts and pictures of our own; a page that was tricked cannot call out either.
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
    """Tell whether requests need a key: others can reach the server, by its address or by a name of its own."""
    return not is_loopback(f"http://{_bracketed(serve.host)}") or bool(serve.hosts)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class RateLimiter:
    """Requests per minute of each client, as a bucket that refills.

    Args:
        per_minute: 0 for no limit.
        clock: Seconds, monotonic.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> None:
        """Count a request.

        Raises:
            Busy: It is one too many.
        """
        if not self._per_minute:
            return
        now = self._clock()
        left, since = self._buckets.pop(client, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - since) * self._per_minute / 60)
        # Put back at the end, so that the first ones are those who have been quiet longest.
        self._buckets[client] = (max(0.0, left - 1), now)
        while len(self._buckets) > 10_000:
            del self._buckets[next(iter(self._buckets))]
        if left < 1:
            raise ServerBusy("too many requests", retry_after_s=max(1, math.ceil((1 - left) * 60 / self._per_minute)))


@dataclass(slots=True)
class _RequestRecord:
    """A request on its way.

    Attributes:
        received: Bytes of its body.
        status: Of the response, once it began.
    """

    id: str
    who: str
    begun: float
    received: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class RequestGuard:
    """The ASGI application around the application.

    Args:
        app: What it guards.
        service: Keys, figures and the audit.
        sessions: Who is logged in.
    """

    def __init__(self, app: ASGIApp, service: Service, sessions: SessionStore) -> None:
        self._app = app
        self._service = service
        self._serve = service.settings.serve
        self._sessions = sessions
        self._rate = RateLimiter(self._serve.requests_per_minute)
        self._keyed = keys_required(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        seen = _RequestRecord(id=f"req-{secrets.token_hex(8)}", who=_address(scope), begun=time.monotonic())
        sending = self._sending(send, seen)
        try:
            self._admit(scope, headers, seen)
            scope.setdefault("state", {})["who"] = seen.who
            await self._app(scope, self._receiving(scope, headers, receive, seen), sending)
        except (ClientStalled, ClientDisconnect):
            log("client gone", id=seen.id)
        except KbError as error:
            if seen.status:
                raise
            await _discard(receive)
            await _refuse(sending, error, page=_wants_page(scope, headers))
        finally:
            self._note(scope, seen)

    def _admit(self, scope: Scope, headers: Headers, seen: _RequestRecord) -> None:
        path, method = scope["path"], scope["method"]
        host = _host_name(headers.get("host", ""))
        if not self._own(host):
            raise self._refused(
                "host", f"this server is not called {host or 'nothing'!r}", 403, "kb serve --set serve.hosts=NAME"
            )
        origin = headers.get("origin")
        if origin and not self._may_come(origin, headers.get("host", "")):
            raise self._refused(
                "origin", "requests from other sites are refused", 403, "kb serve --set serve.origins=ORIGIN"
            )
        owner = self._sessions.owner(headers)
        if owner:
            seen.who = f"key:{owner}"
        elif self._keyed and path not in _OPEN_PATHS:
            raise self._refused("key", "a key is required", 401, "Authorization: Bearer KEY, or /login in a browser")
        if path != "/healthz" and (method not in {"GET", "HEAD"} or path.startswith(("/v1/", "/mcp"))):
            try:
                self._rate.take(seen.who)
            except ServerBusy:
                self._service.metrics.refused("rate")
                raise

    def _refused(self, reason: str, message: str, status: int, hint: str) -> RequestRefused:
        self._service.metrics.refused(reason)
        code = {"host": "unknown_host", "origin": "forbidden_origin", "key": "invalid_api_key"}[reason]
        return RequestRefused(message, status=status, code=code, hint=hint)

    def _own(self, host: str) -> bool:
        """Tell whether a Host is ours; an address cannot be re-bound to another, so every one is."""
        if host in _NAMES or host == self._serve.host.lower() or host in {name.lower() for name in self._serve.hosts}:
            return True
        return self._keyed and _is_address(host)

    def _may_come(self, origin: str, host: str) -> bool:
        return urlsplit(origin).netloc.lower() == host.lower() or origin in self._serve.origins

    def _receiving(self, scope: Scope, headers: Headers, receive: Receive, seen: _RequestRecord) -> Receive:
        """Return `receive` with a limit on bytes and on the time until the last of them."""
        upload = scope["method"] == "POST" and scope["path"].rstrip("/") in _UPLOAD_PATHS
        # Field names, boundaries and file names come on top.
        most = (self._serve.upload_mb << 20) + (1 << 20) if upload else _BODY_BYTES
        deadline = seen.begun + (self._serve.upload_timeout_s if upload else _BODY_TIMEOUT_S)
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            raise self._too_large(most)
        complete = False

        async def limited() -> Message:
            nonlocal complete
            if complete:  # what comes now is the client's leaving, whenever that is
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
            except TimeoutError as error:
                self._service.metrics.refused("time")
                raise RequestRefused("the body took too long to arrive", status=408, code="timeout") from error
            seen.received += len(message.get("body", b""))
            if seen.received > most:
                await _discard(receive)
                raise self._too_large(most)
            complete = not message.get("more_body", False)
            return message

        return limited

    def _too_large(self, most: int) -> RequestRefused:
        self._service.metrics.refused("size")
        return RequestRefused(f"the body is larger than {most >> 20} MiB", status=413, code="too_large")

    def _sending(self, send: Send, seen: _RequestRecord) -> Send:
        """Return `send` with our headers, and with an end to waiting for who takes nothing."""

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                ours = MutableHeaders(scope=message)
                ours["x-request-id"] = seen.id
                for name, value in _HEADERS.items():
                    ours.setdefault(name, value)
            try:
                await asyncio.wait_for(send(message), self._serve.stall_timeout_s)
            except TimeoutError as error:
                self._service.metrics.refused("time")
                raise ClientStalled from error

        return timed

    def _note(self, scope: Scope, seen: _RequestRecord) -> None:
        route = _pattern(scope)
        seconds = time.monotonic() - seen.begun
        self._service.metrics.request(route, scope["method"], seen.status, seconds)
        if route != "page" or seen.status >= 400:  # the page's many small files are counted alone
            log(
                "request", id=seen.id, who=seen.who, method=scope["method"], route=route, status=seen.status,
                ms=round(1000 * seconds), received_bytes=seen.received,
            )  # fmt: skip


async def _discard(receive: Receive) -> None:
    """Take what a refused client is still sending, within limits: cut off in the middle, it would not read why."""
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
    """The client took nothing for too long; its connection is dropped."""


def _wants_page(scope: Scope, headers: Headers) -> bool:
    """Tell whether a person at a browser asks, who can log in."""
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
    """Return the name in a Host header, without its port; empty where it is none."""
    found = _HOST.fullmatch(host.lower())
    return found["name"].strip("[]") if found else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _pattern(scope: Scope) -> str:
    """Return the pattern that a path was routed by; of a path without a route of ours, what it is counted as."""
    path, pattern = scope["path"], getattr(scope.get("route"), "path", "")
    if path.startswith("/v1/"):
        return "/v1" + pattern.removeprefix("/v1") if pattern else "none"
    if path.startswith("/mcp"):
        return "/mcp"
    return pattern if pattern in _OWN else "page"
