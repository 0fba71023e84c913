"""`kb ingest`: a line and a JSON entry for every file, and the command that helps next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli

pytestmark = pytest.mark.weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "docs"
    path.mkdir()
    (path / "gate.md").write_text("# Gate\n\nThe gate closes at ten.\n")
    return path


def test_every_file_has_a_line_and_the_end_names_the_next_command(cli: Cli, in_own: Home, folder: Path) -> None:
    (folder / "empty.pdf").touch()
    done = cli("ingest", folder)
    assert done.code == 5
    assert "gate.md: indexed, 1 page\n" in done.out and "empty.pdf: refused (is empty)" in done.out
    assert "1 indexed, 1 refused: 1 page in " in done.err and 'Next: kb ask "QUESTION"' in done.err
    (folder / "empty.pdf").unlink()
    again = cli("ingest", folder, "--collection", "other")
    assert again.code == 0 and 'Next: kb ask --collection other "QUESTION"' in again.err


def test_json_has_an_entry_for_every_file(cli: Cli, in_own: Home, folder: Path) -> None:
    done = cli("ingest", folder, folder / "gone.pdf", "--json")
    files = json.loads(done.out)["files"]
    assert done.code == 5
    assert [(entry["status"], entry["pages"]) for entry in files] == [("indexed", 1), ("refused", 0)]
    assert {"doc", "sha256", "pages", "status", "reason"} <= set(files[0])
    assert json.loads(cli("ingest", folder, "--json", "-q").out)["files"][0]["status"] == "unchanged"


def test_a_dry_run_names_files_and_reads_none(cli: Cli, in_own: Home, folder: Path) -> None:
    done = cli("ingest", folder, "https://example.org/a.pdf", "--dry-run", "--collection", "new")
    assert done.code == 0
    assert done.out.splitlines() == [str(folder / "gate.md"), "https://example.org/a.pdf"]
    listed = json.loads(cli("ingest", folder, folder / "gone.pdf", "--dry-run", "--json").out)
    assert listed["files"] == [str(folder / "gate.md")] and "gone.pdf" in listed["refused"][0]
    assert cli("list", "--collection", "new").code == 2


def test_hints_stand_where_nothing_can_be_asked(cli: Cli, home: Home, folder: Path) -> None:
    done = cli("ingest", folder / "gone.pdf")
    assert done.code == 5 and "gone.pdf" in done.err and "hint: kb ingest PATH" in done.err
