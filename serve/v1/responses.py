"""`/v1/responses`, OpenAI's newer format: text in, text out, whole or as a stream. Nothing is stored."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import Field, field_validator

from core.errors import KbError
from serve import errors
from serve.answers.answering import DEFAULT, AnswerRequest, AnswerResponse
from serve.answers.history import ChatMessage
from serve.answers.models import WITH_DOCUMENTS, SamplingControls
from serve.service import Service
from serve.v1.annotations import citations_with_links
from serve.v1.asking import Parts, PendingAnswer, ask, event, extensions
from serve.v1.body import RequestBody
from serve.v1.content import called_text, content_text, result_text
from serve.v1.schemas import Collection, Name, least_top_p, tool_result_refused
from serve.v1.structure import format_schema

_CALLS = frozenset({"function_call", "custom_tool_call"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})
_MOST_CHARS = 400_000
_MOST_TOKENS = 100_000


class ResponseBody(RequestBody):
    """Body of `POST /v1/responses`; `collection`, `passages` and `docs` are extensions."""

    model: Annotated[str, Field(max_length=300)] = DEFAULT
    input: str | list[dict[str, Any]] = Field(max_length=_MOST_CHARS)
    instructions: str | None = Field(None, max_length=_MOST_CHARS)
    stream: bool | None = False
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    max_output_tokens: int | None = Field(None, ge=1, le=2**31)
    text: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    previous_response_id: None = None
    conversation: None = None
    background: bool | None = False
    tools: list[Any] | None = Field(None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    collection: Collection = ""
    passages: int | None = Field(None, ge=1, le=50)
    docs: list[Name] = Field([], max_length=100)

    @field_validator("previous_response_id", "conversation", mode="before")
    @classmethod
    def _nothing_stored(cls, value: Any) -> None:
        if value is not None:
            raise ValueError("responses are not stored here; send the earlier messages in input")

    @field_validator("background")
    @classmethod
    def _now(cls, value: bool | None) -> bool:
        if value:
            raise ValueError("answers are given at once; leave it out or send false")
        return False

    @field_validator("tool_choice")
    @classmethod
    def _free_choice(cls, value: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if value not in (None, "auto", "none"):
            raise ValueError("a tool cannot be forced here; use /v1/chat/completions")
        return value

    @field_validator("text")
    @classmethod
    def _known_format(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        format_schema((value or {}).get("format"))
        return value

    @field_validator("input")
    @classmethod
    def _readable(cls, value: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
        if not value:
            raise ValueError("is empty")
        for item in value if isinstance(value, list) else []:
            _message(item)
        return value

    @property
    def format_type(self) -> str:
        """The kind of text that was asked for."""
        return str(((self.text or {}).get("format") or {}).get("type", "text"))

    def ignored_fields(self) -> list[str]:
        """Return names of the given fields that have no effect here."""
        names = self.unknown_fields()
        names += sorted(f"text.{name}" for name, value in (self.text or {}).items() if value and name != "format")
        if self.tools and self.tool_choice != "none":
            names.append("tools")
        if self.model.endswith(WITH_DOCUMENTS) and any(_is_about_tools(item) for item in self._items()):
            names.append("input.tool")
        return names

    def _items(self) -> list[dict[str, Any]]:
        return [{"role": "user", "content": self.input}] if isinstance(self.input, str) else self.input

    def request(self) -> AnswerRequest:
        """Return it as the service takes it.

        Raises:
            RequestRefused: The result of a tool is all there is to answer.
        """
        items = self._items()
        if self.model.endswith(WITH_DOCUMENTS):
            if items[-1].get("type") in _RESULTS:
                raise tool_result_refused("input")
            items = [item for item in items if not _is_about_tools(item)]
        messages = [message for item in items if (message := _message(item)) is not None]
        if self.instructions:
            messages.insert(0, ChatMessage(role="system", text=self.instructions))
        limit = self.max_output_tokens
        return AnswerRequest(
            conversation=messages,
            model=self.model,
            controls=SamplingControls(
                temperature=self.temperature,
                top_p=least_top_p(self.top_p),
                max_tokens=None if limit is None else min(limit, _MOST_TOKENS),
            ),
            collection=self.collection,
            passages=self.passages,
            docs=self.docs,
            json_schema=format_schema((self.text or {}).get("format")),
        )


def _is_about_tools(item: dict[str, Any]) -> bool:
    return item.get("type") in _CALLS | _RESULTS


def _message(item: dict[str, Any]) -> ChatMessage | None:
    """Return an item of the input as a message; None for one without text.

    Raises:
        ValueError: It is of a kind that is not text.
    """
    kind = item.get("type", "message")
    if kind in _CALLS:
        return ChatMessage(role="assistant", text=called_text([item]))
    if kind in _RESULTS:
        return ChatMessage(role="user", text=result_text("", _text(item.get("output"), "output")))
    if kind == "reasoning":
        return None
    role = item.get("role")
    if kind != "message" or role not in ("system", "developer", "user", "assistant"):
        raise ValueError(f"items must be messages of text, not {kind if kind != 'message' else role!r}")
    text = _text(item.get("content"), "content")
    return ChatMessage(role="system" if role == "developer" else role, text=text)


def _text(content: Any, field: str) -> str:
    """Return the text of an item's field.

    Raises:
        ValueError: It is none, or too long.
    """
    text = content_text(content)
    if not isinstance(text, str) or len(text) > _MOST_CHARS:
        raise ValueError(f"{field} must be a text of at most {_MOST_CHARS} characters, or a list of parts")
    return text


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.post("/responses", summary="Answer text with text")
    async def responses(body: ResponseBody, http: Request) -> Response:
        service.audit.note("ask", http.state.who, model=body.model, stream=bool(body.stream))
        pending = await ask(service, body.request(), http, ignored=body.ignored_fields())
        made = _Response(body)
        if not body.stream:
            return JSONResponse(made.completed(await pending.whole(http), pending), headers=pending.headers)
        headers = {**pending.headers, "cache-control": "no-store"}
        events = made.events(await pending.started(), pending)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    return routes


class _Response:
    """One response, whole or as events."""

    def __init__(self, body: ResponseBody) -> None:
        self._body = body
        self._id, self._item_id = f"resp_{secrets.token_hex(16)}", f"msg_{secrets.token_hex(16)}"
        self._created = int(time.time())
        self._sequence = -1

    def _object(self, status: str, output: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        body = self._body
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "model": body.model,
            "output": output,
            "error": None,
            "incomplete_details": None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "metadata": body.metadata or {},
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": body.temperature,
            "text": {"format": {"type": body.format_type}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": body.top_p,
            "truncation": "auto",
            "usage": None,
            **fields,
        }

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self._item_id, "type": "message", "role": "assistant", "status": status, "content": content}

    def _part(self, reply: AnswerResponse, pending: PendingAnswer) -> dict[str, Any]:
        links = [{"type": "url_citation", **link} for link in citations_with_links(reply, pending)]
        return {"type": "output_text", "text": reply.text, "annotations": links, "logprobs": []}

    def completed(self, reply: AnswerResponse, pending: PendingAnswer) -> dict[str, Any]:
        """Return the response at its end."""
        cut = reply.finish == "length"
        status = "incomplete" if cut else "completed"
        counts = {
            "input_tokens": reply.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": reply.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        }
        details = {"reason": "max_output_tokens"} if cut else None
        item = self._item(status, [self._part(reply, pending)])
        return self._object(status, [item], usage=counts, incomplete_details=details, **extensions(reply))

    async def events(self, parts: Parts, pending: PendingAnswer) -> AsyncIterator[str]:
        """Yield the events of a stream, in OpenAI's order."""
        place = {"item_id": self._item_id, "output_index": 0, "content_index": 0}
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        for name in ("created", "in_progress"):
            yield self._event(f"response.{name}", response=self._object("in_progress", []))
        yield self._event("response.output_item.added", output_index=0, item=self._item("in_progress", []))
        yield self._event("response.content_part.added", **place, part=empty)
        try:
            async with aclosing(parts):
                async for part in parts:
                    if isinstance(part, str):
                        yield self._event("response.output_text.delta", **place, delta=part, logprobs=[])
                        continue
                    text = self._part(part, pending)
                    for number, link in enumerate(text["annotations"]):
                        yield self._event(
                            "response.output_text.annotation.added", **place, annotation_index=number, annotation=link
                        )
                    yield self._event("response.output_text.done", **place, text=part.text, logprobs=[])
                    yield self._event("response.content_part.done", **place, part=text)
                    whole = self.completed(part, pending)
                    yield self._event("response.output_item.done", output_index=0, item=whole["output"][0])
                    yield self._event(f"response.{whole['status']}", response=whole)
        except KbError as error:
            body = errors.error_response(error)[1]["error"]
            fault = {"code": "server_error", "message": body["message"]}
            yield self._event("response.failed", response=self._object("failed", [], error=fault))

    def _event(self, kind: str, **fields: Any) -> str:
        self._sequence += 1
        return event({"type": kind, "sequence_number": self._sequence, **fields}, kind)
