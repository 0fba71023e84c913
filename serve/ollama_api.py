"""Ollama's API over the models of this server: `/api/tags`, `/api/show`, `/api/chat`, `/api/generate` and their like.

Streams are lines of JSON; the last one also carries `sources` and `ground`. Models cannot be pulled or removed here.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, Field, field_validator
from starlette.types import Receive, Scope, Send

from core.errors import KbError
from core.version import project_version
from serve import errors
from serve.answers.answering import AnswerRequest, AnswerResponse
from serve.answers.history import ChatMessage
from serve.answers.models import BASE, WITH_DOCUMENTS, SamplingControls, ServedModel
from serve.ignored import note_ignored
from serve.service import Service
from serve.v1.asking import Parts, ask, extensions
from serve.v1.body import OpenBody, RequestBody
from serve.v1.content import called_text, result_text
from serve.v1.schemas import tool_result_refused
from serve.v1.structure import format_schema

_MOST_CHARS = 400_000
_OPTIONS = {"repeat_penalty": "repetition_penalty", "num_predict": "max_tokens"}
_OWN_OPTIONS = ("temperature", "top_p", "top_k", "seed", "stop")
_HARMLESS = frozenset({"keep_alive", "stream", "think"})
_LATEST = ":latest"


class _Body(RequestBody):
    """What `/api/chat` and `/api/generate` have in common."""

    model: Annotated[str, Field(min_length=1, max_length=300)]
    stream: bool | None = True
    format: str | dict[str, Any] | None = None
    options: dict[str, Any] | None = None

    @field_validator("model")
    @classmethod
    def _without_tag(cls, name: str) -> str:
        """Return an id of this server: clients add `:latest` to names without a tag."""
        return name if name.startswith("ollama:") else name.removesuffix(_LATEST)

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if isinstance(value, str) and value not in ("", "json"):
            raise ValueError(f"unknown format {value!r}; use json, or a JSON schema")
        if isinstance(value, dict):
            format_schema({"type": "json_schema", "schema": value})
        return value

    def json_schema(self) -> dict[str, Any] | None:
        """Return the schema that the answer keeps to."""
        return self.format if isinstance(self.format, dict) else {"type": "object"} if self.format else None

    def controls(self) -> tuple[SamplingControls, list[str]]:
        """Return the options as controls, and the names of those that are none.

        Raises:
            ConfigError: A value is out of range.
        """
        known: dict[str, Any] = {}
        ignored = []
        for name, value in (self.options or {}).items():
            own = _OPTIONS.get(name, name)
            if name not in _OPTIONS and name not in _OWN_OPTIONS:
                ignored.append(f"options.{name}")
            elif value is not None:
                known[own] = _checked_option(name, value)
        if known.get("max_tokens", 1) < 1:  # Ollama's words for no limit
            del known["max_tokens"]
        if known.get("seed", 0) < 0:
            del known["seed"]
        ignored += [name for name in self.unknown_fields() if name not in _HARMLESS]
        return SamplingControls(**known), ignored


def _checked_option(name: str, value: Any) -> Any:
    if name == "stop":
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise _refused(f"options.{name} must be a text or a list of texts")
        return tuple(text for text in texts if text) or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(f"options.{name} must be a number")
    ranges = {"temperature": (0, 2), "top_p": (0.0001, 1), "top_k": (0, 1000), "repeat_penalty": (1, 2)}
    low, high = ranges.get(name, (-(2**31), 2**31 - 1))
    if not low <= value <= high:
        raise _refused(f"options.{name} must be from {low} to {high}")
    return float(value) if name in ("temperature", "top_p", "repeat_penalty") else int(value)


def _refused(message: str) -> errors.RequestRefused:
    return errors.RequestRefused(message, status=400, code="invalid_request")


def _text_or_none(content: Any) -> Any:
    return "" if content is None else content


class OllamaMessage(OpenBody):
    """One message of `/api/chat`."""

    role: Annotated[str, Field(pattern="^(system|user|assistant|tool)$")]
    content: Annotated[str, BeforeValidator(_text_or_none), Field(max_length=_MOST_CHARS)] = ""
    images: list[Any] | None = None
    tool_calls: list[Any] | None = None
    tool_name: str = ""

    def message(self) -> ChatMessage:
        """Return it as the service takes it."""
        if self.role == "tool":
            return ChatMessage(role="user", text=result_text(self.tool_name, self.content))
        if self.role == "assistant":
            texts = [text for text in (self.content, called_text(self.tool_calls or ())) if text]
            return ChatMessage(role="assistant", text="\n".join(texts))
        return ChatMessage(role="system" if self.role == "system" else "user", text=self.content)


class OllamaChatBody(_Body):
    """Body of `POST /api/chat`."""

    messages: list[OllamaMessage] = Field([], max_length=1000)


class OllamaGenerateBody(_Body):
    """Body of `POST /api/generate`."""

    prompt: Annotated[str, Field(max_length=_MOST_CHARS)] = ""
    system: Annotated[str, Field(max_length=_MOST_CHARS)] = ""
    images: list[Any] | None = None


class OllamaEmbedBody(RequestBody):
    """Body of `POST /api/embed`."""

    model: Annotated[str, Field(min_length=1, max_length=300)]
    input: str | list[str]
    truncate: bool | None = True
    dimensions: int | None = None


class OllamaShowBody(RequestBody):
    """Body of `POST /api/show`."""

    model: str = ""
    name: str = ""


class _AnyContentType(APIRoute):
    """A route whose bodies are JSON whatever their content type, as Ollama's are; `curl -d` names a form's."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
        scope = {**scope, "headers": [*headers, (b"content-type", b"application/json")]}
        await super().handle(scope, receive, send)


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(prefix="/api", tags=["Ollama"], route_class=_AnyContentType)

    @routes.get("/version", summary="Version")
    async def server_version() -> dict[str, str]:
        return {"version": project_version()}

    @routes.get("/tags", summary="Models")
    async def tags() -> dict[str, Any]:
        return {"models": [_listed(service, model) for model in await service.listed_models()]}

    @routes.get("/ps", summary="Models in memory")
    async def loaded() -> dict[str, Any]:
        return {"models": []}

    @routes.post("/show", summary="One model")
    async def show(body: OllamaShowBody) -> dict[str, Any]:
        name = body.model or body.name
        id_ = name if name.startswith("ollama:") else name.removesuffix(_LATEST)
        model = await service.quick.run(lambda: service.models.find(id_))
        return {
            "modelfile": "",
            "parameters": "",
            "template": "",
            "details": _details(service, model),
            "model_info": {
                "general.architecture": "kb",
                "general.basename": model.spec,
                "kb.context_length": service.settings.models.num_ctx,
            },
            "capabilities": ["completion"],
            "modified_at": _now(),
        }

    @routes.post("/chat", summary="Answer a conversation")
    async def chat(body: OllamaChatBody, http: Request) -> Response:
        if any(message.images for message in body.messages):
            raise _refused("images are not supported, only text; add the picture as a document instead")
        if not body.messages:  # how clients load a model before its first question
            return JSONResponse({**_head(body.model), "message": _said(""), "done": True, "done_reason": "load"})
        if body.model.endswith(WITH_DOCUMENTS) and body.messages[-1].role == "tool":
            raise tool_result_refused("messages")
        note_ignored(http, sorted({name for message in body.messages for name in message.unknown_fields("messages.")}))
        messages = [message.message() for message in body.messages]
        return await _answered(service, body, messages, http, lambda text: {"message": _said(text)})

    @routes.post("/generate", summary="Answer one prompt")
    async def generate(body: OllamaGenerateBody, http: Request) -> Response:
        if body.images:
            raise _refused("images are not supported, only text; add the picture as a document instead")
        if not body.prompt:
            return JSONResponse({**_head(body.model), "response": "", "done": True, "done_reason": "load"})
        messages = [ChatMessage(role="system", text=body.system)] if body.system else []
        messages.append(ChatMessage(role="user", text=body.prompt))
        return await _answered(service, body, messages, http, lambda text: {"response": text})

    @routes.post("/embed", summary="Vectors of texts")
    async def embed(body: OllamaEmbedBody, http: Request, response: Response) -> dict[str, Any]:
        note_ignored(http, (name for name in body.unknown_fields() if name not in _HARMLESS | {"options"}))
        name = body.model.removesuffix(_LATEST)
        if name not in {service.settings.rag.embedder, service.embedder.identity.model}:
            raise errors.NotFound(f"unknown embedding model {name!r}; use {service.settings.rag.embedder!r}")
        texts = [body.input] if isinstance(body.input, str) else body.input
        if not texts or not all(texts):
            raise _refused("input must hold text")
        dimension = service.embedder.identity.dimension
        if body.dimensions not in (None, dimension):
            raise _refused(f"dimensions: the embedder makes vectors of {dimension} numbers only")
        done = await service.embed(texts, query=False)
        if done.in_parts and body.truncate is False:
            raise _refused(f"input is longer than the {service.embedder.identity.max_tokens} tokens that are read")
        if done.in_parts:
            response.headers["x-kb-chunked"] = ", ".join(map(str, done.in_parts))
        vectors: list[list[float]] = done.vectors.tolist()
        return {"model": body.model, "embeddings": vectors, "prompt_eval_count": done.token_count}

    @routes.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "HEAD"], include_in_schema=False)
    async def unknown(path: str) -> None:
        raise HTTPException(404, f"/api/{path} is not supported here: models are listed, shown and asked")

    return routes


async def _answered(
    service: Service, body: _Body, messages: list[ChatMessage], http: Request, wrap: Callable[[str], dict[str, Any]]
) -> Response:
    controls, ignored = body.controls()
    service.audit.note("ask", http.state.who, model=body.model, stream=bool(body.stream))
    request = AnswerRequest(conversation=messages, model=body.model, controls=controls, json_schema=body.json_schema())
    begun = time.monotonic_ns()
    pending = await ask(service, request, http, ignored=ignored)
    if body.stream is False:
        reply = await pending.whole(http)
        return JSONResponse({**_head(body.model), **wrap(reply.text), **_end(reply, begun)}, headers=pending.headers)
    lines = _lines(await pending.started(), body.model, wrap, begun)
    headers = {**pending.headers, "cache-control": "no-store"}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


async def _lines(parts: Parts, model: str, wrap: Callable[[str], dict[str, Any]], begun: int) -> AsyncIterator[str]:
    try:
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, str):
                    yield _line({**_head(model), **wrap(part), "done": False})
                else:
                    yield _line({**_head(model), **wrap(""), **_end(part, begun), "answer": part.text})
    except KbError as error:
        yield _line({"error": str(error)})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _head(model: str) -> dict[str, Any]:
    return {"model": model, "created_at": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def _end(reply: AnswerResponse, begun: int) -> dict[str, Any]:
    total = time.monotonic_ns() - begun
    return {
        "done": True,
        "done_reason": reply.finish,
        "total_duration": total,
        "load_duration": 0,
        "prompt_eval_count": reply.prompt_tokens,
        "prompt_eval_duration": 0,
        "eval_count": reply.completion_tokens,
        "eval_duration": total,
        **extensions(reply),
    }


def _listed(service: Service, model: ServedModel) -> dict[str, Any]:
    digest = sha256(f"{model.id}\n{model.spec}".encode()).hexdigest()
    return {
        "name": model.id,
        "model": model.id,
        "modified_at": _now(),
        "size": 0,
        "digest": digest,
        "details": _details(service, model),
    }


def _details(service: Service, model: ServedModel) -> dict[str, Any]:
    family = "documents" if model.documents else "base" if model.id.removesuffix(WITH_DOCUMENTS) == BASE else "model"
    return {
        "parent_model": "" if model.spec == service.settings.rag.model else model.spec,
        "format": "kb",
        "family": family,
        "families": [family],
        "parameter_size": "",
        "quantization_level": "",
    }
