"""`kb synth` from outside: made, looked at, corrected, added to, imported, exported, killed and made again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from core.files import Home
from tests.support.command import EXAMPLES, ROOT, kb
from tests.support.json_lines import read_jsonl

TRAP = EXAMPLES / "traps" / "hidden-text.pdf"


@pytest.fixture(scope="module")
def there(tmp_path_factory, weights) -> Path:
    """A KB_HOME with the update circular in it."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.models.symlink_to(weights)
    done = kb("ingest", str(EXAMPLES / "update.pdf"), KB_HOME=str(home.root))
    assert done.returncode == 0, done.stderr
    return home.root


@pytest.fixture(scope="module")
def dataset(there, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    done = kb("synth", "--out", str(out), "--json", "--audit", KB_HOME=str(there))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["pairs"] == len(read_jsonl(out / "pairs.jsonl")) > 50
    assert "Next: kb synth review" in done.stderr
    return out


def test_quotes_stand_where_kb_show_has_them(there, dataset):
    citations = [citation for row in read_jsonl(dataset / "pairs.jsonl") for citation in row["evidence"]]
    pages = {}
    for page in {citation["page"] for citation in citations}:
        shown = kb("show", "update.pdf", "--page", str(page + 1), "--json", KB_HOME=str(there))
        pages[page] = json.loads(shown.stdout)["text"]
    assert citations
    for citation in citations:
        assert pages[citation["page"]][citation["start"] : citation["end"]] == citation["quote"]


def test_dry_run_preview_and_their_json_write_nothing(there, tmp_path):
    dry = kb("synth", "--dry-run", "--json", KB_HOME=str(there))
    assert json.loads(dry.stdout) | {"calls": {}, "documents": 1, "pages": 2} == json.loads(dry.stdout)
    preview = kb("synth", "--preview", "3", "--json", "--out", str(tmp_path / "set"), KB_HOME=str(there))
    shown = json.loads(preview.stdout)["rows"]
    assert len(shown) == 3
    assert {"id", "kind", "question", "answer", "context", "evidence", "fact", "group", "split"} <= set(shown[0])
    assert not list(tmp_path.iterdir())


def test_wrong_usage_says_what_to_type(there, tmp_path):
    for arguments, code, says in (
        (("synth", "--seed", "1"), 2, "kb synth --out"),
        (("synth", "--out", str(tmp_path / "x"), "--mode", "both"), 2, "knowledge"),
        (("synth", "--out", str(tmp_path / "x"), "--collection", "none"), 2, "none"),
        (("synth", "review", str(tmp_path)), 5, "no dataset here"),
        (("synth", "export", str(tmp_path), "--to", "openai", "--out", str(tmp_path / "x")), 5, "no dataset here"),
        (("synth", "import", str(tmp_path / "absent.csv"), "--out", str(tmp_path / "x")), 5, "absent.csv"),
        (("synth", "add", "--out", str(tmp_path / "x"), "--question", " ", "--answer", "a"), 2, "must hold text"),
    ):
        done = kb(*arguments, KB_HOME=str(there))
        assert done.returncode == code, (arguments, done.stderr)
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_review_add_import_and_export(there, dataset, tmp_path):
    copy = tmp_path / "set"
    copy.mkdir()
    for path in dataset.glob("*.json*"):
        (copy / path.name).write_bytes(path.read_bytes())
    first, second, third = (row["id"] for row in read_jsonl(copy / "pairs.jsonl")[:3])

    def run(*arguments: str) -> str:
        done = kb("synth", *arguments, KB_HOME=str(there))
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = json.loads(run("review", str(copy), "--accept", first, "--reject", second, "--json"))
    assert {name: said[name] for name in ("accepted", "edited", "rejected")} == {
        "accepted": 1,
        "edited": 0,
        "rejected": 1,
    }
    run("review", str(copy), "--edit", third, "--question", "Asked by a person?")
    run("add", "--out", str(copy), "--question", "Who wrote this?", "--answer", "A person.")
    file = tmp_path / "own.csv"
    file.write_text("question,answer\nWhat is the password?,There is none.\n")
    run("import", str(file), "--out", str(copy), "--split", "train")
    by_id = {row["id"]: row for row in read_jsonl(copy / "pairs.jsonl")}
    assert second not in by_id
    assert by_id[third]["question"] == "Asked by a person?"
    assert {"Who wrote this?", "What is the password?"} <= {row["question"] for row in by_id.values()}
    for to in ("alpaca", "sharegpt", "openai", "trl", "dpo", "text"):
        out = tmp_path / f"{to}.jsonl"
        assert "load_dataset" in run("export", str(copy), "--to", to, "--out", str(out))
        assert read_jsonl(out)


def test_a_person_goes_through_rows_with_keys(there, dataset, tmp_path):
    copy = tmp_path / "set"
    copy.mkdir()
    for path in dataset.glob("*.json*"):
        (copy / path.name).write_bytes(path.read_bytes())
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KB_HOME": str(there)}
    done = subprocess.run(
        [sys.executable, "-m", "kb.cli", "synth", "review", str(copy)],
        input="a\nx\nr\ns\nq\n",
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    assert "1 accepted, 0 edited, 1 rejected" in done.stderr
    assert "evidence" in done.stdout


def test_a_killed_run_leaves_no_half_dataset_and_the_next_one_is_whole(there, dataset, tmp_path):
    out = tmp_path / "set"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KB_HOME": str(there)}
    begun = subprocess.Popen(
        [sys.executable, "-m", "kb.cli", "synth", "--out", str(out), "-q"], env=env, stdout=subprocess.DEVNULL
    )
    while not (out / ".work.sqlite").exists() and begun.poll() is None:
        time.sleep(0.02)
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    assert not (out / "pairs.jsonl").exists()
    assert kb("synth", "--out", str(out), "-q", KB_HOME=str(there)).returncode == 0
    assert (out / "pairs.jsonl").read_bytes() == (dataset / "pairs.jsonl").read_bytes()
    assert not (out / ".work.sqlite").exists()


def test_hidden_text_reaches_no_row(there, tmp_path):
    """The notice hides text in nine ways, each with a canary word; none stands in any file of the dataset."""
    hidden = tomllib.loads((EXAMPLES / "source" / "hidden.toml").read_text(encoding="utf-8"))
    canaries = [entry["canary"] for entries in hidden.values() if isinstance(entries, list) for entry in entries]
    assert len(canaries) >= 9
    assert kb("ingest", str(TRAP), "--collection", "traps", KB_HOME=str(there)).returncode == 0
    out = tmp_path / "set"
    done = kb("synth", "--collection", "traps", "--out", str(out), "-q", KB_HOME=str(there))
    assert done.returncode == 0, done.stderr
    written = "".join(path.read_text(encoding="utf-8") for path in out.glob("*.json*"))
    assert "hidden-text.pdf" in written
    assert not [word for word in canaries if word.casefold() in written.casefold()]
