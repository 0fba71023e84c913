"""`kb config show`, `kb reindex`, `kb backup`, `kb doctor`: what each reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli


def test_settings_are_shown_with_their_source(cli: Cli, home: Home) -> None:
    done = cli("config", "show", "--set", "rag.top_k=3")
    row = next(line for line in done.out.splitlines() if line.startswith("rag.top_k "))
    assert row.split()[1:3] == ["3", "flag"]
    assert "synth.shares               12 values (--json)" in done.out
    shown = json.loads(cli("config", "show", "--json", "--set", "rag.top_k=3").out)
    assert shown["settings"]["rag.top_k"] == {"value": 3, "source": "flag"} and shown["home"] == str(home.root)


@pytest.mark.weights
def test_an_index_is_rebuilt(cli: Cli, in_own: Home) -> None:
    done = cli("reindex")
    assert done.code == 0 and "chunks, embedded 0 documents anew. Next: kb search QUERY" in done.err
    assert cli("reindex", "--collection", "none").code == 2


@pytest.mark.weights
def test_a_backup_is_written_where_asked(cli: Cli, in_own: Home, tmp_path: Path) -> None:
    path = tmp_path / "kb.tar.gz"
    done = cli("backup", "--out", path)
    assert done.code == 0 and path.is_file() and f"Next: kb backup --restore {path}" in done.err
    assert cli("backup", "--restore", path).code == 2  # the home is not empty


def test_a_backup_that_is_not_there_is_named(cli: Cli, home: Home, tmp_path: Path) -> None:
    done = cli("backup", "--restore", tmp_path / "gone.tar.gz")
    assert done.code == 2 and f"{tmp_path / 'gone.tar.gz'}: there is no such file" in done.err


@pytest.mark.weights
def test_the_doctor_ends_in_one_verdict(cli: Cli, in_stocked: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_RAG__OLLAMA_URL", "http://127.0.0.1:9")
    done = cli("doctor")
    assert (done.code, done.out.splitlines()[-1]) == (0, "verdict: kb is ready")
    report = json.loads(cli("doctor", "--json").out)
    assert report["ok"] and {"home", "embedder", "model"} <= {check["name"] for check in report["checks"]}
    monkeypatch.setenv("KB_RAG__MODEL", "nonsense")
    assert cli("doctor").code == 1
