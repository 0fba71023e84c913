"""The commands with `--store weaviate` against a real server: what they say is what they say with LanceDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas

from core.files import Home
from rag.open import open_store
from tests.support.live_weaviate import Node, one_server
from tests.support.pdfs import drawn

pytestmark = [pytest.mark.live, pytest.mark.weights]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FILINGS = 20
PATIENCE_S = 500.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with one_server(tmp_path_factory.mktemp("weaviate")) as node:
        yield node


class Shell:
    """Runs kb in one home; a client that is left open is a failure."""

    def __init__(self, home: Home, server: Node) -> None:
        self.env = os.environ | {
            "KB_HOME": str(home.root),
            "KB_WEAVIATE__URL": server.url,
            "KB_WEAVIATE__GRPC_PORT": str(server.grpc_port),
            "KB_WEAVIATE__BATCH_ROWS": "50",
        }

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "always::ResourceWarning", "-m", "kb.cli", *words]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *words: str, code: int = 0, **env: str) -> str:
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=PATIENCE_S)
        # Con004 is what the client says when nobody closed it; the parsers of an ingest are closed as well.
        assert process.returncode == code and "Con004" not in err and "Warning" not in err, f"{out}\n{err}"
        return out

    def json(self, *words: str, **env: str) -> Any:
        return json.loads(self.run(*words, "--json", **env))


@pytest.fixture
def shell(model_home: Home, server: Node) -> Shell:
    return Shell(model_home, server)


def places(found: Any) -> list[tuple[str, int, int]]:
    return [(hit["doc"], hit["page"], hit["start"]) for hit in found["hits"]]


def test_every_command_works_as_with_lancedb(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("handbook.pdf", "manual.pdf", "update.pdf"):
        (folder / name).symlink_to(EXAMPLES / name)
    weaviate = {"KB_RAG__STORE": "weaviate"}
    shell.run("ingest", str(folder), "--store", "weaviate", "--quiet")
    question = "How many guests may a member bring?"
    theirs = shell.json("search", question, "--store", "weaviate")
    # The catalogue knows that the other index holds nothing yet, and moving over embeds nothing.
    assert "lacks 3 documents" in shell.start("search", question).communicate(timeout=PATIENCE_S)[1]
    moved = shell.start("reindex", "--store", "lancedb").communicate(timeout=PATIENCE_S)[1]
    assert "0 documents embedded anew" in moved
    ours = shell.json("search", question)
    assert places(theirs)[:3] == places(ours)[:3]
    assert shell.json("ask", question, "--store", "weaviate", "--model", "extractive")["ground"] in (
        "cited",
        "abstained",
    )
    assert "verdict: kb is ready" in shell.run("doctor", **weaviate)
    (folder / "update.pdf").unlink()
    shell.run("ingest", str(folder), "--sync", "--quiet", **weaviate)
    assert {row["doc"] for row in shell.json("list")["documents"]} == {"handbook.pdf", "manual.pdf"}
    shell.run("forget", "manual.pdf", "--yes", "--quiet", **weaviate)
    assert {hit["doc"] for hit in shell.json("search", question, **weaviate)["hits"]} == {"handbook.pdf"}
    assert "verdict: kb is ready" in shell.run("doctor", **weaviate)
    # The other index has not heard of either, and shows neither.
    assert {hit["doc"] for hit in shell.json("search", question)["hits"]} == {"handbook.pdf"}


def test_the_embedded_path_never_loads_the_client(shell: Shell) -> None:
    shell.run("ingest", str(EXAMPLES / "update.pdf"), "--quiet")
    probe = (
        "import sys\n"
        "sys.argv = ['kb', 'search', 'guests', '--quiet']\n"
        "from kb.cli.main import app\n"
        "app(standalone_mode=False)\n"
        "assert not {'weaviate', 'langchain_weaviate', 'grpc'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=ROOT,
        env=shell.env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_dead_server_is_exit_code_four(shell: Shell) -> None:
    process = shell.start(
        "ingest", str(EXAMPLES / "update.pdf"), "--store", "weaviate", KB_WEAVIATE__URL="http://[::1]:9"
    )
    err = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 4
    assert "hint: docker compose up -d weaviate" in err


@pytest.fixture(scope="module")
def filings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Twenty 10-Q filings of the development data or, where that is absent, as many drawn ones."""
    data = Path(os.environ.get("KB_DEV_DATA", ROOT.parent / "shared" / "data"))
    found = sorted((data / "sec10q").rglob("*.pdf"))[:FILINGS]
    if not found:
        folder = tmp_path_factory.mktemp("filings")
        found = [drawn(folder / f"{number} Q1.pdf", *filing_pages(number)) for number in range(FILINGS)]
    assert len(found) == FILINGS
    return [str(path) for path in found]


def filing_pages(number: int) -> list[Callable[[Canvas], None]]:
    """Return twelve pages of forty lines, whose sums differ by filing and page."""

    def page(at: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for row in range(40):
                amount = f"{1000 * number + 100 * at + row:,}"
                told = f"Total revenue of segment {row} of company {number} was ${amount}."
                canvas.drawString(60, 760 - 18 * row, told)

        return draw

    return [page(at) for at in range(12)]


def test_filings_go_in_while_the_server_is_killed(
    shell: Shell, server: Node, model_home: Home, filings: list[str]
) -> None:
    ingest = shell.start("ingest", *filings, "--store", "weaviate", "--json")
    watcher = open_store(server.settings(), model_home, "default", 384)
    while watcher.count() < 100:
        assert ingest.poll() is None, ingest.communicate()[1]
        time.sleep(0.01)
    server.kill()
    time.sleep(1.0)
    server.start()
    out, err = ingest.communicate(timeout=PATIENCE_S)
    statuses = {row["status"] for row in json.loads(out)["files"]}
    assert ingest.returncode in (0, 5) and "indexed" in statuses, err
    # Its exit code is of the whole machine, a disk that is nearly full included.
    doctor, _ = shell.start("doctor", "--json", KB_RAG__STORE="weaviate").communicate(timeout=PATIENCE_S)
    states = {check["name"]: (check["state"], check["detail"]) for check in json.loads(doctor)["checks"]}
    assert states["collection default"][0] == "good", states["collection default"]
    question = "What was the total revenue?"
    first = shell.json("search", question, "--store", "weaviate")
    vector = np.ones(384, dtype=np.float32)
    before = watcher.dense(vector, 50)
    server.stop()
    server.start()
    # Statistics of BM25 count what was written twice until the server compacts, so its scores may drift a little.
    assert watcher.dense(vector, 50) == before
    second = shell.json("search", question, "--store", "weaviate")
    assert len(second["hits"]) == 8 and places(second)[0] == places(first)[0]
