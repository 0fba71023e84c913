"""Questions for a tuning: of rules, of a dataset folder, of a file; what is left out is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from core.rows import write_rows
from core.types import Citation, Pair
from kb.scope import open_collection
from kb.tuning.rows import given_questions, made_questions
from kb.workspace import Workspace

pytestmark = pytest.mark.weights


def row(question: str, *evidence: Citation, kind: str = "closed-book", answer: str = "$1,450") -> Pair:
    return Pair(
        id=f"{kind} {question} {len(evidence)}",
        kind=kind,
        question=question,
        answer=answer,
        context="",
        evidence=evidence,
        fact="",
        group="g",
        split="train",
    )


def cited(sha256: str, page: int) -> Citation:
    return Citation(doc="x", sha256=sha256, page=page, start=0, end=1, quote="x")


def test_rules_ask_about_pages_that_hold_the_answer(stocked: Workspace) -> None:
    catalogue = open_collection(stocked).catalogue
    documents = catalogue.documents("default")
    source = made_questions(stocked, documents, 0)
    assert source.name == "rules" and len(source.questions) > 5
    assert source == made_questions(stocked, documents, 0)
    for question in source.questions:
        texts = [catalogue.page_text("default", question.sha256, page) for page in question.pages]
        assert all(part in " ".join(texts) for part in question.answer.split()[:1])
    update = [document for document in documents if document.doc == "update.pdf"]
    assert {question.sha256 for question in made_questions(stocked, update, 0).questions} == {update[0].sha256}


def test_rows_of_a_dataset_are_joined_and_what_is_none_is_counted(stocked: Workspace, tmp_path: Path) -> None:
    knowledge = open_collection(stocked)
    alder, update = (document.sha256 for document in knowledge.catalogue.documents("default"))
    rows = [
        row("What is the rent?", cited(alder, 0)),
        row("What is  the RENT?", cited(alder, 0), kind="evidence", answer="“rent” [[a]] $1,450"),
        row("Who rows?", cited(update, 0)),
        row("Who rows?", cited(update, 1)),
        row("What is said?", cited(alder, 0)),
        row("What is said?", cited(update, 0), kind="evidence"),
        row("Sum up.", cited(alder, 0), kind="summary"),
        row("Why?", cited("f" * 64, 0)),
        row("How?"),
        row("Both?", cited(alder, 0), cited(update, 0)),
    ]
    write_rows(tmp_path / "pairs.jsonl", rows)
    source = given_questions(stocked, knowledge, tmp_path)
    assert [(question.text, question.answer, sorted(question.pages)) for question in source.questions] == [
        ("What is the rent?", "$1,450", [0]),
        ("Who rows?", "$1,450", [0, 1]),
    ]
    assert source.skipped == {
        "answered by several documents": 2,
        "no question that stands alone": 1,
        "about a document that is not in the collection": 1,
        "without evidence": 1,
        "about several documents": 1,
    }


def test_a_file_of_questions_is_read_as_it_is_measured(stocked: Workspace, tmp_path: Path) -> None:
    knowledge, path = open_collection(stocked), tmp_path / "q.jsonl"
    rows = [
        {"question": "What is the rent?", "answer": "$1,450", "doc": "alder.md", "pages": [0]},
        {"question": "Where?", "answer": "here"},
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    source = given_questions(stocked, knowledge, path)
    assert [question.text for question in source.questions] == ["What is the rent?"]
    assert source.skipped == {"without one document and its pages": 1}
    path.write_text(json.dumps({**rows[0], "pages": [9]}))
    with pytest.raises(DataError, match="no page 9"):
        given_questions(stocked, knowledge, path)
    with pytest.raises(ConfigError, match="neither a dataset folder") as caught:
        given_questions(stocked, knowledge, tmp_path / "nothing")
    assert caught.value.hint.startswith("kb synth")
