"""Two answers and a verdict become a preference, under whatever names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synth.importing.drafts import Unusable
from synth.importing.fields import ReadFields
from synth.importing.records.compared import compared, is_compared
from tests.synth.importing.records.test_shapes import jsonl, read

_TALK = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}]
_BAD_TALK = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad"}]


@pytest.mark.parametrize(
    "record",
    [
        {"history": "q", "human_ref_A": "good", "human_ref_B": "bad", "labels": 1},
        {"history": "q", "human_ref_A": "bad", "human_ref_B": "good", "labels": 0},
        {"question": {"full_text": "q"}, "answer_0": "bad", "answer_1": "good", "score_0": -1.0, "score_1": 0.5},
        {"prompt": "q", "response_a": "bad", "response_b": "good", "winner": "model_b"},
        {"prompt": "q", "response_a": "good", "response_b": "bad", "preference": "A"},
        {"prompt": "q", "response_1": "bad", "response_2": "good", "choice": 2},
        {"question": "q", "response_j": "good", "response_k": "bad"},
        {"conversation_a": _BAD_TALK, "conversation_b": _TALK, "winner": "model_b"},
        {"instruction": "q", "responses": ["bad", "good"], "ratings": ["1", "5"]},
        {"prompt": "q", "answers": [{"answer": "bad", "rank": 2}, {"answer": "good", "rank": 1}]},
        {
            "instruction": "q",
            "completions": [{"response": "bad", "overall_score": 2.0}, {"response": "good", "overall_score": 9.0}],
        },
        {"prompt": "q", "response_1": "good", "response_2": "bad", "preference_strength": -1},
        {"prompt": "q", "response_1": "bad", "response_2": "good", "preference_strength": 3},
        {"context": _TALK[:1], "response1": "bad", "response2": "good", "overall_preference": 1},
        {"prompt": "q", "response_0": "bad", "response_1": "good", "better_response_id": 1},
        {"prompt": "q", "answer_a": "good", "answer_b": "bad", "preferred_answer": "answer_a"},
        {"prompt": "q", "chosen": "good", "rejected": "bad", "chosen-rating": 5, "rejected-rating": 4},
        {"prompt": "q", "accepted": "good", "rejected": "bad"},
        {"question": "q", "better": "good", "worse": "bad"},
        {"messages": _TALK, "rejected": {"role": "assistant", "content": "bad"}},
        {"messages": _TALK, "rejected_responses": ["bad"]},
    ],
)
def test_the_better_answer_is_chosen(tmp_path: Path, record: dict[str, Any]) -> None:
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert not faults
    assert [(draft.question, draft.answer, draft.rejected) for draft in drafts] == [("q", "good", "bad")] * 2


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "q", "response_a": "one", "response_b": "two", "winner": "tie"},
        {"prompt": "q", "answer_0": "one", "answer_1": "two", "score_0": 1, "score_1": 1},
        {"instruction": "q", "responses": ["one", "two"], "ratings": [3, 3]},
        {"prompt": "q", "response_a": "one", "response_b": "two", "winner": "somebody"},
        {"prompt": "q", "response_1": "one", "response_2": "two", "overall_preference": 0},
    ],
)
def test_without_a_verdict_there_is_no_row(tmp_path: Path, record: dict[str, Any]) -> None:
    told, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert told == "compared answers" and not drafts and len(faults) == 2


def test_votes_on_gold_answers_are_no_comparison(tmp_path: Path) -> None:
    record = {"question": "q", "answers": [{"text": "good", "votes": 3}, {"text": "also right", "votes": 1}]}
    _, drafts, _ = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert drafts[0].answer == "good" and drafts[0].rejected is None


@pytest.mark.parametrize(
    ("record", "is_one"),
    [
        ({"response_a": "x", "response_b": "y"}, False),  # no verdict
        ({"response_a": "x", "response_b": "y", "winner": "a"}, True),
        ({"response_a": "x", "winner": "a"}, False),
        ({"response_j": "x", "response_k": "y"}, True),  # by convention
        ({"answer1": "x", "answer2": "y", "better": 1}, True),
        ({"left_summary": "x", "right_summary": "y", "choice": "left"}, True),
        ({"response_a": "x", "response_b": "y", "score_a": 1, "score_b": "high"}, False),
        ({"responses": ["x", "y"], "ratings": [1, 2]}, True),
        ({"responses": ["x", "y"], "ratings": [1]}, False),
        ({"responses": ["x"], "ratings": [1]}, False),
        ({"responses": ["x", "y"], "ratings": [1, None]}, False),
        ({"responses": ["x", "y"], "ratings": [1, float("nan")]}, False),
        ({"responses": ["x", "y"], "ranking": ["2", "1"]}, True),
        ({"responses": [{"text": "x", "rank": 1}, {"rank": 2}]}, False),  # one says nothing
        ({}, False),
    ],
)
def test_two_answers_and_a_verdict_are_a_comparison(record: dict[str, Any], is_one: bool) -> None:
    assert is_compared(ReadFields(record)) is is_one


@pytest.mark.parametrize(
    ("verdict", "better"),
    [
        ("a", "x"),
        ("B", "y"),
        ("model_a", "x"),
        ("response_b", "y"),
        ("Assistant_A", "x"),
        ("The better one is b", "y"),
        ("tie (bothbad)", None),
        ("neither", None),
        ("a or b", "y"),  # ends with one of them
        ("c", None),
        (["a"], None),
    ],
)
def test_the_spellings_of_a_verdict(verdict: object, better: str | None) -> None:
    record = ReadFields({"prompt": "q", "response_a": "x", "response_b": "y", "winner": verdict})
    if better is None:
        with pytest.raises(Unusable):
            list(compared(record))
    else:
        (draft,) = compared(record)
        assert (draft.answer, draft.rejected) == (better, "xy".replace(better, ""))


def test_a_figure_goes_before_a_word_and_of_several_the_extremes_count() -> None:
    record = {"prompt": "q", "response_a": "x", "response_b": "y", "winner": "a", "score_a": 1, "score_b": 2.5}
    (draft,) = compared(ReadFields(record))
    assert draft.answer == "y"
    (draft,) = compared(ReadFields({"prompt": "q", "outputs": ["x", "y", "z"], "ranks": [2, 3, 1]}))
    assert (draft.answer, draft.rejected) == ("z", "y")


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "q", "responses": ["mid", "good", "bad"], "scores": [2, 3, 1]},
        {"prompt": "q", "responses": ["good", "mid", "bad"], "rank": [1, 2, 3]},
        {"prompt": "q", "answers": [{"answer": text, "rank": n} for n, text in enumerate(["good", "mid", "bad"])]},
    ],
)
def test_answers_between_the_best_and_the_worst_are_counted(record: dict[str, Any]) -> None:
    (row,) = compared(ReadFields(record))
    assert (row.answer, row.rejected) == ("good", "bad")
    assert dict(row.left_out) == {"answers beside the best and the worst one": 1}


def test_of_two_answers_none_is_left_out() -> None:
    (row,) = compared(ReadFields({"prompt": "q", "responses": ["good", "bad"], "scores": [3, 1]}))
    assert row.left_out == ()


@pytest.mark.parametrize(
    ("output", "answers"),
    [
        (["good", "bad"], ("good", "bad")),
        (["good"], ("good", None)),
        (["good", "well", "fine"], ("good", None)),
        ("good", ("good", None)),
    ],
)
def test_two_outputs_of_an_instruction_are_a_preference(tmp_path: Path, output: Any, answers: tuple[str, str]) -> None:
    record = {"instruction": "q", "input": "i", "output": output, "history": [["a", "b"]], "system": "Be brief."}
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert not faults and {(row.answer, row.rejected) for row in drafts} == {answers}
    assert {(row.question, row.context, row.turns, row.system) for row in drafts} == {
        ("q", "i", (("a", "b"),), "Be brief.")
    }


@pytest.mark.parametrize(("output", "fault"), [(["a", " a"], "are the same"), (["a", ""], "empty")])
def test_two_outputs_that_compare_nothing_are_a_fault(tmp_path: Path, output: list[str], fault: str) -> None:
    record = {"instruction": "q", "output": output}
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert not drafts and len(faults) == 2 and fault in str(faults[0])
