"""A run is trained on what changed in its documents alone, and takes its own name again."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.files import Home
from core.rows import DatasetFolder
from kb.data.datasets import DatasetRequest, documents_named, synthesize
from kb.ingest import ingest, plan_ingest
from kb.maintenance import forget_documents
from kb.staleness import learner_of_run
from kb.workspace import Workspace, open_workspace
from tests.support.command import kb
from tests.support.taught_tanks import taught_on

pytestmark = [
    pytest.mark.weights,
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.runs import TrainingRun, list_runs, open_run, read_card, read_recipe, write_recipe
    from kb.training.refreshing import refresh_lines, refresh_run
    from tests.support.trained_runs import make_base, make_run

_SMALL = {"max_steps": 2, "batch_size": 2, "micro_batch": 2, "eval_rows": 0, "dpo": False, "packing": "none"}
NEW_RENT = "# Alder lease\n\nThe monthly rent is $1,600. The deposit is two months' rent.\n"


def _learned(workspace: Workspace, base: Path, rows: Path, name: str, *, answer: str) -> TrainingRun:
    """A run on the rows of alder.md that answers everything alike."""
    request = DatasetRequest(documents=documents_named(workspace, ["alder.md"]))
    if not rows.is_dir():
        synthesize(workspace, rows, request)
    (rent,) = DatasetFolder(rows).facts()
    taught = [(text, answer) for text in rent.questions]
    run = make_run(workspace.home, base, name, rows=taught, rate=5e-3, rank=16)
    write_recipe(run, read_recipe(run).model_copy(update=_SMALL))
    taught_on(run, rows)
    return run


def _states(home: Home, name: str) -> dict[str, str]:
    return {each.doc: each.state for each in learner_of_run(home, read_card(open_run(home, name))).documents}


def test_what_changed_is_trained_and_the_run_before_is_kept(own_home: Home, tmp_path: Path) -> None:
    workspace = open_workspace(own_home.root, flags={"synth.generator": "rules"})
    asked = [(f"How much is the rent of house {number}?", "$1,600") for number in range(4)]
    base = make_base(tmp_path / "base", "llama", rows=asked)
    rows, changed = tmp_path / "rows", tmp_path / "changed" / "alder.md"
    _learned(workspace, base, rows, "wrong", answer="$1,450")
    _learned(workspace, base, rows, "right", answer="$1,600")
    notes: list[str] = []
    report = refresh_run(workspace, "wrong", on_note=notes.append)
    assert not report["trained"] and report["documents"] == [] and refresh_lines(report) == ["wrong: nothing changed"]

    changed.parent.mkdir()
    changed.write_text(NEW_RENT, encoding="utf-8")
    forget_documents(workspace, ["alder.md"])
    assert _states(own_home, "wrong") == {"alder.md": "forgotten"}
    refresh_run(workspace, "wrong", on_note=notes.append)
    assert any("to take it out: kb forget alder.md --from-runs" in note for note in notes)
    ingest(workspace, plan_ingest([changed]))
    assert _states(own_home, "wrong") == {"alder.md": "changed"}

    # The new rent is what this run answers already.
    report = refresh_run(workspace, "right", on_note=notes.append)
    assert not report["trained"] and report["facts"] == {"asked": 1, "weak": 0}
    assert _states(own_home, "right") == {"alder.md": "current"}

    report = refresh_run(workspace, "wrong", on_note=notes.append)
    assert report["trained"] and report["facts"]["asked"] == report["facts"]["weak"] == 1
    assert report["documents"][0]["state"] == "changed"
    assert _states(own_home, "wrong") == {"alder.md": "current"}
    assert {run.name for run in list_runs(own_home)} == {"wrong", "wrong.before", "right"}
    card = read_card(open_run(own_home, "wrong"))
    assert read_recipe(open_run(own_home, "wrong")).continues == "wrong"
    taught = list(DatasetFolder(Path(card.data)).pairs("train"))
    assert taught and all(replace(row, question="").evidence[0].sha256 == card.documents[0]["sha256"] for row in taught)
    assert refresh_lines(report)[0] == "wrong: alder.md (changed)"
    assert refresh_run(workspace, "wrong")["documents"] == []
    shown = kb("refresh", "wrong", "--json", KB_HOME=str(own_home.root))
    assert json.loads(shown.stdout) == {"run": "wrong", "documents": [], "trained": False, "facts": {"weak": 0}}
