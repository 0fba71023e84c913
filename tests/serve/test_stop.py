"""A server that is told to stop lets requests end and loses no job; a client that stalls holds nobody up."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from core.files import Home
from core.settings import ServeSettings, Settings
from serve.work.jobs import JobQueue
from tests.serve.conftest import EXAMPLES, QUESTION, START_S, Running, running, settled


@contextmanager
def serve_process(home: Home, headers: Mapping[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`kb serve` as a person starts it; killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kb.cli", "serve", "--api", "--port", "0"],
        env={**os.environ, "KB_HOME": str(home.root)},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr
    said = process.stderr.readline()
    url = next(word for word in said.split() if word.startswith("http"))
    rest = threading.Thread(target=process.stderr.read, daemon=True)
    rest.start()
    try:
        until(lambda: httpx.get(f"{url}/v1/documents", headers=headers, trust_env=False, timeout=30).status_code == 200)
        yield process, url
    finally:
        process.kill()
        process.wait(30)
        rest.join(30)
        process.stderr.close()


def until(true: object) -> None:
    """Wait until a function returns something true, while a server may be starting."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            if true():  # type: ignore[operator]
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def test_sigterm_and_kill_lose_no_job(made_home: Home) -> None:
    with serve_process(made_home) as (process, url):
        files = [("file", (name, (EXAMPLES / name).read_bytes())) for name in ("handbook.pdf", "manual.pdf")]
        job = httpx.post(f"{url}/v1/documents", files=files, trust_env=False, timeout=60).json()["id"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    # Stopped in the middle, or before it began: it waits, with its files.
    left = JobQueue(made_home)
    state = left.get(job).state
    left.close()
    assert state in ("queued", "done")
    with serve_process(made_home) as (process, url):
        process.kill()  # and once more without a word
        process.wait(30)
    with serve_process(made_home) as (process, url):
        until(lambda: httpx.get(f"{url}/v1/documents/jobs/{job}", trust_env=False).json()["status"] == "done")
        documents = httpx.get(f"{url}/v1/documents", trust_env=False).json()["documents"]
        assert [each["doc"] for each in documents] == ["handbook.pdf", "manual.pdf"]


def test_a_killed_reader_process_is_begun_again(made_home: Home) -> None:
    settings = Settings(serve=ServeSettings(requests_per_minute=0))
    with running(settings, made_home, ("api",)) as server:
        runner = server.service._runner
        with server.client() as client:
            parts = {"file": ("handbook.pdf", (EXAMPLES / "handbook.pdf").read_bytes())}
            job = client.post("/v1/documents", files=parts).json()["id"]
        until(lambda: runner._process is not None)
        runner._process.kill()
        done = settled(server, job)
    assert [file["status"] for file in done["files"]] == ["indexed"]


def test_running_requests_end_before_the_server_does(stocked: Home) -> None:
    with serve_process(stocked) as (process, url):
        until(lambda: httpx.get(f"{url}/healthz", trust_env=False).status_code == 200)
        found: list[httpx.Response] = []
        body = {"model": "base+rag", "messages": [{"role": "user", "content": QUESTION}]}

        def ask() -> None:
            found.append(httpx.post(f"{url}/v1/chat/completions", json=body, trust_env=False, timeout=60))

        asking = threading.Thread(target=ask)
        asking.start()
        audit = stocked.root / "serve" / "audit.jsonl"
        noted = audit.stat().st_size if audit.exists() else 0
        until(lambda: audit.exists() and (audit.stat().st_size > noted or bool(found)))
        process.send_signal(signal.SIGTERM)
        asking.join(60)
        assert process.wait(60) == 0
    assert [each.status_code for each in found] == [200]


def test_clients_that_take_nothing_hold_nobody_up(server: Running) -> None:
    """More of them than there are workers ask for streams and never read."""
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps(
        {"model": "base+rag", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    stalled = [socket.create_connection((host, int(port)), 30) for _ in range(8)]
    try:
        for each in stalled:
            each.sendall(head.encode() + body)
        with server.client() as client:
            found = client.post("/v1/search", json={"query": "leave"})
        assert found.status_code == 200
        until(lambda: server.service.quick.call_count == 0)
    finally:
        for each in stalled:
            each.close()


def test_a_client_that_leaves_a_stream_ends_the_work(server: Running) -> None:
    body = {
        "model": "smollm2",
        "stream": True,
        "max_tokens": 2000,
        "messages": [{"role": "user", "content": "Write a very long story."}],
    }
    with server.client() as client, client.stream("POST", "/v1/chat/completions", json=body) as response:
        next(response.iter_lines())
    until(lambda: server.service.chat.call_count == 0)
    with server.client() as client:
        assert 'kb_lane_calls{lane="chat"} 0.0' in client.get("/metrics").text
