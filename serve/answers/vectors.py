"""Vectors of texts of any length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embed.base import Embedder


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTexts:
    """Vectors of texts.

    Attributes:
        vectors: Unit vectors, float32, shape (texts, dimension).
        token_count: Tokens that were read.
        in_parts: Indices of texts that are longer than the embedder reads; their vector is the mean of their parts'.
    """

    vectors: NDArray[np.float32]
    token_count: int
    in_parts: tuple[int, ...] = ()


def embedded(embedder: Embedder, texts: Sequence[str], *, query: bool) -> EmbeddedTexts:
    """Embed texts as documents, or as queries."""
    limit = embedder.identity.max_tokens
    counts = embedder.count_tokens(texts)
    parts: list[str] = []
    owners: list[int] = []
    for index, (text, count) in enumerate(zip(texts, counts, strict=True)):
        pieces = [text] if count <= limit else parts_within(text, limit, embedder.count_tokens)
        parts.extend(pieces)
        owners.extend([index] * len(pieces))
    in_parts = tuple(index for index, count in enumerate(counts) if count > limit)
    vectors = np.stack([embedder.embed_query(part) for part in parts]) if query else embedder.embed_documents(parts)
    if in_parts:
        weights = np.array(embedder.count_tokens(parts), dtype=np.float32)
        sums = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, owners, vectors * weights[:, None])
        vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return EmbeddedTexts(vectors=vectors, token_count=sum(counts), in_parts=in_parts)


def parts_within(text: str, limit: int, count_tokens: Callable[[Sequence[str]], list[int]]) -> list[str]:
    """Split a text in halves, between words where it can be, until each part has at most `limit` tokens."""
    waiting, parts = [text], []
    while waiting:
        piece = waiting.pop()
        if len(piece) < 2 or count_tokens([piece])[0] <= limit:
            parts.append(piece)
            continue
        middle = len(piece) // 2
        cut = piece.rfind(" ", 1, middle) + 1 or middle
        waiting += [piece[cut:], piece[:cut]]
    return [part for part in parts if part.strip()] or [text[:1]]
