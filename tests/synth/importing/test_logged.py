"""Calls of chat APIs in logs: where the messages of the request and the answer are, and what is no such call."""

from __future__ import annotations

from typing import Any

import pytest

from synth.importing.chats.logged import is_logged, is_unanswered, logged
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import ReadFields

ASKED = [{"role": "user", "content": "When?"}]
SAID = {"role": "assistant", "content": "At noon."}


def row(record: dict[str, Any]) -> Draft:
    (draft,) = logged(ReadFields(record))
    return draft


@pytest.mark.parametrize(
    "record",
    [
        {"messages": ASKED, "response": "At noon."},
        {"messages": ASKED, "output": SAID},
        {"input": ASKED, "output": [SAID]},
        {"input": {"messages": ASKED}, "output": {"content": "At noon."}},
        {"request": {"messages": [*ASKED, SAID]}},  # the answer stands in the request's own field
        {"body": {"messages": ASKED}, "response": {"body": {"choices": [{"message": SAID}, {"message": ASKED[0]}]}}},
        {"messages": ASKED, "output": [*ASKED, SAID]},  # the request is repeated
        {"messages": [[{"type": "human", "content": "When?"}]], "generations": [[{"text": "At noon."}]]},
        {"prompt": ASKED, "reward_model": {"ground_truth": "At noon.", "style": "rule"}},
        {"messages": ASKED, "output": "At ten.", "expected_output": "At noon."},  # gold before what a model said
    ],
)
def test_the_answer_to_a_request_is_found(record: dict[str, Any]) -> None:
    assert is_logged(ReadFields(record))
    assert not is_unanswered(ReadFields(record))
    draft = row(record)
    assert (draft.question, draft.answer, draft.turns) == ("When?", "At noon.", ())


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "When?", "response": "At noon."},
        {"prompt": ASKED, "completion": [SAID]},  # TRL
        {"messages": [*ASKED, SAID]},  # a conversation
        {"messages": [], "output": "At noon."},
        {"messages": [SAID], "output": "At noon."},
        {"messages": ["When?"], "output": "At noon."},
        {},
    ],
)
def test_other_records_are_no_calls(record: dict[str, Any]) -> None:
    assert not is_logged(ReadFields(record))


def test_instructions_are_the_system_message_and_earlier_answers_are_context() -> None:
    turns = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "Here."}]
    draft = row({"messages": [*turns, *ASKED], "output": "At noon.", "instructions": " Be brief. "})
    assert (draft.system, draft.turns, draft.untrained_turns) == ("Be brief.", (("Where?", "Here."),), (0,))


@pytest.mark.parametrize("output", [{}, None, "", [], {"output": ""}])
def test_a_request_without_an_answer_is_told(output: dict[str, Any] | None) -> None:
    record = ReadFields({"messages": ASKED, "output": output})
    assert is_unanswered(record) and not is_logged(record)
    with pytest.raises(Unusable, match="no answer"):
        list(logged(record))


def test_an_empty_gold_answer_is_named_and_no_model_takes_its_place() -> None:
    with pytest.raises(Unusable, match="expected_output"):
        row({"messages": ASKED, "output": "At ten.", "expected_output": ""})
