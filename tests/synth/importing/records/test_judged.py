"""A verdict stays with the answer that it was given to."""

from __future__ import annotations

from typing import Any

import pytest

from synth.importing.chats.conversations import openai
from synth.importing.chats.marks import with_marks
from synth.importing.drafts import Unusable
from synth.importing.fields import ReadFields
from synth.importing.records.judged import preference, verdict

_Q, _MORE = {"role": "user", "content": "q"}, {"role": "user", "content": "more"}


def answer(text: str, **marks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **marks}


_CALL = {"role": "assistant", "content": None, "tool_calls": [{}]}
_UNJUDGED = [
    [_Q, answer("a"), _MORE, answer("good", weight=0)],
    [_Q, answer("a"), _MORE, _CALL, {"role": "tool", "content": "5"}, answer("good")],
]


@pytest.mark.parametrize("messages", _UNJUDGED)
def test_a_verdict_on_an_answer_that_no_row_holds_is_not_given_to_an_earlier_one(messages: list[Any]) -> None:
    with pytest.raises(Unusable, match="the judged answer"):
        list(verdict(ReadFields({"messages": messages, "label": False})))
    with pytest.raises(Unusable, match="the judged answer"):
        record = ReadFields({"messages": messages, "rejected_response": "bad"})
        list(with_marks(record, openai(record)))


def test_marks_on_earlier_answers_do_not_touch_the_verdict() -> None:
    messages = [_Q, answer("a", weight=0), _MORE, answer("good")]
    (row,) = verdict(ReadFields({"messages": messages, "label": True}))
    assert (row.answer, row.good) == ("good", True)
    thanked = [*messages, {"role": "user", "content": "thanks"}]
    assert [row.answer for row in verdict(ReadFields({"messages": thanked, "label": True}))] == ["good"]


@pytest.mark.parametrize("given", [[answer("good", weight=0)], answer("good", train=False)])
def test_a_chosen_answer_that_is_not_to_be_trained_makes_no_preference(given: Any) -> None:
    with pytest.raises(Unusable, match="not to be trained"):
        list(preference(ReadFields({"prompt": [_Q], "chosen": given, "rejected": [answer("bad")]})))


def test_a_mark_on_the_rejected_answer_is_counted() -> None:
    record = {"prompt": [_Q, answer("a", weight=0), _MORE], "chosen": [answer("good")]}
    (row,) = preference(ReadFields({**record, "rejected": [answer("bad", weight=0)]}))
    assert (row.answer, row.rejected) == ("good", "bad")
    assert dict(row.left_out) == {"marks against training on a rejected answer": 1}


@pytest.mark.parametrize(
    ("other", "columns", "fits"),
    [
        ([_Q, answer("bad")], {}, True),
        ([_MORE, answer("bad")], {}, False),
        ([_Q, answer("x"), _MORE, answer("bad")], {}, False),
        ([{"role": "system", "content": "Be brief."}, _Q, answer("bad")], {}, False),
        ([{"role": "system", "content": "Be brief."}, _Q, answer("bad")], {"system": "Be brief."}, True),
        ([_Q, answer("bad")], {"system": "Be brief."}, True),
    ],
)
def test_a_rejected_conversation_has_the_same_prompt(other: list[Any], columns: dict[str, Any], fits: bool) -> None:
    record = ReadFields({"messages": [_Q, answer("good")], "rejected_messages": other, **columns})
    rows = with_marks(record, openai(record))
    if fits:
        assert [row.rejected for row in rows] == ["bad"]
    else:
        with pytest.raises(Unusable, match="differ before their last answers"):
            list(rows)
