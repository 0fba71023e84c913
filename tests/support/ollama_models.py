"""The parts of Ollama's API that creating, copying and asking models needs, on loopback; answers are given to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.http_server import QuietHandler, served

Message = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """What the server says to one conversation: the prompt it renders, its length in tokens, and the answer."""

    prompt: str
    n_prompt: int
    text: str
    stopped: bool


def key_of(messages: Sequence[Message]) -> str:
    return json.dumps([[message["role"], message["content"]] for message in messages])


@dataclass
class ModelServer:
    """A server's address, its models by name, and what was uploaded.

    Attributes:
        answers: By `key_of` a conversation; every model gives the same ones.
    """

    answers: Mapping[str, GivenAnswer]
    url: str = ""
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)


class _Handler(QuietHandler):
    server_state: ModelServer

    def do_GET(self) -> None:
        if self.path == "/api/version":
            self.send(200, {"version": "0.0.1"})
        else:
            self.send(200, {"models": [{"name": name} for name in self.server_state.models]})

    def do_HEAD(self) -> None:
        self.send(200 if self.path.rpartition("/")[2] in self.server_state.blobs else 404)

    def do_POST(self) -> None:
        body = self.body()
        if self.path.startswith("/api/blobs/"):
            self.server_state.blobs[self.path.rpartition("/")[2]] = len(body)
            self.send(201)
            return
        request = json.loads(body)
        if self.path == "/api/create":
            assert set(request["files"].values()) <= set(self.server_state.blobs)
            self.server_state.models[request["model"]] = request
            self.send(200, {"status": "success"})
        elif self.path == "/api/copy":
            self.server_state.models[request["destination"]] = self.server_state.models[request["source"]]
            self.send(200)
        else:
            self._chat(request)

    def do_DELETE(self) -> None:
        del self.server_state.models[json.loads(self.body())["model"]]
        self.send(200)

    def _chat(self, request: dict[str, Any]) -> None:
        assert request["model"] in self.server_state.models
        answer = self.server_state.answers[key_of(request["messages"])]
        if request.get("_debug_render_only"):
            self.send(200, {"_debug_info": {"rendered_template": answer.prompt}})
            return
        self.send(
            200,
            {
                "message": {"role": "assistant", "content": answer.text},
                "prompt_eval_count": answer.n_prompt,
                "done": True,
                "done_reason": "stop" if answer.stopped else "length",
            },
        )


@contextmanager
def model_server(answers: Mapping[str, GivenAnswer]) -> Iterator[ModelServer]:
    """Serve until the block ends."""
    state = ModelServer(answers)
    with served(_Handler, server_state=state) as state.url:
        yield state
