from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import BackendError
from core.files import Home
from rag.embed.ollama import estimate_tokens
from rag.embed.open import open_embedder
from tests.support.ollama import WINDOW, ollama_server
from tests.support.varied_texts import texts


def test_vectors_are_unit_in_order_and_in_batches(home: Home) -> None:
    with ollama_server() as (url, asked):
        embedder = open_embedder("ollama:demo", home, ollama_url=url)
        assert embedder.identity.to_json() == {
            "model": "ollama:demo@abcabcabcabc",
            "dimension": 8,
            "pooling": "server",
            "query_prefix": "",
            "document_prefix": "",
            "max_tokens": WINDOW,
        }
        many = ["abcdefgh"[index % 8] * (1 + index % 5) for index in range(150)]
        vectors = embedder.embed_documents(many)
        assert [len(request["input"]) for request in asked if request["path"] == "/api/embed"] == [1, 64, 64, 22]
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        assert vectors.argmax(axis=1).tolist() == [index % 8 for index in range(150)]
        np.testing.assert_allclose(embedder.embed_query(many[3]), vectors[3], atol=1e-6)
        assert embedder.embed_documents([]).shape == (0, 8)


def test_nothing_is_cut_silently(home: Home) -> None:
    with ollama_server() as (url, asked):
        embedder = open_embedder("ollama:demo", home, ollama_url=url)
        with pytest.raises(ValueError, match=r"text 65 is too long for demo"):
            embedder.embed_documents(["a"] * 64 + ["b", "a" * (WINDOW + 1)])
        assert embedder.embed_query("a" * (WINDOW + 1)).shape == (8,)
        # A probe, a batch that fits, one that does not, its halves; a query may be cut.
        assert [request["truncate"] for request in asked if request["path"] == "/api/embed"] == [False] * 5 + [True]


def test_failures_name_the_next_command(home: Home) -> None:
    with ollama_server(delay_s=5) as (url, _):
        with pytest.raises(BackendError, match="no model 'other'") as failure:
            open_embedder("ollama:other", home, ollama_url=url)
        assert failure.value.hint.startswith("ollama pull other")
        with pytest.raises(BackendError, match="in time"):
            open_embedder("ollama:demo", home, ollama_url=url, timeout_s=0.5).embed_query("a")
    with pytest.raises(BackendError, match="cannot be reached") as failure:
        open_embedder("ollama:demo", home, ollama_url=url)
    assert failure.value.hint == "ollama serve"


@pytest.mark.weights
def test_the_estimate_is_from_above(weights: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights / "minilm" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for text in texts(200):
        assert estimate_tokens(text) >= len(tokenizer.encode(text))
    assert estimate_tokens("") == 2
