"""Models beside the arms: a reference that is only compared with, and a judge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BackendError
from core.files import Home
from core.models import open_chat
from kb.comparison.job import ComparisonRequest, compare
from kb.workspace import Workspace, open_workspace
from tests.support.openai_server import MODEL, serving
from tests.support.scripted_chat import Scripted

pytestmark = pytest.mark.weights
ARMS = ("read=extractive+rag", "blind=extractive")
QUESTIONS = (
    {"question": "What is the rent in the Alder lease?", "answer": "$1,450", "doc": "alder.md", "pages": [0]},
    {"question": "How much is the deposit?", "answer": "two months' rent", "doc": "alder.md", "pages": [0]},
    {"question": "Who painted the harbour?", "answer": None},
)


def _request(folder: Path, **more: Any) -> ComparisonRequest:
    path = folder / "q.jsonl"
    path.write_text("\n".join(map(json.dumps, QUESTIONS)))
    return ComparisonRequest(arms=ARMS, questions=[path], out=folder / "out", **more)


def test_a_reference_behind_a_server_is_compared_with_and_never_recommended(stocked_home: Home, tmp_path: Path) -> None:
    flags = {"rag.model": "extractive", "models.max_tokens": 16, "rag.top_k": 2}
    workspace = open_workspace(stocked_home.root, flags=flags)
    notes: list[str] = []
    with serving(open_chat("smollm2", workspace.settings, workspace.home)) as url:
        request = _request(tmp_path, reference=f"openai:{MODEL}@{url}")
        report = compare(workspace, request, on_note=notes.append).report
    arms = {arm["name"]: arm for arm in report["arms"]}
    assert list(arms) == ["read", "blind", "reference", "reference+rag"]
    assert [arms[name]["reference"] for name in arms] == [False, False, True, True]
    assert all(arm["asked"] == 3 for arm in arms.values())
    assert report["verdict"]["recommended"] in ("read", "blind")
    beside = [note for note in report["verdict"]["notes"] if note.startswith("Reference ")]
    assert len(beside) == 2 and all(f"openai:{MODEL}@{url}" in note for note in beside)
    pairs = {(row["left"], row["right"]) for row in report["measures"]["right"]["pairs"]}
    assert {("reference", "blind"), ("reference+rag", "read")} <= pairs
    said = {reply["arm"]: reply["text"] for reply in report["side_by_side"][0]["replies"]}
    assert said["reference"].strip() and report["cost"]["reference"]["completion_tokens"] > 0
    assert not notes  # nothing leaves this machine
    _check_intervals(report)


def _check_intervals(report: Mapping[str, Any]) -> None:
    """Every share with its interval lies between 0 and 1, every difference between -1 and 1."""
    tables = [*report["measures"].values(), *report["strata"].values()]
    cells = [cell for table in tables for cell in table["arms"].values()] + list(report["agreement"].values())
    rows = [row for table in tables for row in table["pairs"]]
    assert cells and rows
    assert all(0.0 <= cell["low"] <= cell["value"] <= cell["high"] <= 1.0 for cell in cells)
    assert all(-1.0 <= row["low"] <= row["mean"] <= row["high"] <= 1.0 for row in rows)


def test_where_texts_go_is_said(stocked: Workspace, tmp_path: Path) -> None:
    notes: list[str] = []
    with pytest.raises(BackendError):
        compare(
            _impatient(stocked), _request(tmp_path, reference="openai:big@http://192.0.2.1:9/v1"), on_note=notes.append
        )
    assert notes == ["reference, reference+rag: questions and what is shown beside them go to http://192.0.2.1:9/v1"]


def _impatient(workspace: Workspace) -> Workspace:
    models = workspace.settings.models.model_copy(update={"deadline_s": 0.0, "timeout_s": 2.0})
    return replace(workspace, settings=workspace.settings.model_copy(update={"models": models}))


@pytest.mark.parametrize("option", ["judge", "reference"])
def test_a_server_that_does_not_answer_is_met_before_the_arms_have_answered(
    stocked: Workspace, tmp_path: Path, option: str
) -> None:
    request = _request(tmp_path, **{option: "openai:gone@http://127.0.0.1:9/v1"})
    with pytest.raises(BackendError, match=r"127\.0\.0\.1:9"):
        compare(_impatient(stocked), request)
    outputs = tmp_path / "out" / "outputs.jsonl"
    assert not outputs.exists() or not outputs.read_bytes()


class Judge(Scripted):
    """Prefers what stands first."""

    def reply(self, text: str) -> str:
        return "A"


def test_a_judge_that_fails_later_costs_no_answer(
    stocked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Judge(fail_after=5)  # the exam of two questions in both orders, and one judgement
    monkeypatch.setattr("kb.comparison.job.open_chat", lambda *_: failing)
    notes: list[str] = []
    report = compare(stocked, _request(tmp_path, judge="ollama:j"), on_note=notes.append).report
    assert report["judge"] is None and len(report["side_by_side"]) == 3
    assert any("The judge ollama:j failed" in note for note in report["verdict"]["notes"])
    assert notes == ["judge ollama:j recognises 0 of 2 planted errors: its votes will not count"]
    whole = Judge()
    monkeypatch.setattr("kb.comparison.job.open_chat", lambda *_: whole)
    judged = compare(stocked, _request(tmp_path, judge="ollama:j")).report["judge"]
    assert judged["exam"] == {"planted": 2, "caught": 0} and sum(judged["counts"].values()) >= 2
    assert len(whole.asked) < 5  # what was judged is kept
    other = Judge()
    monkeypatch.setattr("kb.comparison.job.open_chat", lambda *_: other)
    compare(stocked, _request(tmp_path, judge="ollama:another"))
    assert len(other.asked) == 5 + len(whole.asked)  # another judge is asked for itself


def test_a_model_of_this_machine_judges(stocked_home: Home, tmp_path: Path) -> None:
    flags = {"rag.model": "extractive", "models.max_tokens": 4}
    workspace = open_workspace(stocked_home.root, flags=flags)
    judged = compare(workspace, _request(tmp_path, judge="smollm2")).report["judge"]
    assert judged["model"] == "smollm2" and judged["arms"] == ["read", "blind"]
    assert judged["exam"]["planted"] == 2 and 0 <= judged["exam"]["caught"] <= 2
    assert sum(judged["counts"][vote] for vote in ("first", "second", "tie")) == 2
