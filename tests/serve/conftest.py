"""A home with the example documents in it, and real servers over it on ports of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from core.files import Home
from core.settings import Settings
from kb.ingest import ingest_files
from kb.workspace import Workspace
from serve.app import PARTS, Part, create_app
from serve.service import Service

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCS = ("handbook.pdf", "manual.pdf")
QUESTION, ANSWER = "How long does a tour of duty last?", "16 weeks"
START_S = 120


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    url: str
    home: Home
    service: Service

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False)


@contextmanager
def running(settings: Settings, home: Home, parts: tuple[Part, ...] = PARTS) -> Iterator[Running]:
    """Serve in a thread until the block ends."""
    app = create_app(settings, home, parts=parts)
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _until(lambda: server.started, thread)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Running(f"http://127.0.0.1:{port}", home, app.state.service)
    finally:
        stop = getattr(app.state, "stop_page", None)
        if stop:
            stop()
        server.should_exit = True
        thread.join(30)


def _until(true: Callable[[], bool], thread: threading.Thread) -> None:
    end = time.monotonic() + START_S
    while not true():
        assert thread.is_alive() and time.monotonic() < end, "the server did not start"
        time.sleep(0.02)


def settled(server: Running, job: str) -> dict:
    """Wait for a job's end and return it."""
    end = time.monotonic() + START_S
    with server.client() as client:
        while True:
            found = client.get(f"/v1/documents/jobs/{job}").json()
            if found["status"] in ("done", "failed"):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.1)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Defaults, but for what would slow many quick requests down."""
    held = Settings()
    return held.model_copy(update={"serve": held.serve.model_copy(update={"requests_per_minute": 0})})


@pytest.fixture
def made_home(tmp_path: Path, weights: Path) -> Home:
    """A home that holds models only."""
    (tmp_path / "models").symlink_to(weights)
    return Home(tmp_path)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory, weights: Path, settings: Settings) -> Home:
    """A home whose collection holds two of the examples."""
    root = tmp_path_factory.mktemp("stocked")
    (root / "models").symlink_to(weights)
    home = Home(root)
    results, _ = ingest_files(
        Workspace(settings=settings, home=home), [(EXAMPLES / doc, f"test:{doc}") for doc in DOCS]
    )
    assert [result.status for result in results] == ["indexed"] * len(DOCS)
    return home


@pytest.fixture(scope="session")
def server(stocked: Home, settings: Settings) -> Iterator[Running]:
    """API and tools over the stocked home; for tests that change nothing in it."""
    with ExitStack() as stack:
        yield stack.enter_context(running(settings, stocked, ("api", "mcp")))
