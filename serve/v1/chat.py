"""`/v1/models` and `/v1/chat/completions`, as OpenAI's clients speak them.

What OpenAI has no name for is beside what it has: `sources` and `ground` on the completion and on the last chunk, which
also carries the checked text as `answer`, since a stream shows a text before it is checked.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from core.errors import KbError
from serve import errors
from serve.answers.answering import AnswerResponse
from serve.service import Service
from serve.v1.schemas import ChatCompletionBody


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.get("/models", summary="Models that can be asked")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(model.id) for model in await service.listed_models()]}

    @routes.get("/models/{model:path}", summary="One model")
    async def model(model: str) -> dict[str, Any]:
        return _model((await service.quick.run(lambda: service.models.find(model))).id)

    @routes.post("/chat/completions", summary="Answer a conversation")
    async def completions(body: ChatCompletionBody, http: Request) -> Response:
        service.audit.note("ask", http.state.who, model=body.model, stream=bool(body.stream))
        head = _Head(body.model)
        parts = service.answer(body.request())
        if not body.stream:
            return JSONResponse(await _whole(parts, head, http))
        # The first piece is waited for here, so that what fails at once fails with its status.
        first = await anext(parts)
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        events = _events(first, parts, head, with_usage=with_usage)
        return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-store"})

    return routes


def _model(id_: str) -> dict[str, Any]:
    return {"id": id_, "object": "model", "created": 0, "owned_by": "kb"}


class _Head:
    """What every object of one completion begins with."""

    def __init__(self, model: str) -> None:
        self._fields = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}

    def whole(self) -> dict[str, Any]:
        return {**self._fields, "object": "chat.completion"}

    def chunk(self, delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
        choices = [] if delta is None else [_choice(finish, delta=delta)]
        return {**self._fields, "object": "chat.completion.chunk", "choices": choices}


def _choice(finish: str | None, **content: Any) -> dict[str, Any]:
    return {"index": 0, **content, "logprobs": None, "finish_reason": finish}


def _usage(reply: AnswerResponse) -> dict[str, int]:
    total = reply.prompt_tokens + reply.completion_tokens
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": total,
    }


async def _whole(parts: AsyncGenerator[str | AnswerResponse], head: _Head, http: Request) -> dict[str, Any]:
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, AnswerResponse):
                message = {"role": "assistant", "content": part.text, "refusal": None}
                return {
                    **head.whole(),
                    "choices": [_choice(part.finish, message=message)],
                    "usage": _usage(part),
                    "sources": part.sources(),
                    "ground": part.ground or None,
                }
            if await http.is_disconnected():
                break
    raise errors.RequestRefused("the client has gone", status=499, code="client_closed_request")


async def _events(
    first: str | AnswerResponse, rest: AsyncGenerator[str | AnswerResponse], head: _Head, *, with_usage: bool
) -> AsyncIterator[str]:
    """Yield server-sent events: the role, the text, the end with its sources, the usage, `[DONE]`."""
    usage: dict[str, Any] = {"usage": None} if with_usage else {}
    yield _event({**head.chunk({"role": "assistant", "content": ""}), **usage})
    try:
        async with aclosing(_chained(first, rest)) as parts:
            async for part in parts:
                if isinstance(part, str):
                    yield _event({**head.chunk({"content": part}), **usage})
                    continue
                end = head.chunk({}, part.finish)
                checked = {"sources": part.sources(), "ground": part.ground or None, "answer": part.text}
                yield _event({**end, **usage, **checked})
                if with_usage:
                    yield _event({**head.chunk(None), "usage": _usage(part)})
    except KbError as error:
        yield _event(errors.error_response(error)[1])
    yield "data: [DONE]\n\n"


async def _chained(
    first: str | AnswerResponse, rest: AsyncGenerator[str | AnswerResponse]
) -> AsyncGenerator[str | AnswerResponse]:
    async with aclosing(rest):
        yield first
        async for part in rest:
            yield part


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
