"""A whole comparison as a function: what is refused at once, the report, and a second call that asks nothing again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.comparison.job import ComparisonRequest, compare
from kb.workspace import Workspace, open_workspace

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
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == json.loads(json.dumps(done.report))
    assert (tmp_path / "out" / "report.html").is_file() and max(replies) == 6
    outputs = (tmp_path / "out" / "outputs.jsonl").read_bytes()
    compare(stocked, request)
    assert (tmp_path / "out" / "outputs.jsonl").read_bytes() == outputs
