from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import ollama
import pytest

from kb.errors import BackendError
from kb.files import Home
from kb.settings import Settings
from rag.embed.ollama import OllamaEmbedder, estimate_tokens
from rag.embed.open import open_embedder
from tests.rag.embed.ollama_server import WINDOW, ollama_server
from tests.rag.embed.varied import texts


def test_vectors_are_unit_in_order_and_in_batches(home: Home) -> None:
    with ollama_server() as (url, asked):
        embedder = open_embedder("ollama:demo", home, ollama_url=url)
        assert embedder.identity.to_json() == {
            "model": "ollama:demo@abcabcabcabc", "dimension": 8, "pooling": "server", "query_prefix": "",
            "document_prefix": "", "max_tokens": WINDOW,
        }  # fmt: skip
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
        with pytest.raises(ValueError, match=r"texts 64-65: .*exceeds"):
            embedder.embed_documents(["a"] * 64 + ["b", "a" * (WINDOW + 1)])
        assert embedder.embed_query("a" * (WINDOW + 1)).shape == (8,)
        assert [request["truncate"] for request in asked if request["path"] == "/api/embed"] == [False] * 3 + [True]


def test_failures_name_the_next_command(home: Home) -> None:
    with ollama_server(delay_s=5) as (url, _):
        with pytest.raises(BackendError, match="not found") as failure:
            open_embedder("ollama:other", home, ollama_url=url)
        assert failure.value.hint == "ollama pull other"
        with pytest.raises(BackendError, match="in time"):
            open_embedder("ollama:demo", home, ollama_url=url, timeout_s=0.5).embed_query("a")
    with pytest.raises(BackendError, match="no Ollama answers") as failure:
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


@pytest.fixture
def live_ollama(tmp_path: Path) -> Iterator[str]:
    if not shutil.which("ollama"):
        pytest.skip("no ollama on PATH")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    env = {**os.environ, "OLLAMA_HOST": address, "OLLAMA_MODELS": str(tmp_path / "ollama"), "HOME": str(tmp_path)}
    with subprocess.Popen(["ollama", "serve"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(f"http://{address}")
            yield f"http://{address}"
        finally:
            server.terminate()


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            httpx.get(url)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("ollama serve did not come up")


@pytest.mark.live
@pytest.mark.weights
def test_minilm_in_a_real_ollama_gives_the_same_vectors(live_ollama: str, model_home: Home) -> None:
    client = ollama.Client(host=live_ollama, limits=httpx.Limits(max_keepalive_connections=0))
    folder = model_home.models / "minilm"
    paths = [path for path in folder.rglob("*") if path.suffix in {".json", ".safetensors"} and path.stem != "manifest"]
    files = {path.relative_to(folder).as_posix(): client.create_blob(path) for path in paths}
    client.create("own-minilm", files=files)
    far = OllamaEmbedder("own-minilm", url=live_ollama, timeout_s=Settings().models.timeout_s)
    near = open_embedder("minilm", model_home, precision="f32")
    some = ["How long is the bridge?", "The bridge opened in 1932; it is 503 metres long.", "Cats sleep all day. " * 20]
    assert far.identity.dimension == 384
    assert np.sum(far.embed_documents(some) * near.embed_documents(some), axis=1).min() > 0.999
    with pytest.raises(ValueError, match=r"exceeds|too long|context"):
        far.embed_documents(["bridge " * 5000])
    with pytest.raises(BackendError, match="not found"):
        OllamaEmbedder("absent", url=live_ollama, timeout_s=10)
