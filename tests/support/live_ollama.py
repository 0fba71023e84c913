"""A real Ollama for tests: `ollama serve` from PATH, on a free port of this machine, killed and started at will."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from ollama import Client

MODEL = "smollm2-test"
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)
# The model's Jinja template in Ollama's language, its default system prompt included.
TEMPLATE = (
    '{{- if not (and .Messages (eq (index .Messages 0).Role "system")) }}<|im_start|>system\n'
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n{{ end }}"
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
)
# Two threads wait for each other by spinning: where anything else runs, one is many times faster.
PARAMETERS = {"num_thread": 1}
_START_S = 60.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OllamaServer:
    """One `ollama serve` with its own folder; after `kill`, `start` brings it back at the same address."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.log_path = folder / "log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        env = os.environ | {
            "HOME": str(self._folder),
            "OLLAMA_MODELS": str(self._folder / "models"),
            "OLLAMA_HOST": self.url.removeprefix("http://"),
            "OLLAMA_NO_CLOUD": "1",
            "OLLAMA_NOHISTORY": "1",
        }
        with self.log_path.open("ab") as log:
            # A group of its own: the process that runs the model dies with the server.
            self._process = subprocess.Popen(
                [self._binary, "serve"], env=env, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < deadline, self.log_path.read_text(
                encoding="utf-8"
            )
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as `kill -9` does, model and all."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/version", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def create(self, name: str, gguf: Path) -> None:
        """Put a GGUF file with SmolLM2's template into it."""
        digest = f"sha256:{sha256(gguf.read_bytes()).hexdigest()}"
        with Client(host=self.url, trust_env=False) as client:
            client.create_blob(gguf)
            client.create(
                model=name,
                files={gguf.name: digest},
                template=TEMPLATE,
                parameters={"stop": ["<|im_end|>"], **PARAMETERS},
                stream=False,
            )


@contextmanager
def running_ollama(folder: Path) -> Iterator[OllamaServer]:
    """Run a server without models, or skip where there is no `ollama`."""
    binary = shutil.which("ollama")
    if binary is None:
        pytest.skip("no ollama on PATH")
    server = OllamaServer(binary, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
