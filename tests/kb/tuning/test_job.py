"""A tuned search end to end, with real weights and documents: what is kept gains, and what does not gain is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.evaluation import evaluate
from kb.ingest import ingest, plan_ingest
from kb.maintenance import forget_documents, rebuild_index
from kb.scope import open_collection
from kb.tuning.job import TuneRequest, plan_tuning, reset_tuning, tune_search
from kb.workspace import Workspace, open_workspace
from rag.doctor import examine
from rag.search.tuned import SearchWeights, read_tuning
from tests.kb.conftest import EXAMPLES
from tests.support.jargon import write_leases, write_questions

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def leases_home(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Twelve leases of four pages, and in `questions.jsonl` what tenants ask in words of their own."""
    home = Home(tmp_path_factory.mktemp("leases"))
    home.models.symlink_to(weights)
    write_leases(home.root / "leases")
    write_questions(home.root / "questions.jsonl")
    ingest(open_workspace(home.root), plan_ingest([home.root / "leases"]))
    return home


@pytest.fixture
def leases(leases_home: Home, tmp_path: Path) -> Workspace:
    shutil.copytree(leases_home.root, tmp_path / "own", symlinks=True)
    return open_workspace(tmp_path / "own")


def page_hits(workspace: Workspace) -> float:
    return float(evaluate(workspace, workspace.home.root / "questions.jsonl").metrics["page_hit@1"]["value"])


def test_words_of_their_own_are_learned_and_hold_for_other_documents(leases: Workspace) -> None:
    request = TuneRequest(data=leases.home.root / "questions.jsonl")
    plan, before = plan_tuning(leases, request), page_hits(leases)
    assert not plan.kept and not plan.after and read_tuning(leases.home.search_tuning("default")) is None
    stages: list[str] = []
    report = tune_search(leases, request, on_progress=lambda stage, *_: stages.append(stage))
    assert report.kept and "adapter" in report.chosen
    assert list(dict.fromkeys(stages)) == ["making questions", "searching", "fitting", "measuring"]
    assert report.questions == plan.questions
    assert sum(part["questions"] for part in report.questions.values()) == 48
    assert report.difference["page_hit@1"]["low"] > 0 and report.difference["mrr"]["low"] > 0
    assert report.after["page_hit@1"]["n"] == report.questions["held_out"]["questions"]
    kept = read_tuning(leases.home.search_tuning("default"))
    assert kept is not None and kept.report == report.to_json()
    assert len(kept.documents) == 12 - report.questions["held_out"]["documents"]
    # Every search uses it now: of all questions, and unless a setting says otherwise.
    assert page_hits(leases) > before + 0.3
    assert page_hits(leases.with_rag(tuned=False)) == before
    (check,) = (check for check in examine(leases.settings, leases.home) if check.name == "collection default")
    assert check.state == "good" and kept.line() in check.detail
    # The same questions again: the search as it is has what there is to gain.
    written = leases.home.search_tuning("default").read_bytes()
    again = tune_search(leases, request)
    assert not again.kept and again.reason.startswith("nothing was kept")
    assert leases.home.search_tuning("default").read_bytes() == written
    assert reset_tuning(leases) and not reset_tuning(leases) and page_hits(leases) == before


def test_it_goes_with_a_document_it_was_fitted_to_and_with_the_embedder(leases: Workspace) -> None:
    request = TuneRequest(data=leases.home.root / "questions.jsonl", seed=1)
    assert tune_search(leases, request).kept
    path, notes = leases.home.search_tuning("default"), []
    kept = read_tuning(path)
    assert kept is not None
    rebuild_index(leases, on_note=notes.append)
    assert path.is_file() and not notes
    others = {document.sha256 for document in open_collection(leases).catalogue.documents("default")}
    forget_documents(leases, sorted(others - set(kept.documents))[:1], on_note=notes.append)
    assert path.is_file() and not notes
    forget_documents(leases, kept.documents[:1], on_note=notes.append)
    assert not path.exists() and any("kb tune-search" in note for note in notes)
    # One of another embedder is not used, and a rebuilt index drops it.
    kept = type(kept)(
        collection="default", embedder={"model": "other", "dimension": 3}, base=kept.base, weights=kept.base
    )
    kept.write(path)
    notes.clear()
    open_collection(leases, on_note=notes.append)
    assert len(notes) == 1 and "embedder other" in notes[0]
    rebuild_index(leases.with_rag(tuned=False), on_note=notes.append)
    assert not path.exists() and "is removed" in notes[-1]


def test_rows_made_by_rules_are_enough_and_nothing_is_kept_without_a_gain(model_home: Home) -> None:
    workspace = open_workspace(model_home.root)
    names = ("handbook.pdf", "manual.pdf", "update.pdf")
    ingest(workspace, plan_ingest([EXAMPLES / name for name in names]))
    report = tune_search(workspace, TuneRequest(minutes=0.2))
    assert report.source == "rules" and all(part["documents"] == 1 for part in report.questions.values())
    assert set(report.tried) == {"present", "weights", "adapter", "adapter and weights"}
    gained = all(report.difference[name]["low"] > 0 for name in ("page_hit@1", "mrr"))
    assert report.kept == gained == workspace.home.search_tuning("default").is_file()
    assert report.weights["before"] == {"dense": 1.0, "bm25": 0.3, "router": 1.0, "figures": 1.0}
    assert SearchWeights.of(workspace.settings.rag).bm25 == 0.3


def test_two_documents_are_too_few(stocked: Workspace) -> None:
    with pytest.raises(ConfigError, match="3 documents or more"):
        tune_search(stocked)
