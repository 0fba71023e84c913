"""`/v1/completions`, OpenAI's older format: one prompt, one text."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from core.errors import KbError
from serve import errors
from serve.service import Service
from serve.v1.asking import Parts, ask, event, extensions, usage
from serve.v1.schemas import CompletionBody


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.post("/completions", summary="Answer one prompt")
    async def completions(body: CompletionBody, http: Request) -> Response:
        service.audit.note("ask", http.state.who, model=body.model, stream=bool(body.stream))
        head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": body.model,
        }
        pending = await ask(service, body.request(), http, ignored=body.unknown_fields())
        before = body.prompt[0] if body.echo else ""
        if not body.stream:
            reply = await pending.whole(http)
            choices = [_choice(before + reply.text, reply.finish)]
            value = {**head, "choices": choices, "usage": usage(reply), **extensions(reply)}
            return JSONResponse(value, headers=pending.headers)
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        events = _events(await pending.started(), head, before, with_usage=with_usage)
        headers = {**pending.headers, "cache-control": "no-store"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    return routes


def _choice(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}


async def _events(parts: Parts, head: dict[str, Any], before: str, *, with_usage: bool) -> AsyncIterator[str]:
    if before:
        yield event({**head, "choices": [_choice(before)]})
    try:
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, str):
                    yield event({**head, "choices": [_choice(part)]})
                    continue
                yield event({**head, "choices": [_choice("", part.finish)], **extensions(part), "answer": part.text})
                if with_usage:
                    yield event({**head, "choices": [], "usage": usage(part)})
    except KbError as error:
        yield event(errors.error_response(error)[1])
    yield "data: [DONE]\n\n"
