"""The documentation builds, its commands are accepted, and those that can run do what the pages show."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from core.files import Home
from kb.cli.main import app
from tests.kb.cli.conftest import Cli, cli
from tests.support.commands import fault
from tests.support.prose import Block, blocks, commands, expected_output

__all__ = ["cli"]

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in DOCS.rglob("*.md") if path.name not in ("LOG.md", "cli.md") and path.parent.name != "adr"),
]
BLOCKS = [block for page in PAGES for block in blocks(page, ROOT)]
# In the order of a reader: each page may use what the one before has read.
READ_IN_ORDER = ["index.md", "tutorial", "concepts", "howto", "reference"]
_TABLE_COMMAND = re.compile(r"`kb ([a-z][a-z-]*)[^`]*`")


def test_every_command_of_the_documentation_is_accepted() -> None:
    parser = typer.main.get_command(app)
    accepted = [(block, words) for block in BLOCKS for words in commands(block)]
    assert len(accepted) > 80
    faults = {f"{block.place}: kb {' '.join(words)}": fault(parser, words) for block, words in accepted}
    assert {place: why for place, why in faults.items() if why} == {}


@pytest.mark.parametrize(
    "words",
    [["ask", "x", "--no-such-flag"], ["asks", "x"], ["ask"], ["ask", "x", "-k", "many"], ["runs", "shows", "x"]],
)
def test_a_command_that_does_not_exist_is_seen(words: list[str]) -> None:
    assert fault(typer.main.get_command(app), words)


def test_commands_named_in_sentences_exist() -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for page in PAGES:
        for name in _TABLE_COMMAND.findall(page.read_text(encoding="utf-8")):
            assert name in known, f"{page.name}: kb {name}"


def test_blocks_of_data_and_code_are_valid() -> None:
    for block in BLOCKS:
        try:
            if block.language == "toml":
                tomllib.loads(block.text)
            elif block.language == "json":
                json.loads(block.text)
            elif block.language == "python":
                compile(block.text, block.place, "exec")
        except ValueError as error:
            pytest.fail(f"{block.place}: {error}")


def _in_order() -> list[Block]:
    pages = [page for name in READ_IN_ORDER for page in sorted((DOCS / name).rglob("*.md")) or [DOCS / name]]
    return [block for page in pages for block in blocks(page, ROOT) if block.runs]


def test_every_marked_block_is_run() -> None:
    assert [block.place for block in BLOCKS if block.runs and block not in _in_order()] == []
    assert len(_in_order()) > 12


@pytest.mark.weights
def test_the_documentation_does_what_it_shows(
    cli: Cli, model_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    questions = tmp_path / "examples" / "questions.jsonl"
    lines = questions.read_text(encoding="utf-8").splitlines(keepends=True)
    questions.write_text("".join(lines[::12]), encoding="utf-8")  # the same commands on fewer questions
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_RAG__OLLAMA_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("KB_RAG__MODEL", "extractive")
    for block in _in_order():
        if block.language == "python":
            exec(compile(block.text, block.place, "exec"), {"__name__": "example"})
            continue
        expected = expected_output(block) if block.language == "console" else {}
        for number, words in enumerate(commands(block)):
            done = cli(*words)
            assert done.code == 0, f"{block.place}: kb {' '.join(words)}: {done.err}"
            printed = (done.out + done.err).splitlines()
            missing = [line for line in expected.get(number, ()) if line not in printed]
            assert not missing, f"{block.place}: kb {' '.join(words)} printed {printed}"


def test_errors_in_the_troubleshooting_page_are_those_of_the_program() -> None:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    packages = ("core", "kb", "rag", "synth", "finetune", "serve")
    sources = "\n".join(path.read_text(encoding="utf-8") for name in packages for path in (ROOT / name).rglob("*.py"))
    fixed = re.sub(r"\{[^{}]*\}", "\x00", sources)
    quoted = re.findall(r"^\*\*`([^`]+)`", text, re.MULTILINE)
    assert len(quoted) > 12
    for message in quoted:
        # A value in the message stands between quotes; the program has a field there.
        parts = [part for part in re.split(r"'[^']*'", message) if part.strip()]
        assert all(part.strip() in fixed for part in parts), message


def test_generated_pages_are_current() -> None:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec and spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for name, page in generate.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == page(), f"{name}: make docs"


@pytest.mark.skipif(not importlib.util.find_spec("mkdocs"), reason="needs the extra docs")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
    assert (site / "reference" / "python" / "index.html").read_text(encoding="utf-8").count("on_progress") > 3
    page = (site / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?://""", page) == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
