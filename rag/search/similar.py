"""Cosines between a question and sentences, from the embedder that a collection uses anyway.

Texts longer than the embedder reads are cut to its limit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.embed.base import Embedder

_REMEMBERED = 2048


class Similarity:
    """Maps a question and n texts to n cosines; a text met again costs nothing.

    Args:
        embedder: Its vectors are L2-normalised, so a dot product is a cosine.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one cosine per text; a text longer than the embedder reads is judged by its beginning."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self.vectors(new), strict=True))
        query = self._embedder.embed_query(question)
        return [float(self._known[text] @ query) for text in texts]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised vectors, float32, `(n, d)`, of texts cut to what the embedder reads."""
        return self._embedder.embed_documents(self._cut(texts))

    def _cut(self, texts: Sequence[str]) -> list[str]:
        limit = self._embedder.identity.max_tokens
        return [
            self._fitting(text, count, limit)
            for text, count in zip(texts, self._embedder.count_tokens(texts), strict=True)
        ]

    def _fitting(self, text: str, count: int, limit: int) -> str:
        while count > limit:
            text = text[: len(text) * 3 // 4]
            (count,) = self._embedder.count_tokens([text])
        return text
