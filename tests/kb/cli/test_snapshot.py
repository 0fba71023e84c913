"""`kb snapshot` and `kb ask --at`: a state that is kept, asked, compared, restored; and what forgetting does to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli

pytestmark = pytest.mark.weights
RENT = "What is the monthly rent?"


@pytest.fixture
def changed(cli: Cli, in_own: Home, tmp_path: Path) -> Home:
    """A home with the snapshot `spring`, in which the lease has been changed since."""
    lease = tmp_path / "papers" / "lease.md"
    lease.parent.mkdir()
    lease.write_text("# Birch lease\n\nThe monthly rent of the Birch house is $1,450.\n", encoding="utf-8")
    assert cli("forget", "alder.md", "update.pdf", "--yes").code == 0
    assert cli("ingest", lease).code == 0
    assert cli("snapshot", "spring").code == 0
    lease.write_text("# Birch lease\n\nThe monthly rent of the Birch house is $1,600.\n", encoding="utf-8")
    assert cli("ingest", lease).code == 0
    return in_own


def ask(cli: Cli, *flags: str) -> str:
    done = cli("ask", RENT, "--model", "extractive", "--json", *flags)
    assert done.code == 0, done.err
    return str(json.loads(done.out)["answer"])


def test_a_snapshot_is_asked_compared_and_restored(cli: Cli, changed: Home, tmp_path: Path) -> None:
    assert "1,600" in ask(cli) and "1,450" in ask(cli, "--at", "spring")
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"question": RENT}) + "\n", encoding="utf-8")
    flags = ("--questions", str(questions), "--model", "extractive", "--json")
    found = json.loads(cli("snapshot", "spring", "--diff", *flags).out)
    assert [each["doc"] for each in found["changed"]] == ["lease.md"] and found["added"] == found["removed"] == []
    (answer,) = found["answers"]
    assert "1,450" in answer["before"] and "1,600" in answer["after"] and found["questions"] == 1
    assert "changed  lease.md (" in cli("snapshot", "spring", "--diff").out
    assert cli("snapshot", "spring").code == 2  # the name is taken
    assert cli("snapshot", "spring", "--restore").code == 2  # not a terminal
    assert cli("snapshot", "spring", "--restore", "--yes").code == 0
    assert "1,450" in ask(cli)
    assert "no document differs" in cli("snapshot", "spring", "--diff").out
    (document,) = json.loads(cli("list", "--json").out)["documents"]
    assert changed.original(document["sha256"], "lease.md").is_file()


@pytest.mark.parametrize("flag", ["--restore", "--diff", "--rm", "--against=spring"])
def test_what_needs_a_name_does_not_list(cli: Cli, in_stocked: Home, flag: str) -> None:
    done = cli("snapshot", flag)
    assert (done.code, done.out) == (2, "") and "no snapshot is named" in done.err


def test_forgetting_reaches_snapshots(cli: Cli, changed: Home) -> None:
    old = json.loads(cli("snapshot", "spring", "--restore", "--yes", "--json").out)["changed"][0]["after"]
    assert "spring" in cli("snapshot").out
    done = cli("forget", "lease.md", "--yes")
    assert "also removed from snapshots: spring" in done.err
    kept = [path for path in changed.root.rglob("*") if path.is_file() and old in str(path)]
    assert kept == []
    abstained = cli("ask", RENT, "--at", "spring", "--model", "extractive", "--json")
    assert json.loads(abstained.out)["ground"] == "abstained"
    assert cli("snapshot", "spring", "--rm", "--yes").code == 0
    assert json.loads(cli("snapshot", "--list", "--json").out) == {"snapshots": []}
    missing = cli("ask", RENT, "--at", "spring")
    assert missing.code == 2 and "there are: none yet" in missing.err
