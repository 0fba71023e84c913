"""A GGUF file as a model of an Ollama server: template, stop tokens and sampling explicit, weights uploaded once.

Also uses Ollama as a quantiser for the K-quants that `gguf` cannot write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from ollama import Client

from core.chat.ollama_server import client_arguments, failures
from core.errors import BackendError
from core.files import sha256_of
from finetune.export.ollama.template import Blocks, go_template

# Called with what is being done.
OnStatus = Callable[[str], None]
_QUOTES = '"""'
_FROM = "FROM "


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelfileParts:
    """All that Ollama must be told beside the weights.

    Attributes:
        template: In Ollama's language.
        stops: Spellings of every token that ends an answer.
        num_ctx: Context window, in tokens.
        trims: Whether the model's own template drops blanks at the ends of a message, which Ollama's keeps.
    """

    template: str
    stops: tuple[str, ...]
    num_ctx: int
    trims: bool = False

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the model; Ollama's own defaults penalise repetition even in greedy answers."""
        return {
            "stop": list(self.stops),
            "num_ctx": self.num_ctx,
            "temperature": 0.0,
            "repeat_penalty": 1.0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where Ollama listens, how long it may be silent, and the window of the models it is given."""

    url: str
    timeout_s: float
    num_ctx: int


def describe(blocks: Blocks, stops: Sequence[str], num_ctx: int) -> ModelfileParts:
    """Put together what Ollama must be told."""
    return ModelfileParts(template=go_template(blocks), stops=tuple(stops), num_ctx=num_ctx, trims=blocks.trims)


def modelfile(model: ModelfileParts, gguf: str) -> str:
    """Return a Modelfile, for `ollama create NAME -f Modelfile` beside the GGUF file.

    Args:
        model: Template and parameters.
        gguf: File name of the weights.

    Raises:
        BackendError: The template holds what a Modelfile cannot.
    """
    if _QUOTES in model.template:
        raise BackendError(
            f"unsupported chat template for a Modelfile: it contains {_QUOTES}", hint="kb export RUN --to ollama"
        )
    lines = (
        ["# Send messages without blanks at their ends: the model's own template drops them."] if model.trims else []
    )
    lines += [f"{_FROM}./{gguf}", f"TEMPLATE {_QUOTES}{model.template}{_QUOTES}"]
    for key, value in model.parameters.items():
        values = value if isinstance(value, list) else [value]
        lines += [
            f'PARAMETER {key} "{item}"' if isinstance(item, str) else f"PARAMETER {key} {item}" for item in values
        ]
    return "\n".join(lines) + "\n"


def create(
    server: Server,
    name: str,
    files: Sequence[Path],
    model: ModelfileParts,
    *,
    progress: OnStatus,
    quantize: str = "",
) -> None:
    """Put a model into a server, in place of one of the same name.

    Args:
        server: Where it goes.
        name: What it will be called there.
        files: A GGUF file, or all files of a checkpoint; each is uploaded only where the server lacks it.
        model: Template and parameters.
        progress: Told every stage.
        quantize: Such as `q4_K_M`; the server does it, from F16 or F32. Empty keeps the weights.

    Raises:
        BackendError: The server cannot be reached, or refuses.
    """
    digests = {path: f"sha256:{sha256_of(path)}" for path in files}
    url, arguments = server.url, client_arguments(server.url, server.timeout_s)
    with failures(url), Client(host=url, **arguments) as client:
        for path, digest in digests.items():
            if not _has_blob(url, digest, arguments):
                progress(f"uploading {path.name}")
                client.create_blob(path)
        status = ""
        for part in client.create(
            model=name,
            files={path.name: digest for path, digest in digests.items()},
            template=model.template,
            parameters=dict(model.parameters),
            quantize=quantize or None,
            stream=True,
        ):
            status = part.status or ""
            progress(status)
    if status != "success":
        raise BackendError(f"Ollama at {url} did not finish creating {name!r}: {status}", hint="ollama list")


def _has_blob(url: str, digest: str, arguments: Mapping[str, Any]) -> bool:
    with httpx.Client(base_url=url, **arguments) as client:
        return client.head(f"/api/blobs/{digest}").is_success


@contextmanager
def _asking(server: Server, name: str) -> Iterator[Client]:
    url = server.url
    with failures(url, name), Client(host=url, **client_arguments(url, server.timeout_s)) as client:
        yield client


def weight_file_of(server: Server, name: str) -> Path:
    """Return where a server on this machine keeps a model's weights.

    Raises:
        BackendError: The server lacks the model, or its files are not readable on this machine.
    """
    with _asking(server, name) as client:
        shown = client.show(name).modelfile or ""
    paths = [Path(line.removeprefix(_FROM)) for line in shown.splitlines() if line.startswith(f"{_FROM}/")]
    if not paths or not paths[0].is_file():
        raise BackendError(
            f"the weights of {name!r} in Ollama at {server.url} are not readable on this machine",
            hint="kb export RUN --quantize q8_0",
        )
    return paths[0]


def copy(server: Server, name: str, other: str) -> None:
    """Give a model a second name, in place of an older model of that name.

    Raises:
        BackendError: The server cannot be reached or lacks it.
    """
    with _asking(server, name) as client:
        client.copy(name, other)


def remove(server: Server, name: str) -> None:
    """Take a model out of a server.

    Raises:
        BackendError: The server cannot be reached or lacks it.
    """
    with _asking(server, name) as client:
        client.delete(name)
