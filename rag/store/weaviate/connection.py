"""A connection to a Weaviate server that outlives the server's restarts.

Every call is tried again with growing, random pauses until a deadline, so a server that dies and comes back costs time
only; the first contact is not, since a server that was never there will not come.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import grpc  # type: ignore[import-untyped]

from core.chat.remote.address import is_loopback
from core.chat.remote.retry import Patience
from core.errors import BackendError, ConfigError
from core.settings import WeaviateSettings
from rag.store.weaviate.client import (
    AdditionalConfig,
    AuthApiKey,
    ConnectionParams,
    GrpcConfig,
    Timeout,
    WeaviateBaseError,
    WeaviateClient,
    client_log,
)
from rag.store.weaviate.faults import as_backend_error

T = TypeVar("T")

# The first with 8-bit rotational quantisation, our default, which needs no training.
OLDEST = (1, 32)
# gRPC by itself waits up to two minutes between attempts to reach a server that went away.
_RECONNECT = [("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 2000)]
_HEALTH = "/grpc.health.v1.Health/Check"


class Connection:
    """A client, open until it is closed, garbage, or the process ends.

    Args:
        settings: Where the server is and how long to wait.
        api_key: Sent with every call; empty for none.

    Raises:
        ConfigError: `weaviate.url` is no address.
        BackendError: Nobody answers, the key is refused, or the server is too old.
    """

    def __init__(self, settings: WeaviateSettings, api_key: str = "") -> None:
        self.url = settings.url
        self._patience = Patience(settings.deadline_s)
        # The client logs whole batches, vectors included, when one object of them fails; we report what matters.
        client_log.setLevel("CRITICAL")
        self.client = _client(settings, api_key)
        # Searchers hold an index for as long as a process answers, so no caller knows when it is the last.
        self._finalizer = weakref.finalize(self, self.client.close)
        try:
            self.version = self._open(settings)
        except BackendError:
            self.close()
            raise

    def _open(self, settings: WeaviateSettings) -> str:
        try:
            self.client.connect()
            version = str(self.client.get_meta()["version"])
        except (WeaviateBaseError, OSError) as error:
            raise as_backend_error(error, self.url) from error
        if _numbers(version) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise BackendError(
                f"Weaviate at {self.url} is version {version}; kb needs {oldest} or newer",
                hint="docker compose pull weaviate && docker compose up -d weaviate",
            )
        _probe_grpc(settings)
        return version

    def close(self) -> None:
        """Close the client; closing twice is no fault."""
        self._finalizer()

    def call(self, ask: Callable[[], T], *, collection: str = "") -> T:
        """Return what `ask` returns, trying again while the server is away.

        Args:
            ask: Calls the client; must be safe to repeat.
            collection: kb's name of the collection, for messages.

        Raises:
            BackendError: The server refused, or stayed away until `weaviate.deadline_s` had passed.
        """

        def attempt() -> T:
            try:
                return ask()
            except (WeaviateBaseError, grpc.RpcError, OSError) as error:
                raise as_backend_error(error, self.url, collection) from error

        return self._patience(attempt)


def _client(settings: WeaviateSettings, api_key: str) -> WeaviateClient:
    channel: list[tuple[str, int]] = list(_RECONNECT)
    loopback = is_loopback(settings.url)
    if loopback:
        channel.append(("grpc.enable_http_proxy", 0))
    host, port, secure = _address(settings)
    return WeaviateClient(
        connection_params=ConnectionParams.from_params(
            http_host=host,
            http_port=port,
            http_secure=secure,
            grpc_host=host,
            grpc_port=settings.grpc_port,
            grpc_secure=secure,
        ),
        auth_client_secret=AuthApiKey(api_key) if api_key else None,
        additional_config=AdditionalConfig(
            timeout=Timeout(query=settings.timeout_s, insert=settings.timeout_s, init=min(10.0, settings.timeout_s)),
            trust_env=not loopback,
            grpc_config=GrpcConfig(channel_options=channel),
        ),
        # The client's own checks at the start ask a package registry for its newest version; ours are `_probe_grpc`
        # and the version the server states.
        skip_init_checks=True,
    )


def _address(settings: WeaviateSettings) -> tuple[str, int, bool]:
    """Return host, REST port and whether to use TLS; IPv6 addresses keep the brackets that the client leaves out."""
    try:
        parts = urlsplit(settings.url)
        secure = {"http": False, "https": True}[parts.scheme]
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    except (ValueError, KeyError) as error:
        raise _no_address(settings) from error
    if not host or port == settings.grpc_port or parts.path.strip("/"):
        raise _no_address(settings)
    return f"[{host}]" if ":" in host else host, port, secure


def _no_address(settings: WeaviateSettings) -> ConfigError:
    return ConfigError(
        f"weaviate.url = {settings.url!r} with gRPC on port {settings.grpc_port} is not the address of a server",
        hint="kb config show; then KB_WEAVIATE__URL=http://HOST:PORT and the same command",
    )


def _probe_grpc(settings: WeaviateSettings) -> None:
    """See that gRPC answers: the client waits for a minute before it says that nobody does."""
    host, _, secure = _address(settings)
    target = f"{host}:{settings.grpc_port}"
    options = [("grpc.enable_http_proxy", 0)] if is_loopback(settings.url) else []
    channel = (
        grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
        if secure
        else grpc.insecure_channel(target, options)
    )
    with channel:
        try:
            channel.unary_unary(_HEALTH)(b"", timeout=min(10.0, settings.timeout_s))
        except grpc.RpcError as error:
            raise BackendError(
                f"Weaviate answers at {settings.url}, but no gRPC does at {target}",
                hint="kb config show; then KB_WEAVIATE__GRPC_PORT=PORT and the same command",
            ) from error


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
