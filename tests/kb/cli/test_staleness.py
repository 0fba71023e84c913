"""What datasets and runs learned is compared with the collection: current, changed, forgotten, or not known."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.learned import Taught, taught_by
from core.rows import DatasetFolder, write_rows
from core.types import Citation, Fact, Pair, RunCard
from finetune.recipe import Recipe
from finetune.runs import create_run
from kb.answering import open_answerer
from kb.ingest import ingest, plan_ingest
from kb.maintenance import forget_documents
from kb.staleness import (
    check_served,
    known_datasets,
    learned_documents,
    register_dataset,
    run_rows,
    stale_documents,
    stale_line,
)
from kb.workspace import open_workspace
from rag.catalogue.reader import CatalogueReader
from rag.open import open_knowledge
from tests.kb.cli.conftest import Cli

pytestmark = pytest.mark.weights


@pytest.fixture
def taught_home(own_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a dataset outside it, of one fact of update.pdf and two rows on it, and a run that learned it."""
    monkeypatch.setenv("KB_HOME", str(own_home.root))
    catalogue = CatalogueReader(own_home.catalogue)
    documents = [{"doc": each.doc, "sha256": each.sha256} for each in catalogue.documents("default")]
    update = catalogue.resolve("default", "update.pdf")
    quote = catalogue.page_text("default", update.sha256, 0)[:20]
    evidence = (Citation(doc="update.pdf", sha256=update.sha256, page=0, start=0, end=20, quote=quote),)
    folder = tmp_path / "rows"
    write_rows(folder / "facts.jsonl", [Fact(id="f1", statement="It changes.", evidence=evidence)])
    rows = [
        Pair(
            id=str(number),
            kind="closed-book",
            question="What does it do?",
            answer="It changes.",
            context="",
            evidence=evidence,
            fact="f1",
            group="g",
            split="train",
        )
        for number in range(2)
    ]
    write_rows(folder / "pairs.jsonl", rows)
    counts = {"documents": {"update.pdf": 2, "alder.md": 0}}
    manifest = {"collection": "default", "documents": documents, "counts": counts}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    register_dataset(own_home, folder)
    taught = taught_by(DatasetFolder(folder))
    card = RunCard(
        name="first",
        base="smollm2",
        method="lora",
        data_sha256="0",
        seed=0,
        versions={},
        data=str(folder),
        collection=taught.collection,
        documents=taught.documents,
    )
    create_run(own_home, card, Recipe(base="smollm2"))
    return own_home


def _states(home: Home) -> dict[str, str]:
    (row,) = run_rows(home, lambda error: pytest.fail(str(error)))
    return {document["doc"]: document["state"] for document in row["documents"]}


def test_a_run_is_marked_when_its_documents_change_or_go(taught_home: Home, tmp_path: Path) -> None:
    assert _states(taught_home) == {"update.pdf": "current"}
    assert stale_documents(taught_home) == []
    workspace = open_workspace(taught_home.root)
    forget_documents(workspace, ["update.pdf"])
    assert _states(taught_home)["update.pdf"] == "forgotten"
    (stale,) = stale_documents(taught_home, "default")
    assert stale.runs == ("first",)
    assert stale.datasets == {str(tmp_path / "rows"): (("f1",), 2)}
    other = tmp_path / "other" / "update.pdf"
    other.parent.mkdir()
    shutil.copy(Path(__file__).parents[3] / "examples" / "manual.pdf", other)
    ingest(workspace, plan_ingest([other]))
    (changed,) = stale_documents(taught_home, "default")
    assert (changed.document.state, len(changed.document.version)) == ("changed", 64)
    assert stale_documents(taught_home, "elsewhere") == []


def test_lists_show_the_marks_and_json_holds_them(taught_home: Home, cli: Cli) -> None:
    assert json.loads(cli("list", "--json").out)["stale"] == []
    assert "stale" not in cli("runs", "list").out
    assert cli("forget", "update.pdf", "--yes").code == 0
    listed = cli("list").out
    assert "stale: update.pdf (forgotten, was " in listed and "run first" in listed and " facts, " in listed
    (stale,) = json.loads(cli("list", "--json").out)["stale"]
    assert stale["state"] == "forgotten" and stale["runs"] == ["first"] and stale["datasets"][0]["facts"]
    assert "stale: first learned update.pdf (forgotten)" in cli("runs", "list").out
    (row,) = json.loads(cli("runs", "list", "--json").out)["runs"]
    assert row["stale"] and {"doc", "sha256", "state"} == set(row["documents"][0])
    assert "stale: first learned update.pdf (forgotten)" in cli("runs", "show", "first").out
    assert json.loads(cli("runs", "show", "first", "--json").out)["stale"]


def test_a_run_that_knows_a_forgotten_document_is_refused_where_that_is_set(taught_home: Home) -> None:
    refusing = open_workspace(taught_home.root, flags={"serve.forgotten": "refuse"})
    notes: list[str] = []
    check_served(refusing.settings, taught_home, "run:first", notes.append)
    forget_documents(refusing, ["update.pdf"])
    for spec in ("run:first", "ollama:kb-first"):
        with pytest.raises(ConfigError, match=r"forgotten since: update\.pdf"):
            check_served(refusing.settings, taught_home, spec)
    check_served(refusing.settings, taught_home, "extractive")
    check_served(refusing.settings, taught_home, "run:absent")
    knowledge = open_knowledge(refusing.settings, taught_home, "default")
    with pytest.raises(ConfigError, match="forgotten since"):
        open_answerer(refusing, knowledge, model="run:first")
    check_served(open_workspace(taught_home.root).settings, taught_home, "run:first", notes.append)
    assert len(notes) == 1 and "serve.forgotten=refuse" in notes[0]


def test_documents_of_other_homes_are_not_called_forgotten(own_home: Home) -> None:
    catalogue = CatalogueReader(own_home.catalogue)
    foreign = Taught(collection="default", documents=({"doc": "theirs.pdf", "sha256": "f" * 64},))
    (document,) = learned_documents(catalogue, foreign, made_here=False)
    assert document.state == "unknown" and not document.is_stale
    (document,) = learned_documents(catalogue, foreign, made_here=True)
    assert document.state == "forgotten"
    (document,) = learned_documents(catalogue, replace(foreign, collection="gone"), made_here=True)
    assert document.state == "unknown"
    (document,) = learned_documents(None, foreign, made_here=True)
    assert document.state == "unknown"


def test_a_run_without_a_record_of_its_documents_is_judged_by_its_dataset(taught_home: Home) -> None:
    run = taught_home.runs / "first" / "run.json"
    card = json.loads(run.read_text(encoding="utf-8"))
    del card["documents"], card["collection"]
    run.write_text(json.dumps(card), encoding="utf-8")
    assert _states(taught_home)["update.pdf"] == "current"
    shutil.rmtree(card["data"])
    assert _states(taught_home) == {}


def test_registered_folders_are_kept_while_they_are_there(taught_home: Home, tmp_path: Path) -> None:
    assert known_datasets(taught_home) == [tmp_path / "rows"]
    register_dataset(taught_home, tmp_path / "rows")
    shutil.rmtree(tmp_path / "rows")
    assert known_datasets(taught_home) == []
    (taught_home.root / "datasets.json").write_text("{", encoding="utf-8")
    register_dataset(taught_home, tmp_path / "other")
    assert known_datasets(taught_home) == []


def test_a_line_names_what_is_stale_alone() -> None:
    documents = [{"doc": "a.pdf", "state": "current"}, {"doc": "b.pdf", "state": "changed"}]
    assert stale_line({"run": "r", "documents": documents}) == "stale: r learned b.pdf (changed)"
    assert stale_line({"run": "r", "documents": documents[:1]}) == ""
