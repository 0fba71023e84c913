"""The process that parses, spoken to in its own frames."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import IngestSettings
from rag.load.process.worker import HEADER

EXAMPLES = Path(__file__).parents[3] / "examples"


class Worker:
    """A worker and its two pipes."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "rag.load.process.worker", "2048", str(os.getpid())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **request: Any) -> None:
        body = json.dumps(request).encode()
        assert self.process.stdin
        self.process.stdin.write(HEADER.pack(len(body)) + body)
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        (size,) = HEADER.unpack(self.process.stdout.read(HEADER.size))
        return json.loads(self.process.stdout.read(size))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    with worker.process:
        yield worker
        worker.process.kill()


def _request(name: str, **over: Any) -> dict[str, Any]:
    limits = IngestSettings().model_dump(mode="json")
    return {"path": str(EXAMPLES / name), "limits": limits, "password": None, "page": 0, **over}


def test_requests_are_answered_one_after_another(worker: Worker) -> None:
    assert worker.answer() == {"ready": True}
    worker.ask(**_request("handbook.pdf", do="open", ocr=False, engine="auto", first=0))
    info = worker.answer()["info"]
    pages = [worker.answer()["page"] for _ in range(info["n_pages"])]
    assert [page["index"] for page in pages] == list(range(info["n_pages"])) and pages[0]["text"]
    assert worker.answer() == {"end": True}
    worker.ask(**_request("handbook.pdf", do="boxes", start=0, end=5))
    boxes = worker.answer()["boxes"]
    assert len(boxes) == 1 and len(boxes[0]) == 4
    worker.ask(**_request("handbook.pdf", do="render", scale=0.2, boxes=boxes))
    assert base64.b64decode(worker.answer()["png"]).startswith(b"\x89PNG")


def test_a_refusal_is_an_answer_and_the_worker_goes_on(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.7\nnothing")
    worker.ask(**_request("no.pdf", path=str(tmp_path / "no.pdf"), do="boxes", start=0, end=5))
    assert worker.answer()["refused"]["type"] == "DataError"
    worker.ask(**_request("handbook.pdf", do="boxes", start=0, end=10**6))
    assert "has no text at" in worker.answer()["refused"]["message"]
    assert worker.process.poll() is None


def test_the_worker_ends_with_its_requests(worker: Worker) -> None:
    assert worker.process.stdin
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0


def test_an_idle_worker_is_closed_at_the_end_of_the_process() -> None:
    program = "from rag.load.process.supervise import give_back, start\ngive_back(start(512))\n"
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", program]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
