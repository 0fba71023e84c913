"""A small OpenAI-compatible server around a real chat model, for tests of the client side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_messages

from core.errors import KbError
from tests.support.http_server import QuietHandler, served

MODEL = "small"
_PASSED = ("temperature", "seed", "top_p", "max_tokens", "response_format")


def _messages(body: dict[str, Any]) -> list[BaseMessage]:
    return convert_to_messages([(message["role"], message["content"]) for message in body["messages"]])


def _options(body: dict[str, Any]) -> dict[str, Any]:
    options = {
        key: body[key] for key in ("temperature", "seed", "top_p", "max_tokens", "response_format") if key in body
    }
    stop = body.get("stop")
    return options | {"stop": [stop] if isinstance(stop, str) else stop}


def _usage(usage: Any) -> dict[str, int]:
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }


class _Handler(QuietHandler):
    chat: BaseChatModel

    def do_POST(self) -> None:
        body = json.loads(self.body())
        if body["model"] != MODEL:
            self.send(404, {"error": {"message": "no such model", "code": "model_not_found"}})
            return
        try:
            self._stream(body) if body.get("stream") else self._whole(body)
        except KbError as error:
            self.send(400, {"error": {"message": str(error), "code": "context_length_exceeded"}})

    def _whole(self, body: dict[str, Any]) -> None:
        answer = self.chat.invoke(_messages(body), **_options(body))
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": answer.text},
            "finish_reason": answer.response_metadata["finish_reason"],
        }
        head = {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL}
        self.send(200, head | {"choices": [choice], "usage": _usage(answer.usage_metadata)})

    def _stream(self, body: dict[str, Any]) -> None:
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        total = AIMessageChunk(content="")
        started = False
        for chunk in self.chat.stream(_messages(body), **_options(body)):
            if not started:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                started = True
            assert isinstance(chunk, AIMessageChunk)
            total += chunk  # type: ignore[assignment]
            finish = chunk.response_metadata.get("finish_reason")
            delta = {"role": "assistant", "content": chunk.text}
            self._event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            self._event(head | {"choices": [], "usage": _usage(total.usage_metadata)})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, data: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())


@contextmanager
def serving(chat: BaseChatModel) -> Iterator[str]:
    """Serve `chat` as the model `small` on a free port; yields the base URL."""
    with served(_Handler, chat=chat) as url:
        yield f"{url}/v1"
