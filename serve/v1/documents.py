"""`/v1/documents`: what is in a collection, what comes in, what goes; reading in is a job that outlives its request."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from core.errors import DataError
from core.types import Document
from serve.documents.uploads import receive
from serve.errors import RequestRefused
from serve.service import Service
from serve.v1.schemas import Collection

_BLOCK_BYTES = 1 << 20
_MOST_URL_CHARS = 2000
_URL = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    "url": {"type": "array", "items": {"type": "string", "format": "uri"}},
                    "collection": {"type": "string"},
                },
            }
        }
    },
}
InCollection = Annotated[Collection, Query(description="The server's own if empty.")]
PageNumber = Annotated[int, Query(ge=0, le=10_000_000)]


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(prefix="/documents", tags=["Documents"])

    @routes.get("", summary="Documents of a collection")
    async def listed(collection: InCollection = "") -> dict[str, Any]:
        documents = await service.documents(collection)
        return {"object": "list", "documents": [document_json(document) for document in documents]}

    @routes.post("", summary="Read documents in", status_code=202, openapi_extra={"requestBody": _FORM})
    async def add(http: Request) -> JSONResponse:
        job_id = service.jobs.new_id()
        try:
            collection, items = await _received(service, http, job_id)
        except BaseException:
            shutil.rmtree(service.jobs.folder(job_id), ignore_errors=True)
            raise
        job = service.add_job(job_id, items, who=http.state.who, collection=collection)
        service.audit.note("upload", http.state.who, job=job.id, files=len(items))
        return JSONResponse(job.to_json(), 202, {"location": f"/v1/documents/jobs/{job.id}"})

    @routes.get("/jobs", summary="Jobs, newest first")
    async def jobs() -> dict[str, Any]:
        return {"object": "list", "data": [job.to_json() for job in service.jobs.listed()]}

    @routes.get("/jobs/{job}", summary="How far a job is")
    async def job(job: str) -> dict[str, Any]:
        return service.jobs.get(job).to_json()

    @routes.get("/{doc}", summary="One document")
    async def one(doc: str, collection: InCollection = "") -> dict[str, Any]:
        return document_json(await service.document(doc, collection))

    @routes.get("/{doc}/pages/{page}", summary="A page's text, as offsets count in it (page counts from 0)")
    async def page(doc: str, page: int, http: Request, collection: InCollection = "") -> dict[str, Any]:
        document, found = await service.page(doc, page, collection)
        service.audit.note("page", http.state.who, sha256=document.sha256, page=found.index)
        return {
            "doc": document.doc,
            "sha256": document.sha256,
            "page": found.index,
            "text": found.text,
            "quality": found.quality,
            "hidden": dict(found.hidden),
        }

    @routes.get(
        "/{doc}/pages/{page}/image",
        summary="A PDF's page as PNG, a span marked",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    async def image(
        doc: str, page: int, start: PageNumber = 0, end: PageNumber = 0, collection: InCollection = ""
    ) -> Response:
        view = await service.page_view(doc, page, start, end, collection)
        if not view.picture:
            raise RequestRefused("this document has no picture of its pages", status=404, code="not_found")
        return Response(view.picture, media_type="image/png", headers={"cache-control": "private, max-age=3600"})

    @routes.delete("/{doc}", summary="Forget a document with everything kept of it")
    async def forget(doc: str, http: Request, collection: InCollection = "") -> dict[str, Any]:
        gone = await service.forget(doc, collection)
        service.audit.note("forget", http.state.who, sha256=gone.sha256)
        return {"object": "document.deleted", "doc": gone.doc, "sha256": gone.sha256, "deleted": True}

    return routes


def document_json(document: Document) -> dict[str, Any]:
    """Return a document as `kb list --json` gives it."""
    held = asdict(document)
    held["pages"] = held.pop("n_pages")
    return held


async def _received(service: Service, http: Request, job_id: str) -> tuple[str, list[dict[str, str]]]:
    """Read the form: store its files, check its URLs' shape, and return the collection and the job's items."""
    if not http.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RequestRefused("send multipart/form-data with the field file", status=415, code="unsupported_media_type")
    most = service.settings.serve.upload_files
    items: list[dict[str, str]] = []
    async with http.form(max_files=most, max_fields=most + 1) as form:  # the collection is a field too
        collection = str(form.get("collection") or "")
        if collection and not _is_collection(collection):
            raise RequestRefused("no name for a collection", status=400, code="invalid_request")
        for value in form.getlist("url"):
            url = str(value).strip()
            if not _URL.match(url) or len(url) > _MOST_URL_CHARS:
                raise RequestRefused("url is no address to fetch from", status=400, code="invalid_request")
            items.append({"url": url})
        for number, value in enumerate(form.getlist("file")):
            if not isinstance(value, UploadFile):
                raise RequestRefused("the field file holds no file", status=400, code="invalid_request")
            try:
                got = await receive(
                    _blocks(value), value.filename or "document", service.jobs.folder(job_id) / str(number)
                )
            except DataError as error:
                raise RequestRefused(
                    error.message, status=415, code="unsupported_media_type", hint=error.hint
                ) from error
            items.append({"path": str(got.path), "source": f"upload:{got.sha256[:16]}/{got.path.name}"})
    if len(items) > most:
        raise RequestRefused(f"more than {most} files and addresses at once", status=400, code="invalid_request")
    if not items:
        raise RequestRefused("there is neither a file nor a url", status=400, code="invalid_request")
    return collection, items


def _is_collection(name: str) -> bool:
    return len(name) <= 64 and name[0].isalnum() and name.isascii() and all(c.isalnum() or c in "._-" for c in name)


async def _blocks(file: UploadFile) -> AsyncIterator[bytes]:
    while block := await file.read(_BLOCK_BYTES):
        yield block
