"""Cosines from an embedder: right, remembered, and cut to what it reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.embed.base import EmbedderIdentity
from rag.search.similar import Similarity
from tests.support.documents import DIMENSION, vector_of


class Counting:
    """Embeds by hash, one token per character, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def identity(self) -> EmbedderIdentity:
        return EmbedderIdentity(model="hashed", dimension=DIMENSION, pooling="mean", max_tokens=40)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        assert all(len(text) <= 40 for text in texts)
        self.asked += texts
        return np.stack([vector_of(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return vector_of(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]


def test_cosines_are_those_of_the_embedder_and_remembered() -> None:
    embedder = Counting()
    similarity = Similarity(embedder)
    expected = [float(vector_of("q") @ vector_of(text)) for text in ("q", "a", "b")]
    assert similarity("q", ["q", "a", "b"]) == pytest.approx(expected)
    assert similarity("q", ["b", "q", "b"]) == pytest.approx([expected[2], expected[0], expected[2]])
    assert embedder.asked == ["q", "a", "b"]


def test_a_long_text_is_judged_by_its_beginning() -> None:
    embedder = Counting()
    assert len(Similarity(embedder)("q", ["x" * 500])) == 1
    assert 20 < len(embedder.asked[0]) <= 40
