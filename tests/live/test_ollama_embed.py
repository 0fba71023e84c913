"""Embedding through a real Ollama: the vectors, the limits, and an ingest whose server is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import ollama
import pytest
from numpy.typing import NDArray

from core.errors import BackendError
from core.files import Home
from core.settings import Settings
from core.types import Chunk
from rag.catalogue.reader import CatalogueReader
from rag.embed.ollama import OllamaEmbedder
from rag.embed.open import open_embedder
from tests.support.live_ollama import MODEL, NO_KEEPALIVE, PARAMETERS, OllamaServer, running_ollama

pytestmark = [pytest.mark.live, pytest.mark.weights]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
AWAY_S = 1.0
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[OllamaServer]:
    with running_ollama(tmp_path_factory.mktemp("ollama")) as running:
        running.create(MODEL, weights / "smollm2" / "model.gguf")
        yield running


def test_minilm_in_a_real_ollama_gives_the_same_vectors(server: OllamaServer, model_home: Home) -> None:
    client = ollama.Client(host=server.url, limits=NO_KEEPALIVE)
    folder = model_home.models / "minilm"
    paths = [path for path in folder.rglob("*") if path.suffix in {".json", ".safetensors"} and path.stem != "manifest"]
    files = {path.relative_to(folder).as_posix(): client.create_blob(path) for path in paths}
    client.create("own-minilm", files=files, parameters=PARAMETERS)
    far = OllamaEmbedder("own-minilm", url=server.url, timeout_s=Settings().models.timeout_s)
    near = open_embedder("minilm", model_home, precision="f32")
    some = ["How long is the bridge?", "The bridge opened in 1932; it is 503 metres long.", "Cats sleep all day. " * 20]
    assert far.identity.dimension == 384
    assert np.sum(far.embed_documents(some) * near.embed_documents(some), axis=1).min() > 0.999
    with pytest.raises(BackendError, match="no model 'absent'"):
        OllamaEmbedder("absent", url=server.url, timeout_s=10)


def test_many_texts_keep_their_order_and_one_too_long_is_named(server: OllamaServer) -> None:
    embedder = OllamaEmbedder(MODEL, url=server.url, timeout_s=120)
    assert embedder.identity.dimension == 576
    many = [f"Berth {index}" for index in range(66)]
    vectors = embedder.embed_documents(many)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for index in (0, 63, 64):  # either side of the batches' border
        assert float(embedder.embed_documents([many[index]])[0] @ vectors[index]) > 0.999
    with pytest.raises(ValueError, match=r"text 2 is too long .*'harbour harbour"):
        embedder.embed_documents([*many[:2], "harbour " * 5000, many[2]])


def _ingest(server: OllamaServer, home: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "kb.cli",
        "ingest",
        str(EXAMPLES / "update.pdf"),
        "--json",
        "--set",
        f"rag.embedder=ollama:{MODEL}",
        "--set",
        f"rag.ollama_url={server.url}",
    ]
    env = {"KB_HOME": str(home), "PATH": "", "HOME": str(home)}
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def _calls(server: OllamaServer) -> int:
    """How many embedding calls the server has answered since it was first started."""
    return server.log_path.read_text(errors="replace").count('"/api/embed"')


def _catalogue(home: Path) -> tuple[list[Chunk], NDArray[np.float32]]:
    """Every chunk, and their vectors, in the order of the chunks' ids."""
    reader = CatalogueReader(Home(home).catalogue)
    assert reader.integrity() == ""
    found = [row for document in reader.recipes("default") for row in reader.embedded_chunks(document)]
    found.sort(key=lambda row: row.chunk.id)
    return [row.chunk for row in found], np.stack([row.vector for row in found])


def test_a_server_killed_while_it_embeds_costs_time_only(server: OllamaServer, tmp_path: Path) -> None:
    undisturbed = _ingest(server, tmp_path / "undisturbed")
    expected = undisturbed.communicate(timeout=PATIENCE_S)
    assert undisturbed.returncode == 0, expected[1]

    before = _calls(server)
    disturbed = _ingest(server, tmp_path / "disturbed")
    while _calls(server) == before:  # the first call is a probe; documents follow at once
        assert disturbed.poll() is None
        time.sleep(0.05)
    time.sleep(1.0)
    server.kill()
    answered = _calls(server)
    time.sleep(AWAY_S)
    assert disturbed.poll() is None
    server.start()
    out, err = disturbed.communicate(timeout=PATIENCE_S)
    assert disturbed.returncode == 0, err
    assert "trying again" in err
    assert _calls(server) > answered
    assert json.loads(out)["files"] == json.loads(expected[0])["files"]
    chunks, vectors = _catalogue(tmp_path / "disturbed")
    expected_chunks, expected_vectors = _catalogue(tmp_path / "undisturbed")
    assert chunks == expected_chunks
    assert np.sum(vectors * expected_vectors, axis=1).min() > 0.9999
