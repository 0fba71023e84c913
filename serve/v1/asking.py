"""What the routes that answer have in common: preparing a request, its headers, one whole answer, and events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from kb.views.as_json import statement_json
from serve.answers.answering import AnswerRequest, AnswerResponse
from serve.errors import RequestRefused, without_command
from serve.ignored import note_ignored
from serve.service import Service

Parts = AsyncGenerator[str | AnswerResponse]


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    """A request that is being answered.

    Attributes:
        parts: The pieces of its answer, then the checked answer.
        headers: `x-kb-dropped` counts earlier messages that did not fit.
        base_url: Of this server as the client spelled it, with a slash at its end.
    """

    parts: Parts
    headers: dict[str, str]
    base_url: str
    collection: str

    async def whole(self, http: Request) -> AnswerResponse:
        """Return the checked answer.

        Raises:
            RequestRefused: The client disconnected.
        """
        async with aclosing(self.parts) as parts:
            async for part in parts:
                if isinstance(part, AnswerResponse):
                    return part
                if await http.is_disconnected():
                    break
        raise RequestRefused("the client disconnected", status=499, code="client_closed_request")

    async def started(self) -> Parts:
        """Return the parts once the first one is there, so that an early error still sets the status."""
        return _chained(await anext(self.parts), self.parts)


async def ask(service: Service, request: AnswerRequest, http: Request, *, ignored: Sequence[str] = ()) -> PendingAnswer:
    """Begin to answer a request.

    Raises:
        KbError: The model cannot answer it.
    """
    prepared = await service.prepared(request)
    names = [*ignored, *prepared.ignored]
    headers: dict[str, str] = {}
    if prepared.n_dropped:
        names.append("messages.oldest")
        headers["x-kb-dropped"] = str(prepared.n_dropped)
    note_ignored(http, names)
    return PendingAnswer(service.answer(prepared.request), headers, str(http.base_url), request.collection)


async def _chained(first: str | AnswerResponse, rest: Parts) -> Parts:
    async with aclosing(rest):
        yield first
        async for part in rest:
            yield part


def event(value: dict[str, Any], name: str = "") -> str:
    """Return a server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n"


def usage(reply: AnswerResponse) -> dict[str, int]:
    """Return the tokens of an answer as chat completions count them."""
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
    }


def extensions(reply: AnswerResponse) -> dict[str, Any]:
    """Return the fields of an answer that OpenAI's formats do not have."""
    statements = [statement_json(statement) for statement in reply.statements]
    return {
        "sources": reply.sources(),
        "ground": reply.ground or None,
        **reply.short_form(),
        **({"statements": statements} if statements else {}),
        **({"notes": [without_command(note) for note in reply.notes]} if reply.notes else {}),
        **({"route": dict(reply.route)} if reply.route else {}),
        "answered_by": reply.model,
    }
