"""The parts of Ollama's API that embedding needs, on loopback; one dimension per letter."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Characters that the model called `demo` reads, standing for tokens.
WINDOW = 600


class _Handler(BaseHTTPRequestHandler):
    asked: list[dict[str, Any]]
    delay_s: float

    def do_GET(self) -> None:
        self._send(200, {"models": [{"model": "demo:latest", "name": "demo:latest", "digest": "abc" * 20, "size": 1}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, **asked})
        if not asked["model"].startswith("demo"):
            self._send(404, {"error": f"model '{asked['model']}' not found"})
        elif self.path == "/api/show":
            self._send(200, {"model_info": {"bert.context_length": WINDOW}, "capabilities": ["embedding"]})
        else:
            self._embed(asked["input"], asked["truncate"])

    def _embed(self, texts: list[str], truncate: bool) -> None:
        if texts != ["probe"]:
            time.sleep(self.delay_s)
        if not truncate and any(len(text) > WINDOW for text in texts):
            self._send(400, {"error": "the input length exceeds the context length"})
            return
        vectors = [[3.0 * text[:WINDOW].count(letter) + 0.5 for letter in "abcdefgh"] for text in texts]
        self._send(200, {"model": "demo", "embeddings": vectors})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def ollama_server(*, delay_s: float = 0.0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve; yield the URL and the growing list of requests."""
    asked: list[dict[str, Any]] = []
    handler = type("Handler", (_Handler,), {"asked": asked, "delay_s": delay_s})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
