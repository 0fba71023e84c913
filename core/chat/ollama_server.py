"""An Ollama server as this program meets it: how it is called, what its failures mean, what it has and can fetch.

Chat, embedding and `kb doctor` all stand on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from ollama import Client, ResponseError

from core.chat.remote.address import is_loopback
from core.chat.remote.retry import BUSY, Interrupted, Patience, Unreachable
from core.errors import BackendError, KbError

# Called with (stage, done, total), in bytes; a total of 0 is one that is not known.
Progress = Callable[[str, int, int], None]

_CONNECT_TIMEOUT_S = 3.0
_OTHER_MODEL = "try again, or choose another model under Model and controls"
_NOT_FOUND = 404
_TOO_LONG = ("context length", "context size")
# The process that runs the model was killed in the middle; the server starts another at the next call.
_RUNNER_GONE = "unexpectedly stopped"


class InputTooLong(KbError):
    """The server refuses an input that does not fit its window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaState:
    """What a server says of itself.

    Attributes:
        version: Such as `0.32.2`.
        models: Names of its models, with tags, in its order.
    """

    version: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaModel:
    """A model that a server has.

    Attributes:
        name: With its tag.
        parameters: Number of its weights; 0 where the server does not say.
    """

    name: str
    parameters: int


def tagged(name: str) -> str:
    """Return a model name with its tag: `llama3.1` is `llama3.1:latest`."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def client_arguments(url: str, timeout_s: float, connect_s: float = _CONNECT_TIMEOUT_S) -> dict[str, Any]:
    """Return the arguments of an `httpx.Client` for this server."""
    return {
        "timeout": httpx.Timeout(timeout_s, connect=connect_s),
        # A proxy of the environment has no business between this machine and itself.
        "trust_env": not is_loopback(url),
        "follow_redirects": False,
        # Nobody closes a chat model or an embedder: no connection outlives its answer.
        "limits": httpx.Limits(max_keepalive_connections=0),
    }


@contextmanager
def failures(url: str, model: str = "") -> Iterator[None]:
    """Turn the client's failures into `KbError`s.

    Args:
        url: Where the server listens.
        model: The model that is asked for, for the message.

    Raises:
        Unreachable: Nothing listens there.
        Interrupted: It broke off, or is too busy.
        InputTooLong: It refuses a prompt or a text for its length.
        BackendError: It lacks the model, fell silent, failed, or is no Ollama.
    """
    try:
        yield
    except ResponseError as error:
        raise _refusal(error, url, model) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, ConnectionError) as error:
        message = f"Ollama at {url} cannot be reached: {error}"
        raise Unreachable(message, hint="ollama serve", click=_OTHER_MODEL) from error
    except httpx.TimeoutException as error:
        message = f"Ollama at {url} did not answer in time (models.timeout_s)"
        raise BackendError(message, hint="kb config show", click=_OTHER_MODEL) from error
    except httpx.TransportError as error:
        raise Interrupted(f"the connection to Ollama at {url} was interrupted: {error}", hint="ollama ps") from error
    except (httpx.HTTPError, ValueError, KeyError) as error:  # no JSON, or JSON of another service
        raise BackendError(f"the server at {url} is not Ollama: {error}", hint="kb config show") from error


def _refusal(error: ResponseError, url: str, model: str) -> KbError:
    if error.status_code == _NOT_FOUND and model:
        message = f"Ollama at {url} has no model {model!r}"
        hint = f"ollama pull {model}  # or: kb models pull ollama:{model}"
        return BackendError(message, hint=hint, click=_OTHER_MODEL)
    if error.status_code in BUSY or _RUNNER_GONE in error.error:
        return Interrupted(f"Ollama at {url} cannot answer now: {error.error}", hint="ollama ps")
    if any(words in error.error for words in _TOO_LONG):
        return InputTooLong(f"Ollama at {url}: {error.error}")
    return BackendError(f"Ollama at {url} failed: {error.error}", hint="ollama ps")


def ask_state(url: str, *, timeout_s: float, connect_s: float = _CONNECT_TIMEOUT_S) -> OllamaState:
    """Return a server's version and models.

    Raises:
        BackendError: Nothing answers within `timeout_s`, or not as Ollama does.
    """
    with failures(url), httpx.Client(base_url=url, **client_arguments(url, timeout_s, connect_s)) as client:
        version = client.get("/api/version").raise_for_status().json()["version"]
        models = client.get("/api/tags").raise_for_status().json()["models"] or ()
        return OllamaState(version=str(version), models=tuple(str(model["name"]) for model in models))


def ask_models(url: str, *, timeout_s: float) -> list[OllamaModel]:
    """Return a server's chat models, in its order; models that only embed are left out.

    Raises:
        BackendError: Nothing answers within `timeout_s`, or not as Ollama does.
    """
    with failures(url), httpx.Client(base_url=url, **client_arguments(url, timeout_s)) as client:
        listed = client.get("/api/tags").raise_for_status().json()["models"] or ()
    described = [(str(model["name"]), model.get("details") or {}) for model in listed]
    return [
        OllamaModel(name=name, parameters=_parameters(details))
        for name, details in described
        if not any("bert" in family for family in details.get("families") or ())
    ]


def _parameters(details: Mapping[str, Any]) -> int:
    """Return the number that Ollama spells as `8.0B` or `137M`."""
    match = re.fullmatch(r"([\d.]+)([KMB])", str(details.get("parameter_size") or ""))
    return round(float(match[1]) * {"K": 10**3, "M": 10**6, "B": 10**9}[match[2]]) if match else 0


def ask_context(name: str, url: str, *, timeout_s: float) -> int:
    """Return how many tokens a model was made to read at once; 0 where the server does not say.

    Raises:
        BackendError: The server does not answer, or lacks the model.
    """
    with failures(url, name), Client(host=url, **client_arguments(url, timeout_s)) as client:
        info = client.show(name).modelinfo or {}
    return next((int(value) for key, value in info.items() if key.endswith(".context_length")), 0)


def pull(name: str, url: str, *, timeout_s: float, deadline_s: float, progress: Progress) -> None:
    """Make a server fetch a model from its registry; an interrupted download is resumed.

    Args:
        name: As the registry knows it.
        url: Where Ollama listens.
        timeout_s: Longest silence of the server.
        deadline_s: Longest time it is tried again while the server is away.
        progress: Told the stage, and bytes done and in all over every layer.

    Raises:
        BackendError: The server does not answer, or cannot get the model.
    """
    Patience(deadline_s)(lambda: _pull_once(name, url, timeout_s, progress))


def _pull_once(name: str, url: str, timeout_s: float, progress: Progress) -> None:
    layers: dict[str, tuple[int, int]] = {}
    status = ""
    try:
        with failures(url), Client(host=url, **client_arguments(url, timeout_s)) as client:
            for part in client.pull(name, stream=True):
                status = part.status or ""
                if part.digest and part.total:
                    layers[part.digest] = (part.completed or 0, part.total)
                done, total = (sum(values) for values in zip(*layers.values(), strict=True)) if layers else (0, 0)
                progress("downloading" if part.digest else status, done, total)
    except BackendError as error:
        if type(error) is not BackendError:  # away or interrupted: not the registry's doing
            raise
        message = f"Ollama at {url} could not pull {name!r}: {_reason(error)}"
        raise BackendError(message, hint=f"ollama pull {name}") from error
    if status != "success":
        raise Interrupted(f"Ollama at {url} interrupted the download of {name!r}", hint=f"ollama pull {name}")


def _reason(error: BackendError) -> str:
    cause = error.__cause__
    return str(cause.error) if isinstance(cause, ResponseError) else error.message
