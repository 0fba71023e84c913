"""A real Open WebUI in front of a real `kb serve`: it lists the models, streams an answer, and shows pages.

Needs `open-webui` on PATH (`uv tool install open-webui`, some gigabytes); nothing is fetched while it runs.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from core.files import Home
from tests.serve.conftest import ANSWER, QUESTION, settings, stocked
from tests.serve.test_stop import serve_process, until

__all__ = ["settings", "stocked"]

PROGRAM = shutil.which("open-webui")
pytestmark = [pytest.mark.live, pytest.mark.skipif(PROGRAM is None, reason="open-webui is not on PATH")]


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture(scope="module")
def web(stocked: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Open WebUI with `kb serve` as its only back end, and its administrator logged in."""
    assert PROGRAM is not None
    data = tmp_path_factory.mktemp("open-webui")
    with serve_process(stocked) as (_, url):
        port = _free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data),
            "DATA_DIR": str(data),
            "OPENAI_API_BASE_URL": f"{url}/v1",
            "OPENAI_API_KEY": "unused",
            "ENABLE_OLLAMA_API": "false",
            "WEBUI_AUTH": "false",
            "WEBUI_SECRET_KEY": "of-a-test",
            "OFFLINE_MODE": "true",
            "HF_HUB_OFFLINE": "1",
            "RAG_EMBEDDING_ENGINE": "openai",
            "BYPASS_EMBEDDING_AND_RETRIEVAL": "true",
            "ANONYMIZED_TELEMETRY": "false",
            "DO_NOT_TRACK": "true",
        }
        with (data / "log.txt").open("wb") as log:
            command = [PROGRAM, "serve", "--host", "127.0.0.1", "--port", str(port)]
            process = subprocess.Popen(command, env=environment, cwd=data, stdout=log, stderr=subprocess.STDOUT)
            try:
                front = f"http://127.0.0.1:{port}"
                until(lambda: httpx.get(f"{front}/health", trust_env=False, timeout=5).status_code == 200)
                person = {"email": "admin@localhost", "password": "admin"}
                token = httpx.post(f"{front}/api/v1/auths/signin", json=person, trust_env=False, timeout=60).json()
                headers = {"authorization": f"Bearer {token['token']}"}
                with httpx.Client(base_url=front, headers=headers, trust_env=False, timeout=120) as client:
                    yield client
            finally:
                process.terminate()
                process.wait(60)


def test_it_lists_the_models(web: httpx.Client) -> None:
    names = {model["id"] for model in web.get("/api/models").json()["data"]}
    assert {"base", "base+rag"} <= names


def test_an_answer_is_streamed_with_its_page(web: httpx.Client) -> None:
    body = {"model": "base+rag", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    text = ""
    with web.stream("POST", "/api/chat/completions", json=body) as response:
        assert response.status_code == 200, response.read()
        for line in response.iter_lines():
            data = line.removeprefix("data: ").strip()
            if data.startswith("{"):
                for choice in json.loads(data).get("choices", ()):
                    text += choice.get("delta", {}).get("content") or ""
    assert ANSWER in text and "handbook.pdf, p. " in text


def test_its_titles_and_follow_ups_do_not_break_on_a_model_that_quotes(web: httpx.Client) -> None:
    """It asks the model for a title in a prompt of its own; whatever comes, the chat goes on."""
    body = {"model": "base+rag", "messages": [{"role": "user", "content": QUESTION}], "chat_id": "local:1"}
    response = web.post("/api/v1/tasks/title/completions", json=body)
    assert response.status_code == 200, response.text
