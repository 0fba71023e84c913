"""What docker-compose.yml gives its containers, given to the same programs without containers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.files import Home
from tests.support.compose_file import read
from tests.support.live_ollama import MODEL, OllamaServer, running_ollama
from tests.support.live_weaviate import Node, one_server

pytestmark = [pytest.mark.live, pytest.mark.weights]

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = read({"WEAVIATE_API_KEY": "0123abcd", "OLLAMA_MODEL": MODEL})["services"]


@pytest.fixture(scope="module")
def weaviate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    env = {name: value for name, value in COMPOSE["weaviate"]["environment"].items() if not name.endswith("_PATH")}
    with one_server(tmp_path_factory.mktemp("weaviate"), **env) as node:
        yield node


@pytest.fixture(scope="module")
def ollama(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[OllamaServer]:
    with running_ollama(tmp_path_factory.mktemp("ollama")) as server:
        server.create(MODEL, weights / "smollm2" / "model.gguf")
        yield server


def kb(*words: str, env: dict[str, str], code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "kb.cli", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_the_whole_path(weaviate: Node, ollama: OllamaServer, model_home: Home) -> None:
    names = {"http://weaviate:8080": weaviate.url, "50051": str(weaviate.grpc_port), "http://ollama:11434": ollama.url}
    given = {key: names.get(value, value) for key, value in COMPOSE["kb"]["environment"].items()}
    assert set(names.values()) <= set(given.values())
    env = {"PATH": os.environ["PATH"], "HOME": str(model_home.root), "KB_HOME": str(model_home.root)} | given

    assert kb("doctor", env=env).stdout.splitlines()[-1].startswith("verdict: kb is ready")
    kb("ingest", "examples/handbook.pdf", env=env)
    assert not model_home.index.exists()  # nothing went into the embedded store
    answer = json.loads(kb("ask", "Who is the Harbour Master?", "-k", "2", "--json", env=env).stdout)
    assert answer["model"] == f"ollama:{MODEL}" and answer["answer"]
    checks = {check["name"]: check for check in json.loads(kb("doctor", "--json", env=env).stdout)["checks"]}
    assert {checks[name]["state"] for name in ("weaviate", "collection default", f"ollama:{MODEL}")} == {"good"}
    wrong = kb("search", "harbour", env=env | {"WEAVIATE_API_KEY": "wrong"}, code=4)
    assert "rejected the API key" in wrong.stderr


def test_health_is_answered_without_the_key(weaviate: Node) -> None:
    url = COMPOSE["weaviate"]["healthcheck"]["test"][-1]
    assert httpx.get(url.replace("http://127.0.0.1:8080", weaviate.url), trust_env=False).status_code == 200


def test_health_and_fetching_use_the_servers_own_client(ollama: OllamaServer, tmp_path: Path) -> None:
    assert shutil.which("ollama")
    port = ollama.url.rpartition(":")[2]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    # Inside the image the client has the server's own setting, every address.
    health = COMPOSE["ollama"]["healthcheck"]["test"][1:]
    subprocess.run(health, env=env | {"OLLAMA_HOST": f"0.0.0.0:{port}"}, check=True, capture_output=True)
    model = COMPOSE["model"]
    fetch = [*model["entrypoint"], *model["command"]]
    given = env | model["environment"] | {"OLLAMA_HOST": ollama.url}
    subprocess.run(fetch, env=given, check=True, capture_output=True)
    absent = subprocess.run(fetch, env=given | {"MODEL": "127.0.0.1:9/no/body"}, capture_output=True, check=False)
    assert absent.returncode != 0 and b"127.0.0.1:9" in absent.stderr
