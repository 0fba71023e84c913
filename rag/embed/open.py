"""From the spelling of an embedder to the embedder.

Each kind loads only what it needs; this module knows the spellings and nothing of the models.
"""

from __future__ import annotations

from kb.errors import ConfigError
from kb.files import Home
from rag.embed.base import Embedder


def open_embedder(spec: str, home: Home, *, precision: str = "auto") -> Embedder:
    """Open an embedder.

    Args:
        spec: `minilm`, `ollama:NAME`, or a sentence-transformers folder or Hub id.
        home: Where weights lie.
        precision: `auto`, `bf16` or `f32`; not used by servers.

    Raises:
        ConfigError: The spelling is unknown or the precision not available here.
        MissingExtra: Weights or packages are absent.
        BackendError: The server behind `ollama:` does not answer.
    """
    if spec == "minilm":
        from rag.embed.minilm import open_minilm

        return open_minilm(home, precision=precision)
    raise ConfigError(f"unknown embedder {spec!r}", hint="kb config show")
