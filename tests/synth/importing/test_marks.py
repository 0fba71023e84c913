"""Columns for system prompt, history, weight and rejected answers, in records of every shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise
from tests.support.json_lines import write_jsonl

MESSAGES = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
SHAREGPT = [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]
RECORDS: dict[str, dict[str, Any]] = {
    "alpaca": {"instruction": "Q", "input": "", "output": "A"},
    "dolly": {"instruction": "Q", "context": "", "response": "A"},
    "openai": {"messages": MESSAGES},
    "sharegpt": {"conversations": SHAREGPT},
    "swift": {"query": "Q", "response": "A"},
    "prompt": {"prompt": "Q", "completion": "A"},
    "trl": {"prompt": MESSAGES[:1], "completion": MESSAGES[1:]},
    "orca": {"question": "Q", "response": "A"},
    "dpo": {"prompt": "Q", "chosen": "A", "rejected": "B"},
    "dpo argilla": {"instruction": "Q", "chosen_response": "A", "rejected_response": "B"},
    "dpo openai": {
        "input": {"messages": MESSAGES[:1]},
        "preferred_output": MESSAGES[1:],
        "non_preferred_output": [{"role": "assistant", "content": "B"}],
    },
    "dpo messages": {"chosen": MESSAGES, "rejected": [MESSAGES[0], {"role": "assistant", "content": "B"}]},
    "kto": {"prompt": "Q", "completion": "A", "label": True},
    "kto messages": {"messages": MESSAGES, "label": True},
    "utterances": {"dialog": ["Q", "A"]},
}
PAIRS = [name for name in RECORDS if "dpo" not in name and "kto" not in name]


def read(tmp_path: Path, record: dict[str, Any]) -> tuple[list[Draft], list[str], dict[str, int]]:
    """Return (rows, faults, unused columns) of a file with the record twice."""
    write_jsonl(tmp_path / "x.jsonl", [record, record])
    opened = recognise(open_source(str(tmp_path / "x.jsonl")))
    outcomes = [outcome for _, outcome in opened.outcomes()]
    faults = [str(outcome) for outcome in outcomes if isinstance(outcome, Unusable)]
    return [outcome for outcome in outcomes if isinstance(outcome, Draft)], faults, dict(opened.unused)


@pytest.mark.parametrize("shape", RECORDS)
@pytest.mark.parametrize("column", ["system", "system_prompt", "systemInstruction"])
def test_a_system_column_is_the_system_message(tmp_path: Path, shape, column):
    drafts, faults, unused = read(tmp_path, {**RECORDS[shape], column: "Be brief."})
    assert [draft.system for draft in drafts] == ["Be brief."] * 2
    assert (faults, unused) == ([], {})
    assert {(draft.question, draft.answer, draft.context) for draft in drafts} == {("Q", "A", "")}


@pytest.mark.parametrize(
    "value", ["Be brief.", [{"text": "Be brief."}], {"parts": [{"text": "Be brief."}]}, {"content": "Be brief."}]
)
def test_the_spellings_of_a_system_column(tmp_path: Path, value):
    assert read(tmp_path, {"messages": MESSAGES, "system": value})[0][0].system == "Be brief."


@pytest.mark.parametrize("value", [3, [{"image": "x"}]])
def test_a_system_column_that_is_no_text_is_a_fault(tmp_path: Path, value):
    assert read(tmp_path, {"messages": MESSAGES, "system": value})[1] == ["field 'system' is not text"] * 2


def test_column_and_message_both_count_once(tmp_path: Path):
    messages = [{"role": "system", "content": "Be kind."}, *MESSAGES]
    assert read(tmp_path, {"messages": messages, "system": "Be brief."})[0][0].system == "Be brief.\n\nBe kind."
    assert read(tmp_path, {"messages": messages, "system": "Be kind."})[0][0].system == "Be kind."


@pytest.mark.parametrize("shape", RECORDS)
@pytest.mark.parametrize("marks", [{"weight": 0}, {"train": False}, {"loss_weight": 0.0}, {"train": "no"}])
def test_a_record_that_is_marked_is_skipped(tmp_path: Path, shape, marks):
    (name,) = marks
    drafts, faults, _ = read(tmp_path, {**RECORDS[shape], **marks})
    assert (drafts, faults) == ([], [f"marked as not to be trained ({name})"] * 2)


def test_other_weights_are_reported_and_a_weight_of_one_is_no_news(tmp_path: Path):
    assert read(tmp_path, {**RECORDS["alpaca"], "weight": 0.5})[2] == {"weight": 2}
    assert read(tmp_path, {**RECORDS["alpaca"], "weight": 1})[2] == {}


def test_columns_of_tasks_mean_something_else(tmp_path: Path):
    drafts, faults, unused = read(tmp_path, {"text": "The engine stalls.", "label": "fault", "system": "fuel"})
    assert (len(drafts), faults, unused) == (2, [], {"system": 2})


@pytest.mark.parametrize("shape", PAIRS)
def test_a_rejected_response_makes_a_preference(tmp_path: Path, shape):
    drafts, _, unused = read(tmp_path, {**RECORDS[shape], "rejected_response": "B"})
    assert [(draft.answer, draft.rejected) for draft in drafts] == [("A", "B")] * 2
    assert unused == {}


@pytest.mark.parametrize("shape", PAIRS)
@pytest.mark.parametrize(
    "column", ["reasoning_content", "thinking", "reasoning", "thought", "Complex_CoT", "chainOfThought"]
)
def test_a_thought_in_a_column_stands_before_the_answer(tmp_path: Path, shape, column):
    drafts, _, unused = read(tmp_path, {**RECORDS[shape], column: "Think."})
    assert ({draft.answer for draft in drafts}, unused) == ({"<think>\nThink.\n</think>\n\nA"}, {})


@pytest.mark.parametrize(
    ("columns", "answer", "unused"),
    [
        ({"reasoning": ["First.", "Then."]}, "<think>\nFirst.\nThen.\n</think>\n\nA", {}),
        ({"thought": "One.", "reasoning": "Two."}, "<think>\nOne.\n</think>\n\nA", {"reasoning": 2}),
        ({"reasoning": "on"}, "A", {"reasoning": 2}),
        ({"reasoning": {"effort": "high"}}, "A", {"reasoning": 2}),
        ({"reasoning": "It is right.", "score": 5}, "A", {"reasoning": 2, "score": 2}),
        ({"reasoning_effort": "high", "thought": ""}, "A", {"reasoning_effort": 2}),
        ({"response": "<think>Own.</think>A", "thought": "Other."}, "<think>Own.</think>A", {"thought": 2}),
    ],
)
def test_what_is_a_thought_and_what_is_reported(tmp_path: Path, columns, answer, unused):
    drafts, _, seen = read(tmp_path, {**RECORDS["orca"], **columns})
    assert ([draft.answer for draft in drafts], seen) == ([answer] * 2, unused)


def test_the_spellings_of_a_rejected_response(tmp_path: Path):
    several, _, _ = read(tmp_path, {"messages": MESSAGES, "rejected_response": ["B", "C"]})
    assert [draft.rejected for draft in several] == ["B", "C", "B", "C"]
    other = [MESSAGES[0], {"role": "assistant", "content": "B"}]
    assert read(tmp_path, {"messages": MESSAGES, "rejected_messages": other})[0][0].rejected == "B"
    assert read(tmp_path, {"messages": MESSAGES, "rejected_response": ""})[0][0].rejected is None
    assert "are the same" in read(tmp_path, {"messages": MESSAGES, "rejected_response": "A"})[1][0]
    assert (
        read(tmp_path, {"messages": MESSAGES, "rejected_response": 3})[1][0] == "field 'rejected_response' is not text"
    )


@pytest.mark.parametrize("shape", ["alpaca", "swift", "prompt", "orca"])
def test_earlier_turns_stand_in_history(tmp_path: Path, shape):
    drafts, _, unused = read(tmp_path, {**RECORDS[shape], "history": [["q", "a"]]})
    assert (drafts[0].turns, drafts[0].kind, unused) == ((("q", "a"),), "conversation", {})


def test_a_history_of_something_else_is_reported(tmp_path: Path):
    assert read(tmp_path, {**RECORDS["swift"], "history": "It was founded in 1900."})[2] == {"history": 2}


@pytest.mark.parametrize(
    "verdict",
    [
        {"is_correct": False},
        {"passed": "no"},
        {"approved": 0},
        {"hallucinated": True},
        {"label": "Hallucination"},
        {"verdict": "wrong"},
        {"feedback": "Thumbs down"},
        {"thumbs_down": True},
    ],
)
def test_an_answer_that_its_record_calls_wrong_is_no_row(tmp_path: Path, verdict):
    path = write_jsonl(tmp_path / "x.jsonl", [{"question": "q", "answer": "said", **verdict}])
    (_, outcome), *_ = recognise(open_source(str(path))).outcomes()
    assert isinstance(outcome, Unusable)
    assert str(outcome) == f"marked as wrong ({next(iter(verdict))})"


@pytest.mark.parametrize(
    "record",
    [
        {"question": "q", "answer": "gold", "is_correct": True},
        {"question": "q", "answer": "gold", "label": "harbour"},
        {"question": "q", "answer": "said", "correct_answer": "gold", "is_correct": False},
        {"question": "q", "answer": "gold", "correct": 0.4},
    ],
)
def test_a_verdict_on_another_answer_or_a_good_one_changes_nothing(tmp_path: Path, record):
    path = write_jsonl(tmp_path / "x.jsonl", [record])
    (_, outcome), *_ = recognise(open_source(str(path))).outcomes()
    assert isinstance(outcome, Draft)
    assert outcome.answer == "gold"


@pytest.mark.parametrize(("chosen", "rejected"), [(2.0, 4.0), (3, 3)])
def test_a_preference_against_its_own_scores_is_no_row(tmp_path: Path, chosen, rejected):
    record = {"prompt": "q", "chosen": "a", "rejected": "b", "score_chosen": chosen, "score_rejected": rejected}
    (_, outcome), *_ = recognise(open_source(str(write_jsonl(tmp_path / "x.jsonl", [record])))).outcomes()
    assert isinstance(outcome, Unusable)
