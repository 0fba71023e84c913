"""Which column holds the right answer: gold before a model's own, and a choice where it cannot be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import DataError
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.gold import gold_columns
from synth.importing.reading import recognise

GOLD = "It is one."
SAID = "model said wrong"


def outcomes(path: Path, *records: dict[str, object], **options: str) -> list[Draft | Unusable]:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return [outcome for _, outcome in recognise(open_source(str(path)), **options).outcomes()]


@pytest.mark.parametrize(
    "record",
    [
        {"question": "Q?", "answer": SAID, "contexts": ["c"], "ground_truth": GOLD},
        {"question": "Q?", "answer": SAID, "contexts": ["c"], "ground_truths": [GOLD]},
        {"user_input": "Q?", "response": SAID, "retrieved_contexts": ["c"], "reference": GOLD},
        {"input": "Q?", "actual_output": SAID, "expected_output": GOLD, "context": ["c"]},
        {"query": "Q?", "response": SAID, "expected_response": GOLD},
        {"question": "Q?", "__expected": GOLD, "output": SAID},
        {"prompt": "Q?", "completion": SAID, "reference_answer": GOLD},
        {"userInput": "Q?", "modelResponse": SAID, "groundTruth": GOLD},
        {"Question": "Q?", "Best Answer": GOLD, "Incorrect Answers": SAID},
        {"instruction": "Q?", "input": "", "output": SAID, "expected_output": GOLD},
        {"question": "Q?", "answer": SAID, "answers": {"text": [GOLD], "answer_start": [0]}},
        {"inputs": {"question": "Q?"}, "outputs": {"answer": GOLD}},
        {"inputs": {"question": "Q?"}, "outputs": {"answer": SAID}, "reference_outputs": {"answer": GOLD}},
        {"inputs": {"question": "Q?"}, "outputs": {"output": SAID}, "reference_outputs": {"output": GOLD}},
        {"input": {"question": "Q?"}, "output": {"answer": SAID}, "expected": {"answer": GOLD}},
        {"input": [{"role": "user", "content": "Q?"}], "output": SAID, "ideal": GOLD},
        {"question": "Q?", "answer": {"value": GOLD, "aliases": ["1"]}},
        {"query": "Q?", "answers": [GOLD], "passages": {"passage_text": ["c"], "is_selected": [1]}},
        {"question": "Q?", "answer": GOLD, "context": [["Title", ["c", " d"]]]},
        {"question": "Q?", "answer": GOLD, "context": {"title": ["Title"], "sentences": [["c", " d"]]}},
        {"question": "Q?", "answer": GOLD, "reference": "https://a.example/page"},
    ],
    ids=lambda record: " ".join(record),
)
def test_gold_comes_before_what_a_model_said(tmp_path, record):
    first, second = outcomes(tmp_path / "x.jsonl", record, record)
    assert isinstance(first, Draft)
    assert (first.question, first.answer) == ("Q?", GOLD)
    assert second == first
    assert SAID not in first.context


@pytest.mark.parametrize("empty", [None, "", float("nan")])
def test_a_row_without_gold_is_not_filled_with_what_the_model_said(tmp_path, empty):
    row = {"question": "Q?", "answer": SAID, "ground_truth": GOLD}
    good, bad, absent = outcomes(
        tmp_path / "x.jsonl", row, {**row, "ground_truth": empty}, {"question": "R?", "answer": SAID}
    )
    assert isinstance(good, Draft)
    assert str(bad) == "field 'ground_truth' is empty"
    assert str(absent) == "field 'ground_truth' is missing"


def test_two_candidates_that_differ_are_a_choice(tmp_path):
    row = {"question": "Q?", "answer": GOLD, "response": "other"}
    with pytest.raises(DataError, match="several columns may hold the right answer: answer, response") as caught:
        outcomes(tmp_path / "x.jsonl", row)
    assert "--answer-column answer" in caught.value.hint
    (draft,) = outcomes(tmp_path / "x.jsonl", row, answer_column="Response")
    assert isinstance(draft, Draft)
    assert draft.answer == "other"


def test_columns_of_unknown_names_are_a_choice(tmp_path):
    row = {"question": "Q?", "long_answer": GOLD, "final_decision": "yes"}
    with pytest.raises(DataError, match="final_decision, long_answer") as caught:
        outcomes(tmp_path / "x.jsonl", row)
    assert "--answer-column long_answer" in caught.value.hint
    (draft,) = outcomes(tmp_path / "x.jsonl", row, answer_column="long_answer")
    assert isinstance(draft, Draft)
    assert (draft.question, draft.answer) == ("Q?", GOLD)
    with pytest.raises(DataError, match="no column 'nosuch'; columns: question"):
        outcomes(tmp_path / "x.jsonl", row, answer_column="nosuch")


def test_a_question_that_its_passages_do_not_answer(tmp_path):
    row = {"query": "Q?", "answers": ["No Answer Present."], "passages": [{"passage_text": "c", "is_selected": 0}]}
    (draft,) = outcomes(tmp_path / "x.jsonl", row)
    assert isinstance(draft, Draft)
    assert (draft.kind, draft.context) == ("unanswerable", "c")


def test_columns_count_over_all_records():
    assert gold_columns([{"question": "a", "answer": "x"}, {"ground_truth": "y"}], "f") == ("ground_truth",)
    assert gold_columns([{"question": "a"}], "f") == ()


@pytest.mark.parametrize("empty", ["", None, []])
def test_a_logged_answer_does_not_stand_for_gold_that_is_empty(tmp_path, empty):
    call = {"input": [{"role": "user", "content": "Q?"}], "output": SAID, "ideal": GOLD}
    read, skipped = outcomes(tmp_path / "x.jsonl", call, {**call, "ideal": empty})
    assert isinstance(read, Draft) and read.answer == GOLD
    assert isinstance(skipped, Unusable) and str(skipped) == "field 'ideal' is empty"


def test_a_file_of_requests_alone_says_so(tmp_path):
    request = {"custom_id": "1", "body": {"messages": [{"role": "user", "content": "Q?"}]}}
    with pytest.raises(DataError, match="requests without answers"):
        outcomes(tmp_path / "x.jsonl", request, request)


_TALK = {"messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": SAID}]}


@pytest.mark.parametrize(
    "record",
    [
        {"question": "Q?", "response": SAID, "gold_label": GOLD},
        {"question": "Q?", "answer": SAID, "answer_gt": GOLD},
        {"question": "Q?", "model_answer": SAID, "target": GOLD},
        {"question": "Q?", "prediction": SAID, "label": GOLD},
    ],
)
def test_the_names_of_evaluations(tmp_path, record):
    (draft,) = outcomes(tmp_path / "x.jsonl", record)
    assert isinstance(draft, Draft) and (draft.question, draft.answer, draft.context) == ("Q?", GOLD, "")


def test_a_label_of_a_question_alone_is_a_class(tmp_path):
    rows = [{"question": "Who?", "label": "HUM"}, {"question": "Where?", "label": "LOC"}]
    first, _ = outcomes(tmp_path / "x.jsonl", *rows)
    assert isinstance(first, Draft) and (first.context, first.answer) == ("Who?", "HUM")


@pytest.mark.parametrize("label", [True, 1, 0])
def test_a_verdict_beside_a_prediction_is_no_answer(tmp_path, label):
    with pytest.raises(DataError, match="no known shape"):
        outcomes(tmp_path / "x.jsonl", {"question": "Q?", "prediction": SAID, "label": label})


def test_few_words_beside_predictions_may_be_verdicts(tmp_path):
    rows = [{"question": f"{n}?", "prediction": f"p{n}", "label": ("right", "wrong")[n % 2]} for n in range(6)]
    with pytest.raises(DataError, match="right answer: label, prediction"):
        outcomes(tmp_path / "x.jsonl", *rows)
    choices = [{"question": f"{n}?", "prediction": "yn"[n % 2], "label": "yn"[n % 3 > 0]} for n in range(6)]
    assert all(isinstance(row, Draft) for row in outcomes(tmp_path / "x.jsonl", *choices))


def test_a_target_beside_an_output_is_a_choice(tmp_path):
    with pytest.raises(DataError, match="right answer: response, target") as caught:
        outcomes(tmp_path / "x.jsonl", {"question": "Q?", "response": SAID, "target": GOLD})
    assert "--answer-column target" in caught.value.hint


@pytest.mark.parametrize(
    "record",
    [
        _TALK,
        {"conversations": [{"from": "human", "value": "Q?"}, {"from": "gpt", "value": SAID}]},
        {"conversations": ["Q?", SAID]},
        {"conversation": [{"input": "Q?", "output": SAID}]},
    ],
)
@pytest.mark.parametrize("column", ["ground_truth", "reference_answer"])
def test_a_right_answer_beside_a_conversation_is_a_choice(tmp_path, record, column):
    (talk,) = record
    with pytest.raises(DataError, match=f"right answer: {talk}, {column}") as caught:
        outcomes(tmp_path / "x.jsonl", {**record, column: GOLD})
    assert f"--answer-column {column}" in caught.value.hint
    for chosen, answer in ((column, GOLD), (talk, SAID)):
        (draft,) = outcomes(tmp_path / "x.jsonl", {**record, column: GOLD}, answer_column=chosen)
        assert isinstance(draft, Draft) and (draft.question, draft.answer) == ("Q?", answer)


def test_a_conversation_that_holds_the_right_answer_stands_and_another_is_skipped(tmp_path):
    rows = [{**_TALK, "ground_truth": "said"}] * 64
    *same, other = outcomes(tmp_path / "x.jsonl", *rows, {**_TALK, "ground_truth": "say"})
    assert {row.answer for row in same if isinstance(row, Draft)} == {SAID}
    assert str(other) == "the last answer and 'ground_truth' differ"
    (linked,) = outcomes(tmp_path / "x.jsonl", {**_TALK, "reference": "https://a.example/page"})
    assert isinstance(linked, Draft)


def test_the_right_choice_is_the_one_that_is_named_so(tmp_path):
    row = {"question": "Q?", "choices": ["x", "y"], "answer": "A", "ground_truth": "B"}
    (draft,) = outcomes(tmp_path / "x.jsonl", row)
    assert isinstance(draft, Draft) and "y" in draft.answer
