"""`kb ask` over a real Ollama, from outside: ingested examples, a server that dies, models that are not there."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.files import Home
from tests.support.live_ollama import MODEL, OllamaServer, running_ollama

pytestmark = [pytest.mark.live, pytest.mark.weights]

ROOT = Path(__file__).parents[2]
QUESTION = "Who is the Harbour Master?"
# A registry on a port of this machine where nobody listens.
UNREACHABLE = "127.0.0.1:9/nobody/nothing"
AWAY_S = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[OllamaServer]:
    with running_ollama(tmp_path_factory.mktemp("ollama")) as running:
        running.create(MODEL, weights / "smollm2" / "model.gguf")
        yield running


def command(server: OllamaServer, *arguments: str) -> list[str]:
    flags = {"rag.ollama_url": server.url, "models.num_ctx": "4096", "models.max_tokens": "160"}
    name, *rest = arguments
    pairs = [part for key, value in flags.items() for part in ("--set", f"{key}={value}")]
    # What a test sets itself comes later and holds.
    head = [name, rest.pop(0)] if name == "models" else [name]
    return [sys.executable, "-m", "kb.cli", *head, *pairs, *rest]


def kb(server: OllamaServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(server, *arguments),
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def handbook(server: OllamaServer, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that holds the handbook; no test changes it."""
    home = Home(tmp_path_factory.mktemp("handbook"))
    home.models.symlink_to(weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_HOME", str(home.root))
        done = kb(server, "ingest", "examples/handbook.pdf")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def ingested(handbook: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("KB_HOME", str(handbook.root))
    return handbook


def test_the_model_answers_from_the_documents(server: OllamaServer, ingested: Home) -> None:
    done = kb(server, "ask", QUESTION, "--model", f"ollama:{MODEL}", "-k", "3", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["model"] == f"ollama:{MODEL}"
    assert answer["answer"] and answer["ground"] in {"cited", "ungrounded"}
    assert 100 < answer["tokens"]["prompt"] < 4096 - 160
    assert 0 < answer["tokens"]["completion"] <= 160
    for citation in answer["citations"]:
        page = json.loads(kb(server, "show", citation["doc"], "--page", str(citation["page"] + 1), "--json").stdout)
        assert page["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_server_killed_in_the_middle_of_an_answer(server: OllamaServer, ingested: Home) -> None:
    ours, theirs = pty.openpty()  # on a terminal the answer grows before the eye
    asked = command(
        server, "ask", "Describe the duties of the Harbour Master.", "--model", f"ollama:{MODEL}", "-k", "2"
    )
    process = subprocess.Popen(asked, cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE, encoding="utf-8")
    os.close(theirs)
    begun = _read(ours, at_least=20)
    assert process.poll() is None
    server.kill()
    time.sleep(AWAY_S)
    server.start()
    rest = _read(ours)
    assert process.stderr is not None
    notes = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0, notes
    assert "trying again" in notes and "ground: " in notes
    # Not a word of the first half comes twice; that the second fits, tests/live/test_ollama_chat.py compares exactly.
    assert begun.strip() and rest.strip()
    assert not rest.strip().startswith(begun.strip())


def _read(terminal: int, at_least: int | None = None) -> str:
    """Return what is written until its end, or until there are so many characters."""
    text = b""
    while at_least is None or len(text) < at_least:
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # the other side is closed
            break
        text += piece
    return text.decode(errors="replace")


def test_what_is_not_there_is_named_with_the_next_command(server: OllamaServer, ingested: Home) -> None:
    absent = kb(server, "ask", QUESTION, "--model", "ollama:absent")
    assert absent.returncode == 4
    assert "has no model 'absent'" in absent.stderr and "ollama pull absent" in absent.stderr
    for arguments in (["ask", QUESTION, "--pull", "--model"], ["models", "pull"]):
        failed = kb(server, *arguments, f"ollama:{UNREACHABLE}")
        assert failed.returncode == 4
        assert "could not pull" in failed.stderr and "127.0.0.1:9" in failed.stderr
    there = kb(server, "ask", QUESTION, "--pull", "--model", f"ollama:{MODEL}", "-k", "1")
    assert there.returncode == 0 and "fetches" not in there.stderr


def test_doctor_sees_the_server(server: OllamaServer, ingested: Home) -> None:
    def checks(*pairs: str) -> tuple[int, dict[str, dict[str, str]]]:
        done = kb(server, "doctor", "--json", *(part for pair in pairs for part in ("--set", pair)))
        return done.returncode, {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    code, found = checks(f"rag.model=ollama:{MODEL}", "models.num_ctx=16384")
    assert code == 0
    assert server.url in found["ollama"]["detail"]
    assert "reads 8192 tokens" in found[f"ollama:{MODEL}"]["detail"]
    assert found[f"ollama:{MODEL}"]["state"] == "note"
    code, found = checks("rag.model=ollama:absent")
    assert code == 1
    assert (found["ollama:absent"]["state"], found["ollama:absent"]["hint"]) == ("bad", "ollama pull absent")
    said = kb(server, "doctor").stdout.strip().splitlines()
    assert said[-1] == "verdict: kb is ready"
