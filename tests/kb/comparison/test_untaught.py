"""Documents that a run was not trained on, and questions about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from finetune.compare.questions import CHANGED, UNTAUGHT_DOCUMENT, read_questions
from kb.comparison.untaught import asks_untaught, untaught_documents, untaught_questions
from kb.scope import open_collection
from kb.workspace import Workspace

pytestmark = pytest.mark.weights


def test_what_was_there_and_what_came_later(stocked: Workspace) -> None:
    documents = open_collection(stocked).catalogue.documents(stocked.collection)
    hashes = {document.doc: document.sha256 for document in documents}
    for began, left_out, later in (
        ("2100-01-01T00:00:00+00:00", ["alder.md"], []),
        ("2000-01-01T00:00:00+00:00", [], ["alder.md"]),
        ("", [], ["alder.md"]),
    ):
        found = untaught_documents(documents, {"update.pdf": hashes["update.pdf"]}, began)
        assert [document.doc for document in found.left_out] == left_out
        assert [document.doc for document in found.later] == later
    # Other bytes under a name that was taught are later ones.
    changed = untaught_documents(documents, {**hashes, "alder.md": "0" * 64}, "2100-01-01T00:00:00+00:00")
    assert [document.doc for document in changed.later] == ["alder.md"]


def test_questions_are_made_once_and_ask_about_those_documents_alone(stocked: Workspace, tmp_path: Path) -> None:
    documents = open_collection(stocked).catalogue.documents(stocked.collection)
    hashes = {document.doc: document.sha256 for document in documents}
    untaught = untaught_documents(documents, {"alder.md": hashes["alder.md"]}, "2100-01-01T00:00:00+00:00")
    notes: list[str] = []
    path = untaught_questions(stocked, untaught, tmp_path, notes.append)
    assert path is not None and not notes
    before = path.read_bytes()
    assert {record["evidence"][0]["doc"] for record in map(json.loads, before.splitlines())} == {"update.pdf"}
    assert untaught_questions(stocked, untaught, tmp_path, notes.append) == path and path.read_bytes() == before
    for indexed, stratum in ((["update.pdf"], UNTAUGHT_DOCUMENT), ([], CHANGED)):
        questions = read_questions(path, trained={"alder.md": hashes["alder.md"]}, current=hashes, indexed=indexed)
        assert questions and all(stratum in question.strata for question in questions)
        assert asks_untaught(questions)
