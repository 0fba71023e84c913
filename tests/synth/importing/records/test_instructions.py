"""Instructions, questions with passages, preferences and verdicts, field by field."""

from __future__ import annotations

import json

import pytest

from core.rows import row_to_json
from core.types import Alteration, Pair, Preference
from synth.importing.drafts import Draft, Unusable
from synth.importing.records.instructions import (
    alpaca,
    grounded_conversation,
    own_pair,
    own_preference,
    plain_text,
    prompt_completion,
    question_answer,
)
from synth.importing.records.judged import preference, verdict
from tests.support.club import RACKS


def test_alpaca_with_history():
    (draft,) = alpaca({"instruction": "Do", "input": "x", "output": "y", "history": [["a", "b"]]})
    assert (draft.question, draft.context, draft.answer, draft.turns) == ("Do", "x", "y", (("a", "b"),))
    assert draft.kind == "conversation"
    with pytest.raises(Unusable, match="not a list of"):
        list(alpaca({"instruction": "Do", "output": "y", "history": [["a"]]}))


def test_a_prompt_and_its_completion_as_text_list_or_messages():
    assert next(prompt_completion({"prompt": "P", "completion": "C"})).answer == "C"
    assert next(prompt_completion({"inputs": "P", "targets": ["C", "D"]})).answer == "C"
    messages = {"prompt": [{"role": "user", "content": "P"}], "completion": [{"role": "assistant", "content": "C"}]}
    assert next(prompt_completion(messages)).question == "P"
    with pytest.raises(Unusable, match="missing"):
        list(prompt_completion({"completion": "C"}))


def test_a_question_with_passages_and_several_answers():
    (draft,) = question_answer({"question": "Q", "answers": ["A", "B"], "passages": ["p1", {"text": "p2"}]})
    assert (draft.question, draft.answer, draft.context) == ("Q", "A", "p1\n\np2")
    with pytest.raises(Unusable, match="passages are neither"):
        list(question_answer({"question": "Q", "answer": "A", "passages": [3]}))


def test_a_conversation_on_contexts_may_be_unanswerable():
    record = {
        "contexts": [{"text": "p1"}],
        "input": [{"speaker": "user", "text": "Q"}],
        "targets": [{"text": "I cannot say."}],
        "answerability": ["UNANSWERABLE"],
    }
    (draft,) = grounded_conversation(record)
    assert (draft.question, draft.context, draft.kind) == ("Q", "p1", "unanswerable")


def test_a_text_is_learned_as_it_stands():
    (draft,) = plain_text({"text": " T "})
    assert (draft.question, draft.answer, draft.kind) == ("", "T", "text")


def own_row() -> dict[str, object]:
    pair = Pair(
        id="a" * 16,
        kind="evidence",
        question="How many?",
        answer="14 racks",
        context="",
        evidence=RACKS.evidence,
        fact=RACKS.id,
        group="g",
        split="test",
        origin="rules",
    )
    return row_to_json(pair)


def test_rows_of_kb_keep_what_they_say():
    (draft,) = own_pair(own_row())
    assert (draft.evidence, draft.fact, draft.split, draft.documents) == (
        RACKS.evidence,
        RACKS.id,
        "test",
        ("group:g",),
    )
    without = {name: value for name, value in own_row().items() if name != "split"}
    assert next(own_pair(without)).split == ""
    with pytest.raises(Unusable):
        list(own_pair({**own_row(), "question": 3}))


def test_rows_of_kb_keep_what_was_altered():
    alteration = {"evidence": 0, "quote": "It has 15 racks.", "value": "15 racks", "true_value": "14 racks"}
    (draft,) = own_pair({**own_row(), "kind": "contradicts", "altered": [alteration]})
    assert draft.altered == (Alteration(**alteration),)
    assert Draft.from_json(json.loads(json.dumps(draft.to_json()))) == draft


def test_preferences_of_kb_keep_what_they_say():
    row = Preference(
        id="b" * 16,
        kind="corrupted",
        prompt="Who?",
        context="c",
        chosen="Ole",
        rejected="Bo",
        group="g",
        split="val",
        fact="f",
        origin="rules",
    )
    (draft,) = own_preference(row_to_json(row))
    assert (draft.answer, draft.rejected, draft.split, draft.kind) == ("Ole", "Bo", "val", "corrupted")


USER, GOOD, BAD = (
    {"role": "user", "content": "P"},
    {"role": "assistant", "content": "A"},
    {"role": "assistant", "content": "B"},
)


@pytest.mark.parametrize(
    ("record", "question", "context"),
    [
        ({"prompt": "P", "chosen": "A", "rejected": "B"}, "P", ""),
        ({"instruction": "P", "input": "X", "chosen": "A", "rejected": "B"}, "P", "X"),
        ({"chosen": [USER, GOOD], "rejected": [USER, BAD]}, "P", ""),
        ({"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]}, "P", ""),
        ({"conversations": [USER], "chosen": GOOD, "rejected": BAD}, "P", ""),
        ({"prompt": [{"role": "system", "content": "S"}, USER], "chosen": "A", "rejected": "B"}, "P", ""),
    ],
)
def test_a_better_and_a_worse_answer_in_every_spelling(record, question, context):
    (draft,) = preference(record)
    assert (draft.question, draft.context, draft.answer, draft.rejected) == (question, context, "A", "B")


def more(answer: str) -> list[dict[str, str]]:
    return [USER, GOOD, {"role": "user", "content": "More"}, {"role": "assistant", "content": answer}]


HH = "\n\nHuman: P\n\nAssistant: A\n\nHuman: More\n\nAssistant:"


@pytest.mark.parametrize(
    "record",
    [
        {"chosen": more("C"), "rejected": more("D")},
        {"prompt": "P", "chosen": more("C"), "rejected": more("D")},
        {"prompt": more("C")[:3], "chosen": more("C")[3:], "rejected": more("D")[3:]},
        {"conversations": more("C")[:3], "chosen": more("C")[3], "rejected": more("D")[3]},
        {"messages": more("C")[:3], "chosen": "C", "rejected": "D"},
        {
            "input": {"messages": more("C")[:3]},
            "preferred_output": more("C")[3:],
            "non_preferred_output": more("D")[3:],
        },
        {"chosen": f"{HH} C", "rejected": f"{HH} D"},
        {"prompt": HH, "chosen": " C", "rejected": " D"},
    ],
)
def test_earlier_turns_of_a_preference_stay_turns(record):
    (draft,) = preference(record)
    assert (draft.turns, draft.question, draft.context) == ((("P", "A"),), "More", "")
    assert (draft.answer, draft.rejected) == ("C", "D")


def test_a_system_message_of_a_preference_keeps_its_role():
    system = {"role": "system", "content": "Be brief."}
    (draft,) = preference({"chosen": [system, USER, GOOD], "rejected": [system, USER, BAD]})
    assert (draft.system, draft.context) == ("Be brief.", "")


@pytest.mark.parametrize("completion", [more("C")[3:], more("C")[3], "C"])
def test_answers_before_a_completion_are_context(completion):
    (draft,) = prompt_completion({"prompt": more("C")[:3], "completion": completion})
    assert (draft.turns, draft.untrained_turns, draft.answer) == ((("P", "A"),), (0,), "C")


def test_rows_of_kb_keep_their_roles():
    marks = {"system": "Be brief.", "turns": [["P", "A"]], "untrained_turns": [0]}
    (draft,) = own_pair({**own_row(), **marks})
    assert (draft.system, draft.turns, draft.untrained_turns) == ("Be brief.", (("P", "A"),), (0,))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"chosen": [USER, GOOD, USER, GOOD], "rejected": [USER, BAD, USER, BAD]}, "differ before their last answers"),
        ({"prompt": "P", "chosen": "A", "rejected": "A"}, "are the same"),
        ({"prompt": "P", "chosen": "A", "rejected": ""}, "field 'rejected' is empty"),
        ({"prompt": "P", "chosen": "A"}, "field 'rejected' is empty"),
    ],
)
def test_what_is_no_preference(record, reason):
    with pytest.raises(Unusable, match=reason):
        list(preference(record))


@pytest.mark.parametrize(("label", "good"), [(True, True), (False, False), ("True", True), ("false", False)])
def test_verdicts(label, good):
    (draft,) = verdict({"prompt": "P", "completion": "C", "label": label})
    assert (draft.question, draft.answer, draft.good) == ("P", "C", good)


def test_a_verdict_on_messages_and_one_that_is_none():
    record = {"conversations": [{"from": "human", "value": "P"}, {"from": "gpt", "value": "C"}], "kto_tag": False}
    assert next(verdict(record)).good is False
    with pytest.raises(Unusable, match="neither true nor false"):
        list(verdict({"prompt": "P", "completion": "C", "label": "perhaps"}))
