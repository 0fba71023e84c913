"""Every bad input a user will try: what is said, the exit code, and that nothing is lost."""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from tests.support.command import EXAMPLES, ROOT, kb

pytestmark = pytest.mark.weights


def empty_folder(folder: Path) -> Path:
    (folder / "notes.xyz").write_text("no document")
    return folder


def text_as_pdf(folder: Path) -> Path:
    path = folder / "text.pdf"
    path.write_text("These are words and no PDF.")
    return path


def empty_pdf(folder: Path) -> Path:
    path = folder / "empty.pdf"
    path.touch()
    return path


def cut_pdf(folder: Path) -> Path:
    path = folder / "cut.pdf"
    path.write_bytes((EXAMPLES / "update.pdf").read_bytes()[:300])
    return path


def locked_pdf(folder: Path) -> Path:
    writer = pypdf.PdfWriter(clone_from=EXAMPLES / "update.pdf")
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(folder / "locked.pdf")
    return folder / "locked.pdf"


FILES: list[tuple[Callable[[Path], Path], str]] = [
    (empty_folder, "holds no file of a known type"),
    (text_as_pdf, "text.pdf: refused (is not a PDF"),
    (empty_pdf, "empty.pdf: refused (is empty)"),
    (cut_pdf, "cut.pdf: refused"),
    (locked_pdf, "kb ingest --password"),
]

# Arguments, exit code, what is said on stderr. {good} is a whole document, {folder} the test's own.
COMMANDS: list[tuple[list[str], int, str]] = [
    (["ingest", "{folder}/no-such.pdf"], 5, "no-such.pdf: there is no such file"),
    (["ingest", "http://127.0.0.1:9/a.pdf"], 5, "--allow-private"),
    (["ingest", "ftp://example.org/a.pdf"], 5, "ftp://example.org/a.pdf"),
    (["search", "harbour", "--collection", "nope"], 2, "no collection 'nope' (there are: default)"),
    (["ask", "Who?", "--collection", "nope"], 2, "kb ingest --collection nope PATH"),
    (["ask", ""], 2, "the question is empty"),
    (["search", " \t"], 2, "the query is empty"),
    (["ask", "Who?", "--model", "nope"], 2, "unknown model 'nope'; use one of auto, auto:RUN, extractive"),
    (
        ["ask", "What changed?", "--model", "ollama:nope", "--set", "rag.ollama_url=http://127.0.0.1:9"],
        4,
        "127.0.0.1:9",
    ),
    (["ask", "Who?", "--model", "gguf:no-such.gguf"], 2, "no-such.gguf"),
    (["ask", "Who?", "--doc", "nope.pdf"], 2, "no document 'nope.pdf'"),
    (["ask", "Who?", "--set", "rag.topk=3"], 2, "did you mean 'rag.top_k'"),
    (["ask", "Who?", "--store", "nope"], 2, "nope"),
    (["show", "nope.pdf"], 2, "kb list"),
    (["show", "update.pdf", "--page", "99"], 2, "no page 99"),
    (["forget", "nope.pdf", "--yes"], 2, "no document 'nope.pdf'"),
    (["synth", "--pairs", "5", "--out", "{folder}/broken.jsonl/x"], 2, "broken.jsonl/x: Not a directory"),
    (["eval", "{folder}/no-such.jsonl"], 5, "no-such.jsonl"),
    (["eval", "{folder}/broken.jsonl"], 5, "broken.jsonl, line 2"),
]


@pytest.fixture(scope="module")
def stocked(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one document."""
    root = tmp_path_factory.mktemp("stocked")
    (root / "models").symlink_to(weights)
    done = kb("ingest", str(EXAMPLES / "update.pdf"), KB_HOME=str(root))
    assert done.returncode == 0, done.stderr
    return root


def is_clear(done: subprocess.CompletedProcess[str], code: int, says: str) -> None:
    assert done.returncode == code, done.stderr
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("make", "says"), FILES, ids=[make.__name__ for make, _ in FILES])
def test_a_file_that_cannot_be_read(stocked: Path, tmp_path: Path, make: Callable[[Path], Path], says: str) -> None:
    is_clear(kb("ingest", str(make(tmp_path)), KB_HOME=str(stocked)), 5, says)
    listed = json.loads(kb("list", "--json", KB_HOME=str(stocked)).stdout)
    assert [document["doc"] for document in listed["documents"]] == ["update.pdf"]


@pytest.mark.parametrize(("arguments", "code", "says"), COMMANDS, ids=[" ".join(row[0]) for row in COMMANDS])
def test_a_command_that_cannot_be_done(
    stocked: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "broken.jsonl").write_text('{"question": "Who?", "doc": "update.pdf"}\n{"question"\n')
    filled = [argument.format(folder=tmp_path) for argument in arguments]
    is_clear(kb(*filled, cwd=tmp_path, KB_HOME=str(stocked)), code, says)


def test_a_question_in_another_language_is_told_why_it_has_no_answer(stocked: Path) -> None:
    done = kb("ask", "Wie hoch ist die Gebühr für Liegeplätze?", "--model", "extractive", KB_HOME=str(stocked))
    is_clear(done, 0, "ask in the documents' own words and language")


def test_a_full_disk_says_so_and_keeps_what_was_there(stocked: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(stocked, home, symlinks=True)
    grown = 4096 + (home / "catalogue.sqlite").stat().st_size // 4096 * 4096

    done = subprocess.run(
        [sys.executable, "-m", "kb.cli", "ingest", str(EXAMPLES / "handbook.pdf")],
        # What measures coverage would write to the full disk too.
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
            "PYTHONPATH": str(ROOT),
            "KB_HOME": str(home),
        },
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (grown, grown)),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    is_clear(done, 4, "the disk is full")
    listed = json.loads(kb("list", "--json", KB_HOME=str(home)).stdout)
    assert "update.pdf" in [document["doc"] for document in listed["documents"]]
    assert kb("ingest", str(EXAMPLES / "handbook.pdf"), KB_HOME=str(home)).returncode == 0


def test_a_home_on_a_read_only_disk_says_so(stocked: Path) -> None:
    mounted = f"mount --bind {stocked} {stocked} && mount -o remount,ro,bind {stocked}"
    if subprocess.run(["unshare", "-m", "sh", "-c", mounted], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    for arguments in (["ingest", EXAMPLES / "handbook.pdf"], ["search", "harbour"], ["forget", "update.pdf", "--yes"]):
        command = shlex.join(map(str, [sys.executable, "-m", "kb.cli", *arguments]))
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f"{mounted} && {command}"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "KB_HOME": str(stocked)},
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        is_clear(done, 4, "cannot be written")
