"""From the spelling of an embedder to the embedder."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigError
from core.files import Home
from rag.embed.base import Embedder


def open_embedder(
    spec: str,
    home: Home,
    *,
    precision: str = "auto",
    ollama_url: str = "http://127.0.0.1:11434",
    timeout_s: float = 300.0,
    deadline_s: float = 60.0,
) -> Embedder:
    """Open an embedder.

    Args:
        spec: `minilm`, `multilingual`, `ollama:NAME`, a sentence-transformers folder, or a Hub id that was pulled.
        home: Where weights lie.
        precision: `auto`, `bf16` or `f32`; not used by servers.
        ollama_url: Where Ollama listens.
        timeout_s: Longest wait for a server's answer.
        deadline_s: Longest time a server that is away is called again.

    Raises:
        ConfigError: The spelling is unknown or the precision not available here.
        MissingExtra: Weights or packages are absent.
        DataError: The folder is not one that can be read.
        BackendError: The server behind `ollama:` does not answer.
    """
    kind, _, name = spec.partition(":")
    if kind == "ollama" and name:
        from rag.embed.ollama import OllamaEmbedder

        return OllamaEmbedder(name, url=ollama_url, timeout_s=timeout_s, deadline_s=deadline_s)
    from rag.embed.folder import open_folder

    folder = Path(spec).expanduser()
    if spec not in {"", "minilm"} and folder.is_dir():
        return open_folder(folder, folder.resolve().name, home, precision=precision)
    from core.weights.shelf import ALIASES, require

    if spec != "minilm" and spec not in ALIASES and "/" not in spec:
        raise ConfigError(
            f"unknown embedder {spec!r}; use minilm, multilingual, ollama:NAME, a folder, or ORG/NAME on the Hub",
            hint="kb config show",
        )
    return open_folder(require(spec, home), ALIASES.get(spec, spec), home, precision=precision)
