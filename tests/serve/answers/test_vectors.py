"""Texts of any length have one unit vector each; a text that is too long is read in parts, none of its words lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.embed.base import EmbedderIdentity
from serve.answers.vectors import embedded, parts_within
from tests.support.documents import DIMENSION, vector_of


class WordEmbedder:
    """Counts words as tokens; every text has a vector of its own."""

    identity = EmbedderIdentity(model="words", dimension=DIMENSION, pooling="mean", max_tokens=4)

    def __init__(self) -> None:
        self.read: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += texts
        return np.stack([vector_of(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        self.read.append(text)
        return vector_of(f"query: {text}")


def test_texts_that_fit_are_embedded_as_they_are() -> None:
    embedder = WordEmbedder()
    done = embedded(embedder, ["one two", "three"], query=False)
    assert (done.token_count, done.in_parts) == (3, ())
    np.testing.assert_array_equal(done.vectors, [vector_of("one two"), vector_of("three")])
    assert embedder.read == ["one two", "three"]


def test_a_query_is_embedded_as_one() -> None:
    done = embedded(WordEmbedder(), ["one two"], query=True)
    np.testing.assert_array_equal(done.vectors, [vector_of("query: one two")])


@pytest.mark.parametrize("query", [False, True])
def test_a_long_text_has_the_mean_of_its_parts_by_their_length(query: bool) -> None:
    embedder = WordEmbedder()
    done = embedded(embedder, ["short", "a b c d e f g", "end"], query=query)
    parts = [part for part in embedder.read if part not in ("short", "end")]
    assert " ".join("".join(parts).split()) == "a b c d e f g"
    assert (done.in_parts, done.token_count) == ((1,), 9)
    weighted = sum(len(part.split()) * vector_of(f"query: {part}" if query else part) for part in parts)
    np.testing.assert_allclose(done.vectors[1], weighted / np.linalg.norm(weighted), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(done.vectors, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(done.vectors[2], vector_of("query: end" if query else "end"), atol=1e-6)


def words_in(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@given(st.text("ab \n", max_size=80), st.integers(1, 6))
def test_parts_fit_and_hold_every_word_in_order(text: str, limit: int) -> None:
    parts = parts_within(text, limit, words_in)
    assert all(count <= limit for count in words_in(parts))
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert parts


@given(st.text("ab ", min_size=1, max_size=60), st.integers(1, 6))
def test_a_text_without_blanks_is_cut_where_it_must_be(text: str, limit: int) -> None:
    parts = parts_within(text, limit, lambda texts: [len(each) for each in texts])
    assert max(map(len, parts)) <= limit
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_what_cannot_be_cut_is_one_part() -> None:
    assert parts_within("€", 1, lambda texts: [9 for _ in texts]) == ["€"]
    assert parts_within("  ", 1, lambda texts: [len(each) for each in texts]) == [" "]
    assert parts_within("fits", 4, lambda texts: [len(each) for each in texts]) == ["fits"]
