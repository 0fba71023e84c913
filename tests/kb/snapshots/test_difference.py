"""What two states of a collection differ in, as values, lines and JSON; the questions that are asked of both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.types import Document
from kb.snapshots.difference import ChangedAnswer, SnapshotDifference, difference_of, read_questions
from tests.support.stored import stored_document


def documents(**hashes: str) -> list[Document]:
    """Documents by name; a hash is spelled by its first signs."""
    return [stored_document(f"{name}.pdf", sha256=sha256.ljust(64, "0")) for name, sha256 in hashes.items()]


def test_documents_come_go_and_change() -> None:
    difference = difference_of("may", "now", documents(a="1", b="2", c="3"), documents(b="2", c="33", d="4"))
    assert (difference.before, difference.after) == ("may", "now")
    assert (difference.added, difference.removed) == (("d.pdf",), ("a.pdf",))
    assert difference.changed == ({"doc": "c.pdf", "before": "3".ljust(64, "0"), "after": "33".ljust(64, "0")},)


def test_the_same_bytes_under_another_name_are_the_same_document() -> None:
    assert difference_of("a", "b", documents(old="1"), documents(new="1")) == difference_of("a", "b", [], [])


def test_documents_of_one_name_are_counted_one_by_one() -> None:
    twins = [*documents(a="1"), *documents(a="2")]
    assert difference_of("a", "b", twins, []).removed == ("a.pdf", "a.pdf")
    assert difference_of("a", "b", [], twins).added == ("a.pdf", "a.pdf")
    one_changed = difference_of("a", "b", twins, [*documents(a="1"), *documents(a="3")])
    assert [(each["before"][:1], each["after"][:1]) for each in one_changed.changed] == [("2", "3")]
    one_went = difference_of("a", "b", twins, documents(a="3"))
    assert (len(one_went.changed), one_went.removed) == (1, ("a.pdf",))


STATES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123456"), max_size=5).filter(
    lambda state: len(set(state.values())) == len(state)  # a collection holds bytes once
)


@given(STATES, STATES)
def test_a_difference_turned_round_and_counts(before: dict[str, str], after: dict[str, str]) -> None:
    first, second = documents(**before), documents(**after)
    there, back = difference_of("a", "b", first, second), difference_of("b", "a", second, first)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert [(each["before"], each["after"]) for each in there.changed] == [
        (each["after"], each["before"]) for each in back.changed
    ]
    assert len(second) - len(first) == len(there.added) - len(there.removed)
    same = {d.sha256 for d in first} & {d.sha256 for d in second}
    assert len(same) + len(there.changed) + len(there.removed) == len(first)


FULL = SnapshotDifference(
    before="may",
    after="now",
    added=("d.pdf",),
    removed=("a.pdf",),
    changed=({"doc": "c.pdf", "before": "3" * 64, "after": "4" * 64},),
    answers=(ChangedAnswer(question="How much?", before="5\n crowns", after="x" * 200),),
    questions=2,
)


def test_lines_for_a_person_are_short() -> None:
    assert list(FULL.lines()) == [
        "added    d.pdf",
        "removed  a.pdf",
        "changed  c.pdf (333333333333 -> 444444444444)",
        "answer   How much?",
        "  may: 5 crowns",
        f"  now: {'x' * 160}",
        "1 of 2 questions are answered otherwise",
    ]
    assert list(replace(FULL, added=(), removed=(), changed=(), answers=()).lines()) == [
        "no document differs between may and now",
        "0 of 2 questions are answered otherwise",
    ]


def test_json_holds_everything() -> None:
    record = json.loads(json.dumps(FULL.to_json()))
    assert record["answers"] == [{"question": "How much?", "before": "5\n crowns", "after": "x" * 200}]
    assert (record["added"], record["removed"], record["questions"]) == (["d.pdf"], ["a.pdf"], 2)
    assert set(record) == {"before", "after", "added", "removed", "changed", "answers", "questions"}


def test_questions_are_read_in_order_whatever_else_a_record_holds(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "One?", "answer": "1"}\n\n{"question": " Zwei ü? "}\n', encoding="utf-8")
    assert read_questions(path) == ["One?", " Zwei ü? "]
    path.write_text("")
    assert read_questions(path) == []


@pytest.mark.parametrize("line", ['{"query": "x"}', '{"question": 3}', '{"question": "  "}', '["question"]', "{"])
def test_a_line_without_a_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"question": "One?"}}\n{line}\n')
    with pytest.raises(DataError) as raised:
        read_questions(path)
    assert raised.value.path == str(path)
    assert raised.value.line == 2


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as raised:
        read_questions(tmp_path / "none.jsonl")
    assert raised.value.path == str(tmp_path / "none.jsonl")
