"""A whole comparison as a function: what is refused at once, the report, and a second call that asks nothing again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.types import RunCard
from finetune.recipe import Recipe
from finetune.runs import create_run
from kb.comparison.arms import ArmSpec
from kb.comparison.job import ComparisonRequest, compare
from kb.scope import open_collection
from kb.workspace import Workspace, open_workspace
from tests.support.tiny_models import pair, write_jsonl

ARMS = ("read=extractive+rag", "blind=extractive")


def test_a_request_that_cannot_be_done_is_refused_before_anything_is_asked(home: Home, tmp_path: Path) -> None:
    workspace = open_workspace()
    for request, reason in (
        (ComparisonRequest(), "name a run, or two arms"),
        (ComparisonRequest(arms=["a=extractive", "a=smollm2"]), "same name"),
        (ComparisonRequest(arms=["a=extractive", "b=extractive"], experiments=True), "require a run"),
        (ComparisonRequest(arms=["a=extractive", "b=extractive"]), "no folder for the report"),
        (ComparisonRequest(arms=["a=extractive", "b=extractive"], out=tmp_path), "no questions"),
        (ComparisonRequest(arms=["a=extractive", "b=extractive"], judge="extractive"), "cannot judge itself"),
        (ComparisonRequest(reference="extractive"), "name a run, or two arms"),
        (ComparisonRequest(arms=["a=extractive"], reference="gpt-4o"), "unknown model 'gpt-4o'"),
        (ComparisonRequest(arms=["reference=extractive"], reference="smollm2"), "same name"),
    ):
        with pytest.raises(ConfigError, match=reason):
            compare(workspace, request)


@pytest.mark.weights
def test_a_comparison_is_written_and_resumed(stocked: Workspace, tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    rows = [
        {"question": "What is the rent in the Alder lease?", "answer": "$1,450", "doc": "alder.md", "pages": [0]},
        {"question": "How much is the deposit?", "answer": "two months' rent", "doc": "alder.md", "pages": [0]},
        {"question": "Who painted the harbour?", "answer": None},
    ]
    questions.write_text("\n".join(map(json.dumps, rows)))
    request = ComparisonRequest(arms=ARMS, questions=[questions], out=tmp_path / "out", command="kb compare")
    replies: list[int] = []
    done = compare(stocked, request, on_progress=lambda progress: replies.append(progress.done))
    assert done.folder == tmp_path / "out" and done.verdict
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(done.report)
    )
    assert (tmp_path / "out" / "report.html").is_file() and max(replies) == 6
    outputs = (tmp_path / "out" / "outputs.jsonl").read_bytes()
    compare(stocked, request)
    assert (tmp_path / "out" / "outputs.jsonl").read_bytes() == outputs


@pytest.mark.slow
@pytest.mark.weights
def test_a_run_is_probed_and_asked_about_what_it_was_not_taught(
    own_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_workspace(own_home.root, flags={"rag.model": "extractive"})
    documents = {one.doc: one for one in open_collection(workspace).catalogue.documents(workspace.collection)}
    data = tmp_path / "data"
    row = pair(1, question="What is the monthly rent?", answer="$1,450", split="test", fact="rent")
    write_jsonl(data / "pairs.jsonl", [row, {**row, "id": "p2", "split": "train", "question": "How high is the rent?"}])
    taught = {"doc": "alder.md", "sha256": documents["alder.md"].sha256}
    (data / "manifest.json").write_text(json.dumps({"documents": [taught]}))
    card = RunCard(
        name="mine",
        base="extractive",
        method="lora",
        data_sha256="",
        seed=0,
        versions={},
        data=str(data),
        created_at="2100-01-01T00:00:00+00:00",
    )
    create_run(own_home, card, Recipe(base="extractive"))
    # The built-in reader stands for both models: what matters is who is asked what.
    specs = [
        ArmSpec(name="base", model="extractive", shown="found"),
        ArmSpec(name="tuned", model="extractive", shown="found", k=2, tuned=True),
    ]
    monkeypatch.setattr("kb.comparison.job.run_arms", lambda *_, **__: specs)
    request = ComparisonRequest(run="mine", out=tmp_path / "out", limit=12)
    report = compare(workspace, request).report
    assert [row["skill"] for row in report["skills"]] == ["reading", "declining", "general"]
    assert {row["change"]["mean"] for row in report["skills"]} == {0.0}
    scopes = {scope["scope"]: scope["questions"] for scope in report["verdict"]["scopes"]}
    assert scopes["taught"] == 1 and scopes["untaught but indexed"] > 1 and scopes["later"] == 0
    assert {question["places"][0]["doc"] for question in report["all_questions"] if question["places"]} == {
        "update.pdf"
    }
    assert "What it cost" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    without = compare(workspace, replace(request, probes=False, out=tmp_path / "other")).report
    assert without["skills"] == []
    # Where every document was taught, invented ones stand in for one that comes later.
    everything = [{"doc": name, "sha256": one.sha256} for name, one in documents.items()]
    (data / "manifest.json").write_text(json.dumps({"documents": everything}))
    report = compare(workspace, replace(request, limit=4)).report  # the probes are kept in the folder
    assert {scope["scope"]: scope["questions"] for scope in report["verdict"]["scopes"]}["later"] == 4
    assert report["strata"]["invented document"]["arms"].keys() == {"base", "tuned"}
    assert any("invented ones that come with kb stand in" in note for note in report["verdict"]["notes"])
    assert report["measures"]["right"]["questions"] == 1  # they are no questions about the user's documents
