"""Embeds through an Ollama server; the model and its limits are the server's.

Nothing is cut silently: the server is told to refuse a text that is too long, and that text is named. A server that
dies and comes back costs time only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import ollama
from numpy.typing import NDArray

from core.chat.ollama_server import InputTooLong, client_arguments, failures, tagged
from core.chat.remote.retry import Patience
from core.errors import BackendError
from rag.embed.base import EmbedderIdentity
from rag.embed.prefixes import known_prefixes

T = TypeVar("T")

_BATCH_TEXTS = 64
# Ollama reserves memory for the whole window, and no chunk needs a longer one.
_LARGEST_MAX_TOKENS = 2048
# Runs of Latin letters, one digit, or one other visible character.
_PIECE = re.compile(r"[A-Za-z]+|\S")


class OllamaEmbedder:
    """An `Embedder` on the other side of HTTP; safe to share between threads.

    Args:
        name: As Ollama lists it.
        url: Where Ollama listens.
        timeout_s: Longest wait for one batch.
        deadline_s: Longest time a batch is tried again while the server is away.

    Raises:
        BackendError: No server answers, it lacks the model, or the model does not embed.
    """

    def __init__(self, name: str, *, url: str, timeout_s: float, deadline_s: float = 60.0) -> None:
        self._name = name
        self._url = url
        self._client = ollama.Client(host=url, **client_arguments(url, timeout_s))
        self._patience = Patience(deadline_s)
        self._identity = self._describe()

    @property
    def identity(self) -> EmbedderIdentity:
        """What the vectors can be compared with; the model's digest is part of it."""
        return self._identity

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, float32, `(len(texts), dimension)`, in the order given.

        Raises:
            ValueError: The server finds a text too long; the message names it.
            BackendError: The server failed, fell silent or stayed away.
        """
        prefixed = [self._identity.document_prefix + text for text in texts]
        vectors = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        for start in range(0, len(prefixed), _BATCH_TEXTS):
            batch = prefixed[start : start + _BATCH_TEXTS]
            vectors[start : start + len(batch)] = self._embed(batch, start, truncate=False)
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return one unit vector, float32, `(dimension,)`; the server cuts a query that is too long.

        Raises:
            BackendError: The server failed or fell silent.
        """
        vector: NDArray[np.float32] = self._embed([self._identity.query_prefix + text], 0, truncate=True)[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return an estimate from above, since Ollama does not tell: two Latin letters, one digit or one byte each.

        English prose has about half as many tokens.
        """
        return [estimate_tokens(self._identity.document_prefix + text) for text in texts]

    def _describe(self) -> EmbedderIdentity:
        shown = self._ask(lambda: self._client.show(self._name))
        listed = self._ask(self._client.list)
        digests = [model.digest or "" for model in listed.models if model.model == tagged(self._name)]
        limits = [int(value) for key, value in (shown.modelinfo or {}).items() if key.endswith(".context_length")]
        probe = self._ask(lambda: self._client.embed(self._name, ["probe"], truncate=False))
        query_prefix, document_prefix = known_prefixes(self._name)
        return EmbedderIdentity(
            model=f"ollama:{self._name}@{(digests or [''])[0].removeprefix('sha256:')[:12]}",
            dimension=len(probe.embeddings[0]),
            pooling="server",
            query_prefix=query_prefix,
            document_prefix=document_prefix,
            max_tokens=min([*limits, _LARGEST_MAX_TOKENS]),
        )

    def _embed(self, texts: list[str], start: int, *, truncate: bool) -> NDArray[np.float32]:
        options = {"num_ctx": self._identity.max_tokens}
        try:
            answer = self._ask(lambda: self._client.embed(self._name, texts, truncate=truncate, options=options))
        except InputTooLong as error:
            if len(texts) > 1:  # one bad text fails the whole call: find it
                half = len(texts) // 2
                parts = (texts[:half], start), (texts[half:], start + half)
                return np.concatenate([self._embed(part, part_start, truncate=truncate) for part, part_start in parts])
            message = f"text {start} is too long for {self._name} ({len(texts[0])} characters): {texts[0][:60]!r}..."
            raise ValueError(message) from error
        vectors = np.asarray(answer.embeddings, dtype=np.float32)
        if vectors.shape != (len(texts), self._identity.dimension):
            raise BackendError(
                f"Ollama returned vectors of shape {vectors.shape} for {len(texts)} texts", hint="ollama ps"
            )
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _ask(self, call: Callable[[], T]) -> T:
        def once() -> T:
            with failures(self._url, self._name):
                return call()

        return self._patience(once)


def estimate_tokens(text: str) -> int:
    """Bound the number of tokens of a text from above, two special tokens included."""
    return 2 + sum(-(-len(piece) // 2) if piece.isascii() else len(piece.encode()) for piece in _PIECE.findall(text))
