"""`/v1/search`, `/v1/embeddings`, `/v1/feedback`."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from serve.errors import NotFound, RequestRefused
from serve.ignored import note_ignored
from serve.service import Service
from serve.v1.schemas import EmbeddingsBody, FeedbackBody, SearchBody
from synth.importing.records.feedback import Feedback, append_feedback


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter()

    @routes.post("/search", tags=["Documents"], summary="Find passages")
    async def search(body: SearchBody, http: Request) -> dict[str, Any]:
        service.audit.note("search", http.state.who, collection=body.collection or service.collection, k=body.k)
        note_ignored(http, body.unknown_fields())
        hits = await service.search_json(
            body.query, body.k, collection=body.collection, docs=body.docs, pages=body.pages
        )
        return {"object": "list", "hits": hits}

    @routes.post("/embeddings", tags=["OpenAI"], summary="Vectors of texts")
    async def embeddings(body: EmbeddingsBody, http: Request, response: Response) -> dict[str, Any]:
        note_ignored(http, body.unknown_fields())
        await _check_embedder(service, body.model)
        dimension = service.embedder.identity.dimension
        if body.dimensions not in (None, dimension):
            raise RequestRefused(
                f"dimensions: the embedder makes vectors of {dimension} numbers only",
                status=400,
                code="invalid_request",
                param="dimensions",
            )
        done = await service.embed(body.input, query=body.input_type == "query")
        if done.in_parts:  # longer than the embedder reads
            response.headers["x-kb-chunked"] = ", ".join(map(str, done.in_parts))
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, body.encoding_format)}
            for index, vector in enumerate(done.vectors)
        ]
        usage = {"prompt_tokens": done.token_count, "total_tokens": done.token_count}
        return {"object": "list", "data": data, "model": body.model, "usage": usage}

    @routes.post("/feedback", tags=["Documents"], summary="Rate an answer and correct it")
    async def feedback(body: FeedbackBody, http: Request) -> dict[str, Any]:
        note_ignored(http, body.unknown_fields())
        fields = body.model_dump(include=set(FeedbackBody.model_fields))
        noted = await keep_feedback(service, http.state.who, **fields)
        return {"object": "feedback", "id": noted.id, "time": noted.time}

    return routes


async def keep_feedback(service: Service, who: str, *, withdrawn: bool = False, **fields: Any) -> Feedback:
    """Add a judgement of an answer to `KB_HOME/feedback.jsonl`, which `kb synth import` turns into preference pairs.

    It replaces an earlier one about the same answer; a withdrawn one only removes that.

    Raises:
        OSError: It cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    noted = Feedback(**{**fields, "citations": tuple(fields["citations"])}, id=f"fb-{secrets.token_hex(8)}", time=now)
    await service.quick.run(lambda: append_feedback(service.home.root / "feedback.jsonl", noted, withdrawn=withdrawn))
    service.audit.note("feedback", who, id=noted.id, rating=noted.rating)
    return noted


async def _check_embedder(service: Service, name: str) -> None:
    """Check that a name stands for the server's embedder: its own names, or an id of a model of this server.

    Raises:
        NotFound: It does not.
    """
    own = {service.settings.rag.embedder, service.embedder.identity.model}
    if name not in own and name not in {model.id for model in await service.listed_models()}:
        raise NotFound(f"unknown embedding model {name!r}; use {service.settings.rag.embedder!r}")


def _encoded(vector: np.ndarray[Any, Any], how: str | None) -> list[float] | str:
    if how == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    numbers: list[float] = vector.tolist()
    return numbers
