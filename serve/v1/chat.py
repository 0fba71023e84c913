"""`/v1/models` and `/v1/chat/completions` in OpenAI's format, with extensions.

A completion and the last chunk of a stream also carry `sources` and `ground`, and `short_answer`, `confidence` and
`computed_from` where the answer has them; the last chunk also carries the checked text as `answer`, since a stream
shows text before it is checked. The header `x-kb-ignored` names what was given and had no effect.
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
from serve.answers.answering import AnswerRequest, AnswerResponse
from serve.service import Service
from serve.v1.schemas import ChatCompletionBody


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.get("/models", summary="Models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(model.id) for model in await service.listed_models()]}

    @routes.get("/models/{model:path}", summary="One model")
    async def model(model: str) -> dict[str, Any]:
        return _model((await service.quick.run(lambda: service.models.find(model))).id)

    @routes.post("/chat/completions", summary="Answer a conversation")
    async def completions(body: ChatCompletionBody, http: Request) -> Response:
        service.audit.note("ask", http.state.who, model=body.model, stream=bool(body.stream))
        head = _Head(body.model)
        request = body.request()
        ignored = [*body.ignored_fields(), *await _without_effect(service, request)]
        headers = {"x-kb-ignored": ", ".join(ignored)} if ignored else {}
        parts = service.answer(request)
        if not body.stream:
            return JSONResponse(await _whole(parts, head, http), headers=headers)
        # Waits for the first piece, so that an early error still sets the status.
        first = await anext(parts)
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        events = _events(first, parts, head, with_usage=with_usage)
        headers["cache-control"] = "no-store"
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    return routes


async def _without_effect(service: Service, request: AnswerRequest) -> list[str]:
    """Return names of what a request asks for and its model does not honour.

    Raises:
        KbError: There is no such model, or it cannot be opened.
    """
    given = request.controls.given()
    honoured = await service.controls(request.model) if given else frozenset()
    ignored = sorted(given.keys() - honoured)
    if request.from_documents and any(message.role == "system" for message in request.conversation):
        ignored.append("messages.system")
    return ignored


def _model(id_: str) -> dict[str, Any]:
    return {"id": id_, "object": "model", "created": 0, "owned_by": "kb"}


class _Head:
    """Fields that every object of one completion begins with."""

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
                    **part.short_form(),
                }
            if await http.is_disconnected():
                break
    raise errors.RequestRefused("the client disconnected", status=499, code="client_closed_request")


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
                yield _event({**end, **usage, **checked, **part.short_form()})
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
