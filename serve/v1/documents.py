"""`/v1/documents`: list, add, show and forget documents. Adding is a job that outlives its request."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from core.errors import DataError
from kb.views.as_json import document_json, page_json
from serve.documents.uploads import is_collection_name, is_web_address, receive
from serve.errors import NotFound, RequestRefused
from serve.ignored import note_ignored
from serve.service import Service
from serve.v1.schemas import Collection

_BLOCK_BYTES = 1 << 20
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
InCollection = Annotated[Collection, Query(description="The server's default if empty.")]
PageNumber = Annotated[int, Query(ge=0, le=10_000_000)]
PageIndex = Annotated[int, PathParameter(ge=0, le=10_000_000)]
_FORM_FIELDS = frozenset({"file", "url", "collection"})


def router(service: Service) -> APIRouter:
    """Return the routes over a service."""
    routes = APIRouter(prefix="/documents", tags=["Documents"])

    @routes.get("", summary="Documents of a collection")
    async def listed(collection: InCollection = "") -> dict[str, Any]:
        documents = await service.documents(collection)
        return {"object": "list", "documents": [document_json(document) for document in documents]}

    @routes.post("", summary="Add documents", status_code=202, openapi_extra={"requestBody": _FORM})
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

    @routes.get("/jobs/{job}", summary="One job")
    async def job(job: str) -> dict[str, Any]:
        return service.jobs.get(job).to_json()

    @routes.get("/{doc}", summary="One document")
    async def one(doc: str, collection: InCollection = "") -> dict[str, Any]:
        return document_json(await service.document(doc, collection))

    @routes.get(
        "/{doc}/pages/{page}",
        summary="A page's text and blocks; page counts from 0, offsets count code points of the text",
    )
    async def page(doc: str, page: PageIndex, http: Request, collection: InCollection = "") -> dict[str, Any]:
        await _check_page(service, doc, page, collection)
        document, shown = await service.page(doc, page, collection)
        service.audit.note("page", http.state.who, sha256=document.sha256, page=shown.index)
        return page_json(document, shown)

    @routes.get(
        "/{doc}/pages/{page}/image",
        summary="A PDF's page as PNG; a span, or the table cell around it, is marked",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    async def image(
        doc: str, page: PageIndex, start: PageNumber = 0, end: PageNumber = 0, collection: InCollection = ""
    ) -> Response:
        await _check_page(service, doc, page, collection)
        if end < start:
            raise _invalid(f"lies before start, which is {start}", "end")
        view = await service.page_view(doc, page, start, end, collection)
        if not view.picture:
            raise RequestRefused("pages of this document cannot be rendered: not a PDF", status=404, code="not_found")
        return Response(view.picture, media_type="image/png", headers={"cache-control": "private, max-age=3600"})

    @routes.delete("/{doc}", summary="Remove a document with everything stored about it")
    async def forget(doc: str, http: Request, collection: InCollection = "") -> dict[str, Any]:
        removed = await service.forget(doc, collection)
        service.audit.note("forget", http.state.who, sha256=removed.sha256)
        return {"object": "document.deleted", "doc": removed.doc, "sha256": removed.sha256, "deleted": True}

    return routes


async def _check_page(service: Service, doc: str, page: int, collection: str) -> None:
    """Check that a document has a page, which counts from 0.

    Raises:
        NotFound: It has not, or there is no such document.
    """
    document = await service.document(doc, collection)
    if page >= document.n_pages:
        raise NotFound(f"{document.doc} has pages 0 to {document.n_pages - 1}, no page {page}")


async def _received(service: Service, http: Request, job_id: str) -> tuple[str, list[dict[str, str]]]:
    """Read the form: store its files, check the form of its addresses; return the collection and the job's items."""
    if not http.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RequestRefused("send multipart/form-data with the field file", status=415, code="unsupported_media_type")
    most = service.settings.serve.upload_files
    items: list[dict[str, str]] = []
    async with http.form(max_files=most, max_fields=most + 1) as form:  # the collection is a field too
        note_ignored(http, sorted(form.keys() - _FORM_FIELDS))
        collection = str(form.get("collection") or "")
        if collection and not is_collection_name(collection):
            raise _invalid("letters, digits, '.', '_' and '-', at most 64", "collection")
        for value in form.getlist("url"):
            url = str(value).strip()
            if not is_web_address(url):
                raise _invalid("must begin with https:// or http://", "url")
            items.append({"url": url})
        for number, value in enumerate(form.getlist("file")):
            if not isinstance(value, UploadFile):
                raise _invalid("is not a file", "file")
            items.append(await _stored(value, service.jobs.folder(job_id) / str(number)))
    if len(items) > most:
        raise _invalid(f"more than {most} files and addresses at once", "file")
    if not items:
        raise _invalid("send at least one file or url", "file")
    return collection, items


def _invalid(message: str, field: str) -> RequestRefused:
    return RequestRefused(f"{field}: {message}", status=400, code="invalid_request", param=field)


async def _stored(file: UploadFile, folder: Path) -> dict[str, str]:
    try:
        upload = await receive(_blocks(file), file.filename or "document", folder)
    except DataError as error:
        raise RequestRefused(error.message, status=415, code="unsupported_media_type", hint=error.hint) from error
    return {"path": str(upload.path), "source": f"upload:{upload.sha256[:16]}/{upload.path.name}"}


async def _blocks(file: UploadFile) -> AsyncIterator[bytes]:
    while block := await file.read(_BLOCK_BYTES):
        yield block
