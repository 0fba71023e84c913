"""`/v1/models` and `/v1/chat/completions` in OpenAI's format, with extensions.

A completion and the last chunk of a stream also carry `sources` and `ground`, and `short_answer`, `confidence` and
`computed_from` where the answer has them; the last chunk also carries the checked text as `answer`, since a stream
shows text before it is checked. Citations are also the message's `annotations`. The header `x-kb-ignored` names what
was given and had no effect.
"""

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
from serve.answers.answering import AnswerResponse
from serve.service import Service
from serve.v1.annotations import message_annotations
from serve.v1.asking import Parts, PendingAnswer, ask, event, extensions, usage
from serve.v1.schemas import ChatCompletionBody
from serve.v1.structure import ToolDeclaration


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
        completion = _Completion(body.model, body.forced_tool)
        pending = await ask(service, body.request(), http, ignored=body.ignored_fields())
        if not body.stream:
            return JSONResponse(completion.whole(await pending.whole(http), pending), headers=pending.headers)
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        events = completion.events(await pending.started(), pending, with_usage=with_usage)
        headers = {**pending.headers, "cache-control": "no-store"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    return routes


def _model(id_: str) -> dict[str, Any]:
    return {"id": id_, "object": "model", "created": 0, "owned_by": "kb"}


class _Completion:
    """One completion, whole or as events.

    Args:
        model: Its id.
        tool: The tool that is called, whose arguments the answer is; None for text.
    """

    def __init__(self, model: str, tool: ToolDeclaration | None) -> None:
        self._fields = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}
        self._tool = tool
        self._call_id = f"call_{secrets.token_hex(12)}"

    def whole(self, reply: AnswerResponse, pending: PendingAnswer) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
        if self._tool:
            message |= {"content": None, "tool_calls": [self._call(reply.text)]}
        elif reply.citations:
            message["annotations"] = message_annotations(reply, pending)
        return {
            **self._fields,
            "object": "chat.completion",
            "choices": [_choice(self._finish(reply), message=message)],
            "usage": usage(reply),
            **extensions(reply),
        }

    async def events(self, parts: Parts, pending: PendingAnswer, *, with_usage: bool) -> AsyncIterator[str]:
        """Yield server-sent events: the role, the text, the end with its sources, the usage, `[DONE]`."""
        unknown: dict[str, Any] = {"usage": None} if with_usage else {}
        yield event({**self._chunk({"role": "assistant", "content": None if self._tool else ""}), **unknown})
        try:
            async with aclosing(parts):
                async for part in parts:
                    if isinstance(part, str):
                        if not self._tool:
                            yield event({**self._chunk({"content": part}), **unknown})
                        continue
                    if self._tool:
                        call = {"tool_calls": [{"index": 0, **self._call(part.text)}]}
                        yield event({**self._chunk(call), **unknown})
                    delta = {"annotations": message_annotations(part, pending)} if part.citations else {}
                    end = self._chunk(delta, self._finish(part))
                    yield event({**end, **unknown, **extensions(part), "answer": part.text})
                    if with_usage:
                        yield event({**self._chunk(None), "usage": usage(part)})
        except KbError as error:
            yield event(errors.error_response(error)[1])
        yield "data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
        choices = [] if delta is None else [_choice(finish, delta=delta)]
        return {**self._fields, "object": "chat.completion.chunk", "choices": choices}

    def _call(self, arguments: str) -> dict[str, Any]:
        assert self._tool is not None
        function = {"name": self._tool.name, "arguments": arguments}
        return {"id": self._call_id, "type": "function", "function": function}

    def _finish(self, reply: AnswerResponse) -> str:
        return "tool_calls" if self._tool and reply.finish == "stop" else reply.finish


def _choice(finish: str | None, **content: Any) -> dict[str, Any]:
    return {"index": 0, **content, "logprobs": None, "finish_reason": finish}
