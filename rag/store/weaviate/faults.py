"""What a failed call to Weaviate means: a retry, or an error with the step that helps.

The client wraps gRPC and HTTP failures in errors of its own and keeps the codes further down the chain; many faults of
the server have no code but a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import grpc  # type: ignore[import-untyped]
import httpx

from core.chat.remote.retry import BUSY, Interrupted
from core.errors import BackendError
from rag.store.weaviate.client import (
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateConnectionError,
    WeaviateTimeoutError,
)

_AWAY = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.ABORTED,
}
_DENIED = {401, 403}
# Sentences of the server while a node is away, starting or ending; they come with no code, or with 422 and 500.
_PASSING = re.compile(
    r"leader not found|cannot reach enough replicas|cannot achieve consistency|connection refused|connection reset"
    r"|deadline exceeded|context canceled|timed? ?out|unavailable|broken pipe|\bEOF\b|shutting down|shut ?down"
    r"|not enough memory|leadership|not yet ready|not ready|is closed",
    re.IGNORECASE,
)
_DIMENSION = re.compile(
    r"vectors? with length (\d+).*vectors? with length (\d+)|vector (?:lengths|dimensions) do", re.IGNORECASE
)
_FULL = re.compile(r"read-only|readonly|no space left|disk usage", re.IGNORECASE)
_NO_COLLECTION = re.compile(
    r"could not find class|class .* (?:not found|does not exist)|collection .* not found|non-existing index",
    re.IGNORECASE,
)
_COPIES = re.compile(r"minimum replication factor|not find enough weaviate nodes|replication at \d", re.IGNORECASE)
_KEY = re.compile(r"unauthenticated|unauthorized|anonymous access|invalid api key|forbidden", re.IGNORECASE)


class NoCollection(BackendError):
    """The server does not know the collection; whoever reads takes that for an empty index."""


class ObjectsRefused(WeaviateBaseError):
    """Objects of a batch that the server did not take; the batch call itself never fails for them."""


def _is_passing(error: BaseException) -> bool:
    """Tell whether the same call may succeed a little later."""
    for link in _chain(error):
        if isinstance(link, grpc.RpcError) and isinstance(link, grpc.Call) and link.code() in _AWAY:
            return True
        if isinstance(link, (httpx.TransportError, WeaviateConnectionError, WeaviateTimeoutError)):
            return True
        if isinstance(link, UnexpectedStatusCodeError) and link.status_code in BUSY:
            return True
    return bool(_PASSING.search(str(error))) and not _DIMENSION.search(str(error))


def as_backend_error(error: BaseException, url: str, collection: str = "") -> BackendError:
    """Return the error to report, `Interrupted` where a retry may help; `collection` is the name in `kb`."""
    text = " ".join(str(error).split())
    flag = f" --collection {collection}" if collection not in ("", "default") else ""
    if _denied(error) or _KEY.search(text):
        return BackendError(
            f"Weaviate at {url} rejected the API key, or requires one: {_short(text)}",
            hint="export WEAVIATE_API_KEY=KEY",
        )
    if _NO_COLLECTION.search(text):
        return NoCollection(f"Weaviate at {url} has no such collection", hint=f"kb reindex --store weaviate{flag}")
    if match := _DIMENSION.search(text):
        lengths = f" ({match[1]} and {match[2]})" if match[1] else ""
        return BackendError(
            f"the index in Weaviate holds vectors of another dimension{lengths}",
            hint=f"kb reindex --store weaviate{flag}",
        )
    if _COPIES.search(text):
        return BackendError(
            f"Weaviate at {url} has fewer nodes than weaviate.replication requires: {_short(text)}",
            hint=f"KB_WEAVIATE__REPLICATION=0 kb reindex --store weaviate{flag}",
        )
    if _FULL.search(text):
        return BackendError(
            f"Weaviate at {url} rejects writes, most likely because its disk or memory is nearly full: {_short(text)}",
            hint="df -h  # free some space on the server, then the same command again",
        )
    if _is_passing(error):
        return Interrupted(
            f"Weaviate at {url} does not answer: {_short(_root(error))}", hint="docker compose up -d weaviate"
        )
    return BackendError(f"Weaviate at {url}: {_short(text)}", hint="kb doctor --set rag.store=weaviate")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _denied(error: BaseException) -> bool:
    codes = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
    return any(
        (isinstance(link, UnexpectedStatusCodeError) and link.status_code in _DENIED)
        or (isinstance(link, grpc.RpcError) and isinstance(link, grpc.Call) and link.code() in codes)
        for link in _chain(error)
    )


def _root(error: BaseException) -> str:
    """Return what the innermost error says that says anything: the client wraps refused connections in blanks."""
    return [text for link in _chain(error) if (text := " ".join(str(link).split()))][-1]


def _short(text: str) -> str:
    details = re.search(r'details = "([^"]*)"', text)
    return (details[1] if details else text)[:300]
