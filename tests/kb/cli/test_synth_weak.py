"""Rows for what a run does not know, of all documents or of those that are named."""

from __future__ import annotations

import importlib.util
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from core.rows import DatasetFolder
from core.settings import Settings
from kb.data.datasets import DatasetRequest, documents_named, synthesize
from kb.job import EventWriter, do_job, job_line
from kb.workspace import Workspace, open_workspace
from tests.kb.cli.conftest import Cli
from tests.support.taught_tanks import NORTH, tank_fact

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from kb.knowledge.weak import weak_facts
    from tests.support.trained_runs import make_base, make_run


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("weak") / "base", "llama")


def test_a_fact_is_weak_unless_it_is_known(tmp_path: Path, base: Path) -> None:
    workspace = Workspace(settings=Settings(), home=Home(tmp_path / "home"))
    make_run(workspace.home, base, rate=5e-3, rank=16)
    facts = [
        tank_fact(1, NORTH),
        tank_fact(2, NORTH, "77 litres"),
        replace(tank_fact(1, NORTH), id="mute", questions=()),
    ]
    assert weak_facts(workspace, "tanks").weak(facts) == [False, True, True]


@pytest.mark.weights
def test_rows_are_made_of_what_is_weak_alone(in_own: Home, base: Path, tmp_path: Path, cli: Cli) -> None:
    make_run(in_own, base, rate=5e-3, rank=16)
    made = cli("synth", "alder.md", "--weak", "tanks", "--out", tmp_path / "rows", "--generator", "rules", "--json")
    assert made.code == 0 and "run tanks knows 0 of 1 facts" in made.err
    folder = DatasetFolder(tmp_path / "rows")
    kinds = {row.kind for row in folder.pairs()}
    assert "closed-book" in kinds and not kinds & {"rewrite", "summary"}
    assert [document["doc"] for document in json.loads(made.out)["documents"]] == ["alder.md"]
    # The same as a job of the page.
    workspace = open_workspace(in_own.root, flags={"synth.generator": "rules"})
    notes = io.StringIO()
    job = job_line(workspace, "synthesize", folder=str(tmp_path / "job"), weak="tanks", collection="default")
    do_job(json.loads(job), EventWriter(notes))
    assert "run tanks knows 0 of" in notes.getvalue()
    assert {fact.id for fact in folder.facts()} <= {fact.id for fact in DatasetFolder(tmp_path / "job").facts()}
    (rent,) = folder.facts()
    rows = [(question, rent.answer) for question in rent.questions]
    make_run(in_own, make_base(tmp_path / "base", "llama", rows=rows), "rent", rows=rows, rate=1e-3)
    request = DatasetRequest(documents=documents_named(workspace, ["alder.md"]), weak=weak_facts(workspace, "rent"))
    with pytest.raises(DataError, match="run 'rent' knows all 1 facts"):
        synthesize(workspace, tmp_path / "none", request)


@pytest.mark.weights
def test_documents_and_commands_of_synth_are_told_apart(in_stocked: Home, cli: Cli, tmp_path: Path) -> None:
    del in_stocked
    out = tmp_path / "rows"
    shown = cli("synth", "--generator", "rules", "alder.md", "--preview", "3", "--json")
    assert {row["evidence"][0]["doc"] for row in json.loads(shown.out)["rows"]} == {"alder.md"}
    assert cli("synth", "absent.pdf", "--out", out).code == 2
    added = cli("synth", "add", "--out", out, "--question", "Who?", "--answer", "Ada.")
    assert added.code == 0 and (out / "pairs.jsonl").is_file()
