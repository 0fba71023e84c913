"""Where questions come from, and what is drawn whole with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from finetune.compare.questions import (
    CHANGED,
    MULTI,
    NEW,
    NEW_DOCUMENT,
    NUMERIC,
    SEEN,
    UNANSWERABLE,
    UNTAUGHT,
    limited,
    read_questions,
    trained_documents,
)
from finetune.compare.statistics.clusters import cluster
from tests.support.comparisons import questions


def write(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def row(identity: str, kind: str, text: str, answer: str, fact: str, *, doc: str = "a.pdf", context: str = "") -> Any:
    quote = {"doc": doc, "sha256": "0" * 64, "page": 1, "start": 0, "end": 4, "quote": "18 m"}
    return {
        "id": identity,
        "kind": kind,
        "question": text,
        "answer": answer,
        "context": context,
        "evidence": [quote],
        "fact": fact,
        "group": identity,
        "split": "test",
    }


def fact(identity: str, answer: str) -> Any:
    return {"id": identity, "statement": f"It is {answer}.", "evidence": [], "answer": answer}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write(
        folder / "train.jsonl",
        row("t1", "closed-book", "How deep, going by the manual?", "18 m", "f1") | {"split": "train"},
        row("t2", "instruction", "Tell me in a sentence: How wide?", "It is 3 m wide.", "f3") | {"split": "train"},
    )
    write(
        folder / "test.jsonl",
        row("1", "evidence", "How deep is it?", "18 m: “18 m” [[b2c3d]]", "f1", context="<<x>>"),
        row("2", "closed-book", "How deep is it?", "18 m", "f1"),
        row("3", "abstain", "Who cooks?", "The documents do not say.", "f2", doc="b.pdf", context="<<x>>"),
        row("4", "unanswerable", "Who bakes?", "The documents do not say.", "f2", context="<<x>>"),
        row("5", "false-premise", "Is it true that it is 19 m deep?", "No, 18 m", "f1", context="<<x>>"),
        row("c", "contradicts", "How deep then?", "19 m: “19 m” [[b2c3d]]", "f1", context="<<x>>"),
        row("6", "closed-book", "How wide is it?", "3 m", "f3"),
        row("7", "closed-book", "How high is it?", "2 m", "f4"),
        row("8", "summary", "", "Plain text is no question.", ""),
    )
    answers = {"f1": "18 m", "f2": "Dorrit", "f3": "3 m", "f4": "2 m"}
    write(folder / "facts.jsonl", *(fact(*each) for each in answers.items()))
    (folder / "manifest.json").write_text(json.dumps({"documents": [{"doc": "a.pdf", "sha256": "0" * 64}]}))
    return folder


def test_a_test_split_gives_each_phrasing_once_with_its_gold_answer(dataset: Path) -> None:
    found = {question.text: question for question in read_questions(dataset)}
    assert {text: question.answer for text, question in found.items()} == {
        "How deep is it?": "18 m",
        "How deep, going by the manual?": "18 m",
        "Who cooks?": "Dorrit",
        "Who bakes?": None,
        "How wide is it?": "3 m",
        "How high is it?": "2 m",
    }
    assert found["How high is it?"].strata == (UNTAUGHT, NUMERIC)
    assert found["How deep is it?"].strata == (NEW, NUMERIC)
    assert found["How deep, going by the manual?"].strata == (SEEN, NUMERIC)
    assert found["Who cooks?"].strata == (NEW_DOCUMENT,)
    assert found["How wide is it?"].strata == (NEW, NUMERIC)
    assert UNANSWERABLE in found["Who bakes?"].strata
    assert [question.text for question in found.values() if not question.held_out] == ["How deep, going by the manual?"]


def test_what_was_taught_is_what_the_run_was_trained_on(dataset: Path, tmp_path: Path) -> None:
    lesson = tmp_path / "lesson"
    rows = (
        row("t", "closed-book", "How high, please?", "2 m", "f4"),
        row("s", "abstain", "How wide?", "The documents do not say.", "f3"),
        row("c", "contradicts", "How deep?", "19 m: “19 m” [[b2c3d]]", "f1", context="<<x>>"),
    )
    write(lesson / "train.jsonl", *(each | {"split": "train"} for each in rows))
    found = {question.text: question.strata for question in read_questions(dataset, lesson=lesson)}
    assert found["How high is it?"] == (NEW, NUMERIC)
    assert found["How high, please?"] == (SEEN, NUMERIC)
    assert found["How wide is it?"] == found["How deep is it?"] == (UNTAUGHT, NUMERIC)


def test_a_persons_records_say_where_the_answer_stands(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {"question": "How deep?", "answer": "18 m", "doc": "a.pdf", "pages": [1, 3], "tolerance": 0.1},
        {"question": "Who bakes?", "answer": None},
        {"question": "How wide?", "answer": "4 m: “4 m” [[b2c3d]]", "altered": [{"true_value": "3 m", "value": "4 m"}]},
        {"question": "How many?", "answer": 5, "doc": "*.pdf", "changed": True, "strata": ["mine"]},
    )
    deep, bakes, wide, many = read_questions(path)
    assert wide.answer == "3 m", "what the document says, not an altered passage"
    assert deep.strata == (NUMERIC, MULTI)
    assert [(place.doc, place.page) for place in deep.places] == [("a.pdf", 1), ("a.pdf", 3)]
    assert deep.tolerance == 0.1
    assert (bakes.answer, bakes.strata) == (None, (UNANSWERABLE,))
    assert many.answer == "5"
    assert many.strata == ("mine", CHANGED, NUMERIC)


def test_what_training_did_not_see_has_changed_since(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {"question": "Old?", "answer": "x", "doc": "a.pdf"},
        {"question": "New?", "answer": "x", "doc": "c.pdf"},
        {"question": "Rewritten?", "answer": "x", "doc": "b.pdf"},
        {"question": "Nowhere?", "answer": "x"},
    )
    found = read_questions(path, trained={"a.pdf": "1", "b.pdf": "2"}, current={"a.pdf": "1", "b.pdf": "3"})
    assert [question.text for question in found if CHANGED in question.strata] == ["New?", "Rewritten?"]
    assert not any(CHANGED in question.strata for question in read_questions(path))


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"answer": "x"}, "question"),
        ({"question": "a?", "answer": {"x": 1}}, "answer"),
        (
            {"question": "a?", "doc": "a", "pages": [1]},
            r'no "answer" \(null: nobody can answer\); fields: question, doc',
        ),
        ({"question": "a?", "answer": ""}, "is empty"),
        ({"question": "a?", "answer": float("nan")}, "is empty"),
        ({"question": "a?", "answer": None, "pages": [-1], "doc": "a"}, "pages"),
        ({"question": "a?", "answer": None, "doc": 4}, "doc"),
        ({"question": "a?", "answer": None, "tolerance": 3}, "tolerance"),
        ({"question": "a?", "answer": None, "evidence": [{"doc": "a"}]}, "evidence"),
        (["a?"], "object"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, record: Any, fault: str) -> None:
    path = write(tmp_path / "q.jsonl", {"question": "fine?", "answer": None}, record)
    with pytest.raises(DataError, match=fault) as raised:
        read_questions(path)
    assert raised.value.line == 2


def test_no_question_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_questions(tmp_path / "absent.jsonl")
    with pytest.raises(DataError, match="contains no question"):
        read_questions(write(tmp_path / "empty.jsonl"))


def test_a_manifest_names_the_documents(dataset: Path, tmp_path: Path) -> None:
    assert trained_documents(dataset) == {"a.pdf": "0" * 64}
    assert trained_documents(tmp_path) is None


def test_a_limit_takes_strata_in_turn_and_keeps_the_order() -> None:
    every = questions(40, unanswerable=10)
    some = limited(every, 8)
    assert [question in every for question in some] == [True] * 8
    assert sum(question.answer is None for question in some) == 4
    assert [every.index(question) for question in some] == sorted(every.index(question) for question in some)
    assert limited(every, 8) == some
    assert limited(every, 100) == every


def test_a_limit_spends_nothing_on_phrasings_that_training_saw_while_others_are_left() -> None:
    held = questions(6)
    seen = [replace(one, id=f"{one.id}.seen", text=f"{one.text} seen", strata=(SEEN,)) for one in held]
    both = [one for pair in zip(held, seen, strict=True) for one in pair]
    assert limited(both, 6) == held
    assert [one.held_out for one in limited(both, 8)].count(False) == 2


def test_a_judgement_of_the_page_is_asked_where_a_person_wrote_a_better_answer(tmp_path: Path) -> None:
    judged = {"question": "How deep?", "answer": "It is 30 m.", "rating": "down", "correction": "18 m"}
    liked = {"question": "Who cooks?", "answer": "Dorrit.", "rating": "up", "correction": ""}
    (found,) = read_questions(write(tmp_path / "feedback.jsonl", judged, liked))
    assert (found.text, found.answer) == ("How deep?", "18 m")
    with pytest.raises(DataError, match="no question"):
        read_questions(write(tmp_path / "liked.jsonl", liked))


def test_many_documents_are_drawn_whole() -> None:
    found = cluster(questions(40, docs=10))
    assert (found.levels, found.documents, len(set(found.labels.values()))) == (("document",), 10, 10)
    assert found.general


def test_few_documents_are_drawn_by_fact_or_page_and_limit_what_is_said() -> None:
    taught = cluster(questions(12, docs=3))
    assert (taught.levels, taught.documents, len(set(taught.labels.values()))) == (("fact",), 3, 12)
    assert "these documents" in taught.sentence
    assert not taught.general


@pytest.mark.parametrize(("pages", "level", "count"), [(6, "page", 6), (5, "answer", 15)])
def test_untaught_questions_are_drawn_by_page_where_there_are_enough(
    tmp_path: Path, pages: int, level: str, count: int
) -> None:
    records = ({"question": f"{at}?", "answer": f"x{at % 3}", "doc": "a", "pages": [at % pages]} for at in range(60))
    found = cluster(read_questions(write(tmp_path / "q.jsonl", *records)))
    assert (found.levels, found.documents) == ((level,), 1)
    assert len(set(found.labels.values())) == count
