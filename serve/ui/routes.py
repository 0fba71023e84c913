"""Routes under `/page` that the page's own scripts call: its state, examples, pages, conversations, forgetting."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, SecretStr
from starlette.staticfiles import StaticFiles

from rag.catalogue.quality import NO_TEXT_LAYER
from serve.access.guard import keys_required
from serve.answers.models import WITH_DOCUMENTS
from serve.documents.examples import ExampleQuestions
from serve.documents.learned import learned_by
from serve.documents.scans import read_scans
from serve.documents.undo import UNDO_S, ForgottenFiles
from serve.errors import RequestRefused
from serve.service import Service
from serve.ui.conversations import ConversationFiles
from serve.ui.page_html import mark_name, page_body, page_name
from serve.ui.why import why_routes
from serve.v1 import chat, documents, search
from serve.v1.documents import InCollection, PageNumber

STATIC = Path(__file__).with_name("static")
_MOST_BYTES = 4 << 20


class Retry(BaseModel):
    """What helps where a job failed.

    Attributes:
        password: Of locked documents.
    """

    password: SecretStr = SecretStr("")


def add_routes(app: FastAPI, service: Service, *more: APIRouter) -> None:
    """Add the routes and the scripts of the page; requests pass the same guard as those under `/v1`.

    Args:
        app: Served.
        service: Answers.
        more: Routes of other tabs.
    """
    routes = APIRouter(prefix="/page", include_in_schema=False)
    for part in (chat, search, documents):
        routes.include_router(part.router(service))
    routes.include_router(_state_routes(service))
    routes.include_router(why_routes(service))
    routes.include_router(_page_routes(service))
    routes.include_router(_forget_routes(service))
    routes.include_router(_conversation_routes(service))
    for tab in more:
        routes.include_router(tab)
    app.include_router(routes)
    app.mount("/page/static", StaticFiles(directory=STATIC), name="page-static")


def _state_routes(service: Service) -> APIRouter:
    routes = APIRouter()
    examples = ExampleQuestions(service)

    @routes.get("/state")
    async def state(http: Request, collection: InCollection = "") -> dict[str, Any]:
        settings = service.settings
        listed = await service.listed_models()
        return {
            "collection": service.collection,
            "collections": await service.collections(),
            "documents": len(await service.documents(collection)),
            "models": [model.id for model in listed if not model.id.endswith(WITH_DOCUMENTS)],
            "base": settings.rag.model,
            "passages": settings.rag.top_k,
            "upload_files": settings.serve.upload_files,
            "keyed": keys_required(settings.serve),
            "person": str(http.state.who).partition("key:")[2],
            "defaults": {
                "temperature": settings.models.temperature,
                "top_p": 1,
                "top_k": 0,
                "repetition_penalty": 1,
                "max_tokens": settings.models.max_tokens,
                "seed": settings.models.seed,
            },
        }

    @routes.get("/controls")
    async def controls(model: str) -> dict[str, Any]:
        return {"model": await service.spelling(model), "controls": sorted(await service.controls(model))}

    @routes.get("/examples")
    async def questions(collection: InCollection = "") -> dict[str, Any]:
        return {"questions": await examples.questions(collection)}

    return routes


def _page_routes(service: Service) -> APIRouter:
    routes = APIRouter()

    @routes.get("/view/{doc}/{page}")
    async def view(
        doc: str, page: int, http: Request, start: PageNumber = 0, end: PageNumber = 0, collection: InCollection = ""
    ) -> dict[str, Any]:
        shown = await service.page_view(doc, page, start, end, collection)
        service.audit.note("page", http.state.who, sha256=shown.document.sha256, page=shown.page.index)
        fields = {"start": start, "end": end} | ({"collection": collection} if collection else {})
        name = page_name(shown)
        marked = mark_name(shown)
        image = f"/page/documents/{quote(shown.document.sha256)}/pages/{page}/image?{urlencode(fields)}"
        return {
            "name": name,
            "alt": f"{name}{f', the {marked} marked' if marked else ''}",
            "image": image if shown.picture else "",
            "html": f'<div class="kb-page">{page_body(shown)}</div>',
            "scanned": shown.page.reason == NO_TEXT_LAYER,
        }

    @routes.get("/hidden/{doc}")
    async def hidden(doc: str, collection: InCollection = "") -> dict[str, Any]:
        pages = await service.hidden(doc, collection)
        rows = [
            {
                "page": page.index,
                "counts": ", ".join(f"{count} {kind}" for kind, count in page.hidden.items()) + " characters",
                "text": page.hidden_text,
            }
            for page in pages
        ]
        return {"pages": rows}

    return routes


def _forget_routes(service: Service) -> APIRouter:
    routes = APIRouter()
    forgotten = ForgottenFiles(service)

    @routes.get("/learned")
    async def learned(doc: Annotated[list[str], Query(max_length=100)]) -> dict[str, Any]:
        return {"learned": await service.quick.run(lambda: learned_by(service.home, doc))}

    @routes.post("/forget/{doc}")
    async def forget(doc: str, http: Request, collection: InCollection = "") -> dict[str, Any]:
        document = await service.document(doc, collection)
        undo = await service.quick.run(lambda: forgotten.keep(document))
        try:
            removed = await service.forget(document.sha256, collection)
        except BaseException:
            forgotten.drop(undo)
            raise
        service.audit.note("forget", http.state.who, sha256=removed.sha256)
        return {"doc": removed.doc, "sha256": removed.sha256, "undo": undo, "undo_s": UNDO_S}

    @routes.post("/ocr/{doc}")
    async def ocr(doc: str, http: Request, collection: InCollection = "") -> JSONResponse:
        document = await service.document(doc, collection)
        job = await service.quick.run(lambda: read_scans(service, document, http.state.who))
        service.audit.note("ocr", http.state.who, sha256=document.sha256, job=job.id)
        return JSONResponse(job.to_json(), 202)

    @routes.post("/undo/{undo}")
    async def undo(undo: str, http: Request) -> JSONResponse:
        job = await service.quick.run(lambda: forgotten.restore(undo, http.state.who))
        return JSONResponse(job.to_json(), 202)

    @routes.post("/documents/jobs/{job}/retry")
    async def retry(job: str, http: Request, body: Retry | None = None) -> JSONResponse:
        password = body.password.get_secret_value() if body else ""
        again = await service.quick.run(lambda: service.retry_job(job, who=http.state.who, password=password))
        return JSONResponse(again.to_json(), 202)

    return routes


def _conversation_routes(service: Service) -> APIRouter:
    """Conversations of people with keys, each person's apart; without keys they stay in the browser."""
    routes = APIRouter(prefix="/conversations")
    files = ConversationFiles(service.home)

    def owner(http: Request) -> str:
        if not str(http.state.who).startswith("key:"):
            raise RequestRefused("conversations are kept in the browser", status=404, code="not_found")
        return str(http.state.who)

    @routes.get("")
    async def listed(http: Request) -> dict[str, Any]:
        who = owner(http)
        return {"conversations": await service.quick.run(lambda: files.listed(who))}

    @routes.put("/{id_}")
    async def put(id_: str, http: Request) -> dict[str, Any]:
        who, body = owner(http), await http.body()
        if len(body) > _MOST_BYTES:
            raise RequestRefused("the conversation is too long to be kept", status=413, code="too_large")
        try:
            value = json.loads(body)
        except ValueError as error:
            raise RequestRefused("not JSON", status=400, code="invalid_request") from error
        await service.quick.run(lambda: files.put(who, id_, value))
        return {"id": id_}

    @routes.delete("/{id_}")
    async def remove(id_: str, http: Request) -> dict[str, Any]:
        who = owner(http)
        await service.quick.run(lambda: files.remove(who, id_))
        return {"id": id_, "deleted": True}

    return routes


def mount_point(id_: str, loading: str) -> str:
    """Return the element that a script of the page fills."""
    return f'<div id="{escape(id_)}" class="kb-app"><p class="kb-note" role="status">{escape(loading)}</p></div>'
