"""`kb synth review`: decisions by id, by key and in an editor; a second call resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli


@pytest.fixture
def dataset(cli: Cli, home: Home, tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text("question,answer\n" + "".join(f"Question {n}?,Answer {n}.\n" for n in range(4)))
    folder = tmp_path / "set"
    assert cli("synth", "import", path, "--out", folder, "--split", "train", "-q").code == 0
    return folder


def rows(cli: Cli, dataset: Path, *flags: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(cli("synth", "review", dataset, "--json", *flags).out)["rows"]
    return shown


def test_decisions_are_taken_by_id_and_applied(cli: Cli, dataset: Path) -> None:
    first, second, third, _ = (row["id"] for row in rows(cli, dataset))
    done = cli("synth", "review", dataset, "--accept", first, "--reject", second, "--note", "twice", "--json")
    assert json.loads(done.out) == {"accepted": 1, "edited": 0, "rejected": 1, "splits": json.loads(done.out)["splits"]}
    edited = cli("synth", "review", dataset, "--edit", third, "--answer", "Better.")
    assert "1 accepted, 1 edited, 1 rejected" in edited.err and "Next: kb synth export" in edited.err
    assert len(rows(cli, dataset)) == 1
    decided = {row["id"]: row for row in rows(cli, dataset, "--all")}
    assert decided[third]["answer"] == "Better." and decided[first]["decision"]["action"] == "accept"


def test_an_edit_must_change_something_and_an_id_must_exist(cli: Cli, dataset: Path) -> None:
    row = rows(cli, dataset)[0]["id"]
    assert "nothing to change" in cli("synth", "review", dataset, "--edit", row).err
    assert cli("synth", "review", dataset, "--accept", "no-such-row").code in (2, 5)


def test_keys_decide_row_after_row_and_the_next_call_resumes(cli: Cli, dataset: Path) -> None:
    done = cli("synth", "review", dataset, stdin="a\nx\nr\nq\n")
    assert done.code == 0 and "1 accepted, 0 edited, 1 rejected" in done.err
    assert "Question 0?" in done.out and "1 of 4" in done.out
    assert "1 of 2" in cli("synth", "review", dataset, stdin="s\ns\n").out


def test_an_editor_changes_the_parts_of_a_row(
    cli: Cli, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.sh"
    script.write_text("#!/bin/sh\nsed -i 's/Answer 0\\./Changed./' \"$1\"\n")
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    done = cli("synth", "review", dataset, stdin="e\nq\n")
    assert "1 edited" in done.err
    assert "Changed." in [row["answer"] for row in rows(cli, dataset, "--all")]
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    broken = cli("synth", "review", dataset, stdin="e\n")
    assert broken.code == 2 and "the editor '/no/such/editor' failed" in broken.err


def test_nothing_decided_changes_nothing(cli: Cli, dataset: Path) -> None:
    before = (dataset / "pairs.jsonl").read_bytes()
    done = cli("synth", "review", dataset, stdin="q\n")
    assert done.code == 0 and "no decisions" in done.err
    assert (dataset / "pairs.jsonl").read_bytes() == before


def test_the_system_message_and_every_turn_are_shown(cli: Cli, tmp_path: Path) -> None:
    turns = [("system", "Be a pirate."), ("user", "Fast?"), ("assistant", "No."), ("user", "When?")]
    messages = [{"role": role, "content": text} for role, text in (*turns, ("assistant", "At noon."))]
    messages[2]["weight"] = "0"
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"messages": messages}), encoding="utf-8")
    assert cli("synth", "import", path, "--out", tmp_path / "set", "-q").code == 0
    shown = cli("synth", "review", tmp_path / "set", stdin="q\n").out
    assert [name for name in ("system", "turn 1, not trained", "question", "answer") if name not in shown] == []
    assert shown.index("Be a pirate.") < shown.index("Fast?") < shown.index("When?")
