"""The parts of Ollama's API that embedding needs, on loopback; one dimension per letter."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.support.http_server import QuietHandler, served

# Characters that the model called `demo` reads, standing for tokens.
WINDOW = 600
_DEMO = {"model": "demo:latest", "name": "demo:latest", "digest": "abc" * 20, "size": 1}


class _Handler(QuietHandler):
    models: list[dict[str, Any]]
    asked: list[dict[str, Any]]
    delay_s: float

    def do_GET(self) -> None:
        self.send(200, {"models": self.models})

    def do_POST(self) -> None:
        asked = json.loads(self.body())
        self.asked.append({"path": self.path, **asked})
        if not asked["model"].startswith("demo"):
            self.send(404, {"error": f"model '{asked['model']}' not found"})
        elif self.path == "/api/show":
            self.send(200, {"model_info": {"bert.context_length": WINDOW}, "capabilities": ["embedding"]})
        else:
            self._embed(asked["input"], asked["truncate"])

    def _embed(self, texts: list[str], truncate: bool) -> None:
        if texts != ["probe"]:
            time.sleep(self.delay_s)
        if not truncate and any(len(text) > WINDOW for text in texts):
            self.send(400, {"error": "the input length exceeds the context length"})
            return
        vectors = [[3.0 * text[:WINDOW].count(letter) + 0.5 for letter in "abcdefgh"] for text in texts]
        self.send(200, {"model": "demo", "embeddings": vectors})


@contextmanager
def ollama_server(
    *, delay_s: float = 0.0, models: Sequence[dict[str, Any]] = ()
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve; yield the URL and the growing list of requests. `models` are listed beside `demo`."""
    asked: list[dict[str, Any]] = []
    with served(_Handler, asked=asked, delay_s=delay_s, models=[_DEMO, *models]) as url:
        yield url, asked
