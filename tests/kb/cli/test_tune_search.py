"""`kb tune-search`: a plan, figures as lines or one document, and a way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli
from tests.support.jargon import write_leases, write_questions

pytestmark = pytest.mark.weights


def test_it_is_planned_done_used_and_taken_back(cli: Cli, model_home: Home, tmp_path: Path) -> None:
    write_leases(tmp_path / "leases")
    write_questions(tmp_path / "q.jsonl")
    assert cli("ingest", tmp_path / "leases", "--quiet").code == 0
    planned = cli("tune-search", "--data", tmp_path / "q.jsonl", "--dry-run")
    assert planned.code == 0 and "held out to measure" in planned.out and "Next" not in planned.err
    assert not model_home.search_tuning("default").exists()
    done = cli("tune-search", "--data", tmp_path / "q.jsonl", "--json")
    report = json.loads(done.out)
    assert done.code == 0 and report["kept"] and report["source"] == str(tmp_path / "q.jsonl")
    assert "kb eval FILE.jsonl --against rag.tuned=false" in done.err
    compared = json.loads(cli("eval", tmp_path / "q.jsonl", "--against", "rag.tuned=false", "--json").out)
    assert compared["difference"]["page_hit@1"]["low"] > 0
    assert "search tuned by" in cli("doctor").out
    assert cli("tune-search", "--reset").out == "removed: searches follow the settings\n"
    assert json.loads(cli("tune-search", "--reset", "--json").out) == {"removed": False}


def test_what_cannot_be_used_is_named(cli: Cli, in_stocked: Home, tmp_path: Path) -> None:
    done = cli("tune-search", "--data", tmp_path / "none")
    assert done.code == 2 and "neither a dataset folder" in done.err and "hint: kb synth" in done.err
    done = cli("tune-search")
    assert done.code == 2 and "3 documents or more are needed" in done.err and "hint: kb ingest" in done.err
