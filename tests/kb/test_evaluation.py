"""`kb eval` as a function: figures, a comparison of settings, pages that do not exist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import DataError
from kb.evaluation import evaluate
from kb.workspace import Workspace

pytestmark = pytest.mark.weights
RENT = {"question": "What is the monthly rent in the Alder lease?", "answer": "$1,450", "doc": "alder.md", "pages": [0]}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_search_and_answers_are_measured(stocked: Workspace, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    by_label = {**RENT, "page_labels": ["Alder lease"]}
    del by_label["pages"]
    file = write(tmp_path / "q.jsonl", RENT, by_label)
    found = evaluate(stocked, file, answers=True, on_question=lambda done, total: steps.append((done, total)))
    assert found.metrics["page_hit@1"]["value"] == found.metrics["answer_contains"]["value"] == 1.0
    assert found.metrics["page_hit@1"]["n"] == found.questions == 2 and steps == [(1, 2), (2, 2)]
    assert found.settings["collection"] == "default" and found.settings["rag"]["model"] == "extractive"
    assert set(found.to_json()) == {"metrics", "settings"}


def test_settings_are_compared_on_the_same_questions(stocked: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "q.jsonl", RENT)
    report = evaluate(stocked, file, against=stocked.with_rag(bm25_weight=0.0)).to_json()
    assert report["against"]["settings"]["rag"]["bm25_weight"] == 0.0
    assert report["difference"]["page_hit@1"]["value"] == 0.0


def test_a_page_that_the_document_does_not_have_is_named_by_line(stocked: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "q.jsonl", RENT, {**RENT, "doc": "update.pdf", "pages": [2]})
    with pytest.raises(DataError, match=r"line 2: no page 2: update\.pdf has 2 pages, 0 to 1 as counted here"):
        evaluate(stocked, file)
