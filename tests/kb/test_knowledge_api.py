"""The methods of `KnowledgeBase` on knowledge give what the workflows and commands give."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb import KnowledgeBase
from kb.knowledge_api import KnowledgeMethods
from kb.workspace import Workspace
from tests.kb.conftest import EXAMPLES
from tests.support.jargon import write_leases, write_questions


def test_they_are_part_of_the_public_class() -> None:
    own = {name for name in vars(KnowledgeMethods) if not name.startswith("_")}
    assert own == {"contradictions", "knows", "refresh", "restore", "snapshot", "snapshots", "tune_search"}
    assert all(getattr(KnowledgeBase, name) is getattr(KnowledgeMethods, name) for name in own)


def test_runs_that_are_not_there_are_named(tmp_path: Path) -> None:
    for method in (KnowledgeBase(tmp_path).knows, KnowledgeBase(tmp_path).refresh):
        with pytest.raises(ConfigError, match="unknown run 'nope'"):
            method("nope")


@pytest.mark.weights
def test_contradictions_and_snapshots(own_home: Home) -> None:
    base = KnowledgeBase(own_home.root, model="extractive")
    base.ingest(EXAMPLES / "handbook.pdf")
    seen: list[tuple[int, int]] = []
    disagreeing = base.contradictions("update.pdf", on_progress=lambda *step: seen.append(step))
    assert disagreeing and seen[-1][1] == 3
    assert {side.place.doc for each in disagreeing for side in each.sides} == {"handbook.pdf", "update.pdf"}
    assert base.contradictions("alder.md") == []
    taken = base.snapshot("before-may")
    assert (taken.name, taken.documents) == ("before-may", 3) and base.snapshots() == [taken]
    base.forget("alder.md")
    base.ingest(EXAMPLES / "manual.pdf")
    base.restore("before-may")
    assert [document.doc for document in base.documents()] == ["handbook.pdf", "update.pdf"]
    with pytest.raises(ConfigError, match="no snapshot 'nope'"):
        base.restore("nope")


@pytest.mark.weights
def test_the_search_is_tuned_and_open_collections_follow(model_home: Home, tmp_path: Path) -> None:
    write_leases(tmp_path / "leases")
    write_questions(tmp_path / "q.jsonl")
    base = KnowledgeBase(model_home.root, model="extractive")
    base.ingest(tmp_path / "leases")
    question = json.loads((tmp_path / "q.jsonl").read_text().splitlines()[0])["question"]
    before = [hit.score for hit in base.search(question)]
    report = base.tune_search(tmp_path / "q.jsonl")
    assert report.kept and report.seed == 0
    assert [hit.score for hit in base.search(question)] != before


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]")
def test_what_a_run_knows_is_the_map_of_the_command(tmp_path: Path) -> None:
    from kb.knowledge.map import knowledge_map
    from tests.support.taught_tanks import NORTH, tank_dataset, tank_fact, taught_on
    from tests.support.trained_runs import make_base, make_run

    base = KnowledgeBase(tmp_path / "home")
    workspace: Workspace = base._workspace
    run = make_run(workspace.home, make_base(tmp_path / "base", "llama"), rate=5e-3, rank=16)
    taught_on(run, tank_dataset(workspace.home, tmp_path / "rows", [tank_fact(1, NORTH), tank_fact(2, NORTH)]))
    record = base.knows("tanks")
    assert record["total"]["n"] == 2 and record == knowledge_map(workspace, "tanks")
    # Documents that are not in this home are no ground to train again.
    assert base.refresh("tanks")["trained"] is False
