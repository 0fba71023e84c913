"""Opens a chat model by its spelling, and decides what `auto` stands for."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from langchain_core.language_models.chat_models import BaseChatModel

from core.backends import BACKENDS, ModelSpec, destination, parse_spec
from core.errors import BackendError
from core.files import Home
from core.prompt import with_trained_prompt
from core.settings import Settings

if TYPE_CHECKING:
    from core.chat.ollama_server import OllamaModel

# What `auto` takes where no Ollama with the configured model answers.
EMBEDDED_DEFAULT = "extractive"

_OLLAMA_PORT = 11434
_PROBE_TIMEOUT_S = 0.3
_LIST_TIMEOUT_S = 5.0


def resolve(spec: str, settings: Settings) -> ModelSpec:
    """Parse a spelling and decide what `auto` stands for now.

    `auto` asks only an Ollama on this machine: documents leave it by an explicit spelling or not at all. `auto:RUN`
    stays: what answers from documents decides for every question (`kb.routing`).

    Raises:
        ConfigError: No such spelling.
    """
    parsed = parse_spec(spec)
    if parsed.kind != "auto" or parsed.name:
        return parsed
    name = settings.rag.ollama_model
    model = ModelSpec(kind="ollama", name=name)
    if not destination(model, settings) and ollama_has(name, settings.rag.ollama_url):
        return model
    return parse_spec(EMBEDDED_DEFAULT)


def ollama_has(name: str, url: str) -> bool:
    """Tell whether an Ollama at `url` has a model; False where nothing answers."""
    if not _listens(url):
        return False
    from core.chat.ollama_server import ask_state, tagged

    try:
        return tagged(name) in ask_state(url, timeout_s=_LIST_TIMEOUT_S).models
    except BackendError:  # whatever listens there is not Ollama, or not well
        return False


def _listens(url: str) -> bool:
    """Tell by a bare connection whether anything listens: importing a client would cost more than the answer."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or _OLLAMA_PORT), _PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def largest_model(url: str) -> OllamaModel | None:
    """Return the largest chat model that an Ollama at `url` has; None where nothing answers."""
    if not _listens(url):
        return None
    from core.chat.ollama_server import ask_models

    try:
        models = ask_models(url, timeout_s=_LIST_TIMEOUT_S)
    except BackendError:
        return None
    return max(models, key=lambda model: (model.parameters, model.name), default=None)


def open_chat(spec: str, settings: Settings, home: Home) -> BaseChatModel:
    """Open a chat model.

    Args:
        spec: One of `core.backends.SPELLINGS`.
        settings: `models` says how it generates, `rag` where Ollama listens.
        home: Where weights and runs live.

    Raises:
        ConfigError: No such spelling, run or file.
        MissingExtra: Packages or weights that it needs are absent; the hint installs them.
        DataError: A model file cannot be used.
        BackendError: At the first question, where a server is unreachable or lacks the model.
    """
    chosen = resolve(spec, settings)
    chat = BACKENDS[chosen.kind].open(chosen, settings, home)
    run = run_of_spec(chosen)
    return with_trained_prompt(chat, home.runs / run) if run else chat


def run_of_spec(spec: ModelSpec) -> str:
    """Return the run that a spelling names, by its own name or by that of its model in Ollama; empty for none."""
    if spec.kind in ("run", "auto"):
        return spec.name
    served = spec.name.removesuffix(":latest")
    return served.removeprefix("kb-") if spec.kind == "ollama" and served.startswith("kb-") else ""
