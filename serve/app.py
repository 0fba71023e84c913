"""The ASGI application: routes under `/v1` and `/api`, the page at `/`, MCP tools at `/mcp`, health and metrics, and
the guard around them. `create_app` starts nothing and loads no model; every error becomes a response here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import KbError
from core.files import Home
from core.settings import Settings
from core.telemetry import disable
from core.version import project_version
from serve import errors, ollama_api
from serve.access.guard import ClientStalled, RequestGuard
from serve.access.sessions import COOKIE, SessionStore, login_page
from serve.ignored import note_unknown_parameters
from serve.memory import give_back_when_idle
from serve.observability.logs import log
from serve.observability.metrics import CONTENT_TYPE
from serve.service import Service
from serve.v1 import chat, completions, documents, responses, search

Part = Literal["ui", "api", "mcp"]
PARTS: tuple[Part, ...] = ("ui", "api", "mcp")
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {name: {"type": ["string", "null"]} for name in ("message", "type", "param", "code", "hint")},
        }
    },
}
_REASONS = {
    400: "Invalid request",
    401: "A key is required",
    403: "Host or Origin not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "The body took too long",
    413: "Too large",
    415: "Unsupported file type",
    422: "The data cannot be used",
    429: "Too many requests; see Retry-After",
    502: "A back end failed",
    503: "Weights or packages are missing",
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": reason, "content": {"application/json": {"schema": _ERROR}}}
    for status, reason in _REASONS.items()
}


# Where clients ask whose base address lacks its `/v1`.
_WITHOUT_PREFIX = ("/chat/completions", "/completions", "/embeddings", "/models", "/responses")


class HealthState:
    """Whether models are loaded, as `/healthz` reports it."""

    def __init__(self) -> None:
        self.state: Literal["loading", "ok", "failed", "stopping"] = "loading"
        self.message = ""


def create_app(
    settings: Settings, home: Home, *, parts: Collection[Part] = PARTS, datasets: Sequence[Path] = ()
) -> FastAPI:
    """Return the application; nothing runs before its lifespan begins.

    Args:
        settings: Of this server.
        home: Where state lives.
        parts: Which of page, API and tools to mount.
        datasets: Dataset folders that the page shows beside those of the home.

    Raises:
        BackendError: The job database cannot be opened.
    """
    disable()
    service = Service(settings, home)
    sessions = SessionStore(service.keys, service.access)
    health = HealthState()
    app = FastAPI(
        title="kb",
        version=project_version(),
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        lifespan=_lifespan(service, health),
    )
    app.state.service, app.state.health = service, health
    _add_error_handlers(app)
    app.include_router(_own_routes(service, health, sessions))
    if "api" in parts:
        _add_api(app, service)
    if "mcp" in parts:
        from serve.mcp import mount_tools

        mount_tools(app, service)
    if "ui" in parts:
        from serve.ui.page import mount_page

        mount_page(app, service, datasets=datasets)
    app.add_middleware(_Outermost, service=service, sessions=sessions)
    return app


class _Outermost:
    """CORS where origins are listed, then the guard, then the application."""

    def __init__(self, app: ASGIApp, service: Service, sessions: SessionStore) -> None:
        inner: ASGIApp = RequestGuard(app, service, sessions)
        origins = service.settings.serve.origins
        if origins:
            inner = CORSMiddleware(
                inner,
                allow_origins=origins,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["*"],  # clients in browsers send headers of their own, such as x-stainless-os
                expose_headers=["retry-after", "x-kb-chunked", "x-kb-dropped", "x-kb-ignored", "x-request-id"],
            )
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._inner(scope, receive, send)


def _lifespan(service: Service, health: HealthState) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        warming = asyncio.create_task(_warm(service, health))
        resting = asyncio.create_task(give_back_when_idle(service.work_count))
        try:
            yield
        finally:
            warming.cancel()
            resting.cancel()
            await asyncio.to_thread(service.close)

    return lifespan


async def _warm(service: Service, health: HealthState) -> None:
    try:
        await asyncio.to_thread(service.warm)
        health.state = "ok"
    except KbError as error:
        health.state, health.message = "failed", str(error)
        log("models cannot be loaded", logging.ERROR, error=error)


def _add_api(app: FastAPI, service: Service) -> None:
    routes = APIRouter(prefix="/v1", responses=_RESPONSES, dependencies=[Depends(note_unknown_parameters)])
    for part in (chat, completions, responses, search, documents):
        routes.include_router(part.router(service))
    app.include_router(routes)
    app.include_router(ollama_api.router(service), include_in_schema=False)
    unknown = _UnknownPaths(app.router.routes)
    for path in ("/v1/{path:path}", "/v1", *_WITHOUT_PREFIX):
        app.router.routes.append(Route(path, unknown, include_in_schema=False))
    error_response = app.openapi

    def openapi() -> dict[str, Any]:
        """Describe failed validation by the shape of this server's errors."""
        schema = error_response()
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"]["422"] = _RESPONSES[422]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


class _UnknownPaths:
    """ASGI application for every other path under `/v1`, which would else reach the page that is mounted at `/`.

    Args:
        known: The routes of `/v1`.
    """

    def __init__(self, known: Sequence[BaseRoute]) -> None:
        self._known = list(known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for route in self._known:
            match, child_scope = route.matches(scope)
            if match is Match.PARTIAL:  # the path is known and the method is not
                await route.handle({**scope, **child_scope}, receive, send)
                return
        hint = f"use /v1{scope['path']}" if scope["path"] in _WITHOUT_PREFIX else "/v1/openapi.json describes the API"
        raise HTTPException(404, f"unknown path {scope['path']}; {hint}")


def _own_routes(service: Service, health: HealthState, sessions: SessionStore) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        body = {"status": health.state} | ({"message": health.message} if health.message else {})
        return JSONResponse(body, 200 if health.state == "ok" else 503)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(service.metrics.exposition(), media_type=CONTENT_TYPE)

    @routes.get("/login")
    async def login() -> HTMLResponse:
        return _login()

    @routes.post("/login")
    async def logged_in(http: Request) -> Response:
        form = await http.form(max_files=0, max_fields=2)
        token = sessions.begin(str(form.get("key", "")))
        service.audit.note("login", http.state.who, outcome="done" if token else "refused")
        if token is None:
            return _login("Unknown key.", 401)
        response = RedirectResponse("/", 303)
        secure = http.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
        return response

    @routes.post("/logout")
    async def logout(http: Request) -> Response:
        sessions.end(http.headers)
        return RedirectResponse("/login", 303)

    return routes


def _login(message: str = "", status: int = 200) -> HTMLResponse:
    """Return the page that asks for a key; without a referrer policy of its own, browsers would send the form with
    `Origin: null`, which the guard refuses."""
    return HTMLResponse(login_page(message), status, {"referrer-policy": "same-origin"})


def _error(request: Request, body: dict[str, Any], status: int, headers: Any = None) -> JSONResponse:
    """Return an error in the shape that the clients of its path read: OpenAI's, or Ollama's under `/api`."""
    if request.url.path.startswith("/api/"):
        body = {"error": body["error"]["message"]}
    return JSONResponse(body, status, headers)


def _add_error_handlers(app: FastAPI) -> None:
    """Turn every exception into a status and a body."""

    @app.exception_handler(KbError)
    async def known(request: Request, error: KbError) -> JSONResponse:
        status, body, headers = errors.error_response(error)
        return _error(request, body, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        message, field = errors.validation_fault(error.errors(), error.body)
        return _error(request, errors.error_body(message, 400, code="invalid_request", param=field), 400)

    @app.exception_handler(StarletteHTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, KbError):  # raised while the body was read
            return await known(request, error.__cause__)
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        body = errors.error_body(str(error.detail), error.status_code, code=code)
        return _error(request, body, error.status_code, error.headers)

    @app.exception_handler(OSError)
    async def disk(_: Request, error: OSError) -> JSONResponse:
        if not isinstance(error, ClientStalled):
            log("disk", logging.ERROR, error=error)
        return JSONResponse(errors.error_body("the disk is full or cannot be written", 507, code="disk"), 507)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, ClientDisconnect):
            log("unexpected", logging.ERROR, error=error)
        message = "internal error; the server's log holds the details"
        return _error(request, errors.error_body(message, 500, code="internal"), 500)
