"""One spelling of a chat model to a LangChain `BaseChatModel`.

Knows the spellings and which module opens which; refuses to know how a model runs. Every back end is imported when it
is opened and not before, so that one spelling never needs another's packages.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from langchain_core.language_models.chat_models import BaseChatModel

from core.chat.address import is_loopback
from core.errors import BackendError, ConfigError, MissingExtra
from core.files import Home
from core.install import package_command
from core.settings import Settings
from core.weights.shelf import require

Kind = Literal["auto", "extractive", "smollm2", "gguf", "hf", "ollama", "openai", "langchain", "run"]

SPELLINGS = (
    "auto",
    "extractive",
    "smollm2",
    "gguf:PATH",
    "hf:PATH|ID",
    "ollama:NAME",
    "openai:NAME@URL",
    "langchain:PROVIDER:NAME",
    "run:NAME",
)
# What `auto` takes where no Ollama with the wanted model answers.
EMBEDDED_DEFAULT = "extractive"

_BARE = frozenset({"auto", "extractive", "smollm2"})
_OPENAI = re.compile(r"(?P<name>.+?)@(?P<url>https?://\S+)")
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OLLAMA_PORT = 11434
_PROBE_TIMEOUT_S = 0.3
_LIST_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A parsed spelling; `str()` gives it back.

    Attributes:
        kind: Which back end.
        name: Path, Hub id, model or run name; empty for the bare words. `PROVIDER:NAME` for `langchain`.
        url: Base URL; `openai` only.
    """

    kind: Kind
    name: str = ""
    url: str = ""

    def __str__(self) -> str:
        text = f"{self.kind}:{self.name}" if self.name else self.kind
        return f"{text}@{self.url}" if self.url else text


def parse_spec(text: str) -> ModelSpec:
    """Parse one spelling of a chat model.

    Raises:
        ConfigError: No such spelling; the message lists them all and the nearest.
    """
    text = text.strip()
    head, colon, rest = text.partition(":")
    if head in _BARE and not colon:
        return ModelSpec(kind=head)  # type: ignore[arg-type]
    if head == "openai" and (match := _OPENAI.fullmatch(rest)):
        return ModelSpec(kind="openai", name=match["name"], url=match["url"].rstrip("/"))
    if head == "langchain" and all(rest.partition(":")):
        return ModelSpec(kind="langchain", name=rest)
    if head == "run" and _RUN_NAME.fullmatch(rest):
        return ModelSpec(kind="run", name=rest)
    if head in {"gguf", "hf", "ollama"} and rest:
        return ModelSpec(kind=head, name=rest)  # type: ignore[arg-type]
    raise _unknown(text, head)


def _unknown(text: str, head: str) -> ConfigError:
    near = difflib.get_close_matches(head, get_args(Kind), n=1, cutoff=0.5)
    wanted = [spelling for spelling in SPELLINGS if near and spelling.split(":")[0] == near[0]]
    message = f"{text!r} is no chat model; spell one of: {', '.join(SPELLINGS)}"
    if wanted:
        message += f"; nearest: {wanted[0]}"
    return ConfigError(message, hint='kb ask --model extractive "QUESTION"')


def resolve(spec: str, settings: Settings) -> ModelSpec:
    """Parse a spelling and decide what `auto` stands for now.

    `auto` asks only an Ollama on this machine: documents leave it by an explicit spelling or not at all.

    Raises:
        ConfigError: No such spelling.
    """
    parsed = parse_spec(spec)
    if parsed.kind != "auto":
        return parsed
    wanted = settings.rag.ollama_model
    if is_loopback(settings.rag.ollama_url) and ollama_has(wanted, settings.rag.ollama_url):
        return ModelSpec(kind="ollama", name=wanted)
    return parse_spec(EMBEDDED_DEFAULT)


def ollama_has(name: str, url: str) -> bool:
    """Tell whether an Ollama at `url` has a model; False where nothing answers."""
    parts = urlsplit(url)
    try:
        # A bare connection first: where nobody listens, importing the client would cost more than the answer.
        socket.create_connection((parts.hostname or "", parts.port or _OLLAMA_PORT), _PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    from core.ollama_server import ask_state, tagged

    try:
        return tagged(name) in ask_state(url, timeout_s=_LIST_TIMEOUT_S).models
    except BackendError:  # whatever listens there is not Ollama, or not well
        return False


def open_chat(spec: str, settings: Settings, home: Home) -> BaseChatModel:
    """Open a chat model.

    Args:
        spec: One of `SPELLINGS`.
        settings: `models` says how it generates, `rag` where Ollama listens.
        home: Where weights and runs live.

    Raises:
        ConfigError: No such spelling, run or file.
        MissingExtra: Packages or weights that it needs are absent; the hint installs them.
        DataError: A model file cannot be used.
        BackendError: At the first question, where a server is unreachable or lacks the model.
    """
    chosen = resolve(spec, settings)
    if chosen.kind == "extractive":
        from core.reading.extractive import ExtractiveChat

        return ExtractiveChat()
    if chosen.kind == "ollama":
        from core.chat.ollama import open_ollama

        return open_ollama(chosen.name, settings.rag.ollama_url, settings.models)
    if chosen.kind == "openai":
        from core.chat.openai import open_openai

        return open_openai(chosen.name, chosen.url, settings.models)
    if chosen.kind == "hf":
        from core.chat.hf import open_hf

        return open_hf(chosen.name, settings.models)
    if chosen.kind == "langchain":
        return _open_langchain(chosen.name, settings)
    from core.chat.genai import open_gguf

    return open_gguf(_gguf_path(chosen, home), settings.models, name=str(chosen))


def _gguf_path(spec: ModelSpec, home: Home) -> Path:
    if spec.kind == "smollm2":
        return require("smollm2", home) / "model.gguf"
    if spec.kind == "run":
        return _exported(spec.name, home)
    path = Path(spec.name).expanduser()
    if not path.is_file():
        raise ConfigError(f"there is no file {path}", hint="kb models list")
    return path


def _exported(name: str, home: Home) -> Path:
    """Return the GGUF file of a run: the unquantised one, else the largest that there is."""
    folder = home.runs / name
    if not folder.is_dir():
        raise ConfigError(f"there is no run {name!r}", hint="kb runs list")
    quantised = sorted(folder.glob("model-*.gguf"), key=lambda path: -path.stat().st_size)
    for path in (folder / "model.gguf", *quantised):
        if path.is_file():
            return path
    raise ConfigError(f"run {name!r} has not been exported", hint=f"kb export {name} --to gguf")


def _open_langchain(name: str, settings: Settings) -> BaseChatModel:
    if importlib.util.find_spec("langchain") is None:
        raise MissingExtra(f"langchain:{name} requires the package langchain", hint=package_command("langchain"))
    init_chat_model = importlib.import_module("langchain.chat_models").init_chat_model
    provider, _, model = name.partition(":")
    try:
        opened = init_chat_model(
            model,
            model_provider=provider,
            temperature=settings.models.temperature,
            max_tokens=settings.models.max_tokens,
            timeout=settings.models.timeout_s,
        )
    except ImportError as error:
        raise MissingExtra(f"langchain:{name}: {error}", hint=package_command(f"langchain-{provider}")) from error
    except ValueError as error:
        raise ConfigError(f"langchain:{name}: {error}", hint="kb config show") from error
    if not isinstance(opened, BaseChatModel):
        raise ConfigError(f"langchain:{name} is no single chat model", hint="kb config show")
    return opened
