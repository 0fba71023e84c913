"""Rows out of documents are made once, audited without training, and made anew where the documents are others."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from finetune.load_recipe import load_recipe
from finetune.training.machine import this_machine
from kb.ingest import ingest, plan_ingest
from kb.training.examine import audit_training
from kb.training.from_docs import free_name, rows_from_docs, slug, unfinished_from_docs
from kb.training.request import TrainingRequest
from kb.workspace import Workspace, open_workspace
from tests.support.command import kb
from tests.support.json_lines import read_jsonl
from tests.support.tiny_models import tiny_folder

pytestmark = [
    pytest.mark.weights,
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]


def _workspace(home: Home) -> Workspace:
    return open_workspace(home.root, flags={"synth.generator": "rules"})


def test_rows_are_audited_and_stay_for_the_run(own_home: Home, tmp_path: Path) -> None:
    base = tiny_folder(tmp_path / "base", max_position_embeddings=4096)
    notes: list[str] = []
    request = TrainingRequest(from_docs=True, choices={"base": str(base), "method": "lora", "minutes": 0})
    stages: set[str] = set()
    examined = audit_training(
        _workspace(own_home), request, on_note=notes.append, on_rows=lambda progress: stages.add(progress.stage)
    )
    folder = own_home.root / "datasets" / "default-1"
    rows = [row for row in read_jsonl(folder / "pairs.jsonl") if row["split"] == "train"]
    assert examined.audit is not None and not examined.assumed and "rows" in stages
    kinds = {kind.kind: kind.rows for kind in examined.audit.kinds if not kind.planned}
    assert 0 < sum(kinds.values()) <= len(rows) and "closed-book" in kinds
    assert not own_home.runs.exists() or not any(own_home.runs.iterdir())
    audit_training(_workspace(own_home), request, on_note=notes.append)
    assert f"rows: using {folder}" in notes


def test_rows_of_other_documents_are_made_anew(own_home: Home, tmp_path: Path) -> None:
    workspace, request = _workspace(own_home), TrainingRequest(from_docs=True, name="mine")
    recipe = load_recipe("smollm2-cpu", this_machine(), flags={}, pairs=())
    notes: list[str] = []
    folder = rows_from_docs(workspace, request, recipe, on_note=notes.append)
    before = (folder / "pairs.jsonl").read_bytes()
    paper = tmp_path / "elm.md"
    paper.write_text("# Elm lease\n\nThe monthly rent is $2,150. The deposit is three months' rent.\n")
    ingest(workspace, plan_ingest([paper]))
    assert rows_from_docs(workspace, request, recipe, on_note=notes.append) == folder
    assert "the documents are others" in notes[-2] and (folder / "pairs.jsonl").read_bytes() != before
    assert b"2,150" in (folder / "facts.jsonl").read_bytes()
    # A run stands on its rows, whatever became of the documents.
    (own_home.runs / "mine").mkdir(parents=True)
    paper.write_text("# Elm lease\n\nThe monthly rent is $2,200.\n")
    ingest(workspace, plan_ingest([paper]))
    assert rows_from_docs(workspace, request, recipe, on_note=notes.append) == folder
    assert notes[-1] == f"rows: using {folder}"


def test_names_are_free_and_say_the_collection(own_home: Home) -> None:
    assert (free_name(own_home, "Case Files!"), slug("...")) == ("case-files-1", "run")
    assert unfinished_from_docs(_workspace(own_home)) == []
    with pytest.raises(ConfigError, match=r"--skip synth: .* has no rows"):
        recipe = load_recipe("smollm2-cpu", this_machine(), flags={}, pairs=())
        skipping = TrainingRequest(from_docs=True, skip=frozenset({"synth"}))
        rows_from_docs(_workspace(own_home), skipping, recipe)


def test_the_command_audits_what_documents_give(own_home: Home, tmp_path: Path) -> None:
    base = tiny_folder(tmp_path / "base", max_position_embeddings=4096)
    done = kb("finetune", "--from-docs", "--dry-run", "--base", str(base), "--minutes", "0", KB_HOME=str(own_home.root))
    assert done.returncode == 0, done.stderr
    assert "closed-book" in done.stdout and "default-1" in done.stderr
