"""Runs the application on a socket until a signal stops it; requests that are running end first."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from core.errors import BackendError, ConfigError
from core.files import Home
from core.settings import Settings
from serve.access.guard import keys_required
from serve.access.keys import KeyStore
from serve.app import Part, create_app
from serve.memory import limit_arenas
from serve.observability.logs import log, set_up

_BACKLOG = 512
_SILENCE_S = 30.0


class _Protocol(H11Protocol):
    """HTTP/1.1 that closes connections without a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit for the first request."""
        super().connection_made(transport)
        self.loop.call_later(_SILENCE_S, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Uvicorn with a callback before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._drain = drain

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. Uvicorn raises them again at the end; being stopped is not a failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new connections, let requests end, then close."""
        log("draining", requests=len(self.server_state.tasks))
        self._drain()
        await super().shutdown(sockets)


def check_keys(settings: Settings, home: Home) -> None:
    """Check that a server that other machines can reach has a key.

    Raises:
        ConfigError: It has none.
    """
    if keys_required(settings.serve) and not KeyStore(home).listed():
        raise ConfigError(
            f"other machines can reach {settings.serve.host}, and the server has no key", hint="kb serve keys add NAME"
        )


def bind(settings: Settings) -> socket.socket:
    """Return a listening socket.

    Raises:
        BackendError: The address is in use, or not of this machine.
    """
    serve = settings.serve
    try:
        family = socket.getaddrinfo(serve.host, serve.port, type=socket.SOCK_STREAM)[0][0]
        with contextlib.ExitStack() as on_failure:
            bound = on_failure.enter_context(socket.socket(family, socket.SOCK_STREAM))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((serve.host, serve.port))
            on_failure.pop_all()
    except OSError as error:
        message = f"cannot listen on {serve.host}:{serve.port}: {error.strerror or error}"
        raise BackendError(message, hint=f"kb serve --port {serve.port + 1}") from error
    bound.set_inheritable(True)
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    settings: Settings,
    home: Home,
    bound: socket.socket,
    *,
    parts: Collection[Part],
    datasets: Sequence[Path] = (),
    quiet: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        bound: From `bind`.
        parts: Which of page, API and tools to serve.
        datasets: As `create_app` takes them.
        quiet: Log warnings and errors only.

    Raises:
        BackendError: The job database cannot be opened.
    """
    set_up(quiet=quiet)
    limit_arenas()
    app = create_app(settings, home, parts=parts, datasets=datasets)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=int(settings.serve.drain_s),
        timeout_keep_alive=15,
        proxy_headers=False,
        ws="none",
        h11_max_incomplete_event_size=64 << 10,
    )
    server = _Server(config, lambda: drain(app))
    asyncio.run(server.serve(sockets=[bound]))


def drain(app: FastAPI) -> None:
    """Report that the server is stopping, and end the endless streams of the page."""
    app.state.health.state = "stopping"
    stop: Any = getattr(app.state, "stop_page", None)
    if stop is not None:
        stop()
