"""Load on a running server: many clients search and ask at once.

    python bench/serve.py --home KB_HOME [--seconds 300] [--clients 64] [--models extractive+rag smollm2+rag]
    python bench/serve.py --home KB_HOME --hours 24 [--per-hour 720] [--clients 16]

Starts `kb serve --api` over a home of its own with the example documents, in a process of its own, and reports per
kind of request: how many, statuses, p50, p95 and p99 in ms; and the server's memory over time. Clients wait for an
answer before they ask again; beside every sixteen of them one stalls: it asks for a stream and reads nothing.

With `--hours` the requests of so many hours, `--per-hour` in each, are sent as fast as they are answered. Exit 1 where
memory grew by more than a tenth from the first quarter to the end, or a request got a status of 500 or more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import psutil

from core.files import Home

ROOT = Path(__file__).parents[1]
DOCS = ("handbook.pdf", "manual.pdf", "update.pdf")


def start(home: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the server; its log goes nowhere."""
    command = [
        sys.executable,
        "-m",
        "kb.cli",
        "serve",
        "--api",
        "--quiet",
        "--port",
        str(port),
        "--set",
        "serve.requests_per_minute=0",
    ]
    return subprocess.Popen(command, env={**os.environ, "KB_HOME": str(home)}, stderr=subprocess.DEVNULL, cwd=ROOT)


def ready(url: str) -> None:
    """Wait until models are loaded."""
    while True:
        try:
            if httpx.get(f"{url}/healthz", trust_env=False, timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)


def fill(url: str) -> None:
    """Read the examples in."""
    files = [("file", (doc, (ROOT / "examples" / doc).read_bytes())) for doc in DOCS]
    job = httpx.post(f"{url}/v1/documents", files=files, trust_env=False, timeout=60).json()["id"]
    while httpx.get(f"{url}/v1/documents/jobs/{job}", trust_env=False, timeout=60).json()["status"] != "done":
        time.sleep(0.2)


class Load:
    """What the clients do and see."""

    def __init__(
        self, url: str, seconds: float, requests: int = 0, models: Sequence[str] = ("extractive+rag",)
    ) -> None:
        self.url = url
        self.models = models
        self.until = time.monotonic() + seconds
        self.remaining = requests or sys.maxsize
        self.took_ms: dict[str, list[float]] = defaultdict(list)
        self.statuses: dict[str, Counter[int | str]] = defaultdict(Counter)
        rows = [
            json.loads(line)
            for line in (ROOT / "examples" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        self.questions = [row["question"] for row in rows]

    async def client(self, number: int) -> None:
        """Ask and search in turn until the time is over."""
        rng = random.Random(number)
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=120) as http:
            while time.monotonic() < self.until:
                if self.remaining <= 0:  # all requests of the simulated hours are sent
                    self.until = 0.0
                    return
                self.remaining -= 1
                question = rng.choice(self.questions)
                if rng.random() < 0.5:
                    await self._request(http, "search", "/v1/search", {"query": question})
                else:
                    messages = [{"role": "user", "content": question}]
                    model = rng.choice(self.models)
                    body = {"model": model, "messages": messages, "stream": rng.random() < 0.5}
                    await self._request(http, f"ask {model}", "/v1/chat/completions", body)

    async def _request(self, http: httpx.AsyncClient, kind: str, path: str, body: dict) -> None:
        begun = time.monotonic()
        try:
            response = await http.post(path, json=body)
        except httpx.TransportError as error:
            self.statuses[kind][type(error).__name__] += 1
            return
        self.took_ms[kind].append(1000 * (time.monotonic() - begun))
        self.statuses[kind][response.status_code] += 1
        if response.status_code == 429:
            await asyncio.sleep(float(response.headers["retry-after"]))

    async def staller(self) -> None:
        """Ask for streams and take nothing."""
        host, port = self.url.removeprefix("http://").split(":")
        messages = [{"role": "user", "content": self.questions[0]}]
        body = json.dumps({"model": "extractive+rag", "stream": True, "messages": messages}).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        while time.monotonic() < self.until:
            _, writer = await asyncio.open_connection(host, int(port), limit=1)
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await asyncio.sleep(min(20, max(0, self.until - time.monotonic())))
            writer.close()

    async def run(self, clients: int, process: psutil.Process) -> list[float]:
        """Run all clients and return the server's resident MiB over time."""
        memory: list[float] = []

        async def watch() -> None:
            while time.monotonic() < self.until:
                memory.append(process.memory_info().rss / 2**20)
                await asyncio.sleep(1)

        stallers = [self.staller() for _ in range(clients // 16)]
        await asyncio.gather(*(self.client(number) for number in range(clients)), *stallers, watch())
        return memory


def main() -> None:
    """Run and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--models", nargs="+", default=["extractive+rag"], help="ids that questions are put to in turn")
    parser.add_argument("--hours", type=float, default=0, help="send the traffic of so many hours")
    parser.add_argument("--per-hour", type=int, default=720, help="requests in a simulated hour")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--home", type=Path, required=True, help="Whose models are used; nothing else of it is.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        (home / "models").symlink_to(Home(options.home).models.resolve())
        process = start(home, options.port)
        try:
            url = f"http://127.0.0.1:{options.port}"
            ready(url)
            fill(url)
            requests = round(options.hours * options.per_hour)
            load = Load(url, math.inf if requests else options.seconds, requests, options.models)
            begun = time.monotonic()
            memory = asyncio.run(load.run(options.clients, psutil.Process(process.pid)))
            stopped = time.monotonic()
            options.seconds = round(stopped - begun, 1)
            process.send_signal(signal.SIGTERM)
            code = _exit_code(process)
            drained_s = time.monotonic() - stopped
        finally:
            process.kill()
    report(load, memory, options, {"exit": code, "drained_s": round(drained_s, 1)})
    grown = max(memory[-3:]) > 1.1 * max(memory[: max(1, len(memory) // 4)])
    failed = any(int(status) >= 500 for seen in load.statuses.values() for status in seen if isinstance(status, int))
    sys.exit(1 if options.hours and (grown or failed) else 0)


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """Return the code of a server that was told to stop; None where answers keep it longer than a minute."""
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        return None


def report(load: Load, memory: list[float], options: argparse.Namespace, end: dict[str, float | None]) -> None:
    """Print what was seen."""
    kinds = {}
    for kind, took in load.took_ms.items():
        p50, p95, p99 = np.percentile(took, [50, 95, 99])
        kinds[kind] = {
            "requests": len(took),
            "per_s": round(len(took) / options.seconds, 1),
            "statuses": {str(status): count for status, count in load.statuses[kind].items()},
            "p50_ms": round(p50),
            "p95_ms": round(p95),
            "p99_ms": round(p99),
        }
    indices = [0, len(memory) // 4, len(memory) // 2, -1]
    rss = {"rss_mib": [round(memory[place]) for place in indices], "at": ["start", "quarter", "half", "end"]}
    print(
        json.dumps(
            {
                "clients": options.clients,
                "seconds": options.seconds,
                "simulated_hours": options.hours,
                **kinds,
                **rss,
                **end,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
