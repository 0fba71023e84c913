"""Conversations in every spelling of roles and contents, and what makes one unusable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.importing.chats.conversations import draft_of, exchanges, openai, sharegpt, utterances
from synth.importing.drafts import Unusable


def message(role: str, text: object) -> dict[str, object]:
    return {"role": role, "content": text}


def test_the_last_exchange_is_the_row_and_earlier_ones_are_turns():
    draft = draft_of(
        [message("user", "q1"), message("assistant", "a1"), message("user", "q2"), message("assistant", "a2")]
    )
    assert (draft.question, draft.answer, draft.turns, draft.kind) == ("q2", "a2", (("q1", "a1"),), "conversation")


def test_a_system_text_is_the_context_or_stands_before_the_first_question():
    single = draft_of([message("system", "Be kind."), message("user", "q"), message("assistant", "a")])
    assert (single.context, single.question, single.kind) == ("Be kind.", "q", "instruction")
    several = [
        message("system", "Be kind."),
        message("user", "q1"),
        message("assistant", "a1"),
        message("user", "q2"),
        message("assistant", "a2"),
    ]
    assert draft_of(several).turns == (("Be kind.\n\nq1", "a1"),)


def test_messages_of_one_speaker_are_joined_and_loose_ends_are_left_out():
    turns, question, answer, system = exchanges(
        [
            message("assistant", "hello"),
            message("user", "q"),
            message("user", "more"),
            message("assistant", "a"),
            message("user", "?"),
        ]
    )
    assert (turns, question, answer, system) == ((), "q\n\nmore", "a", "")


def test_parts_of_a_message():
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert draft_of([message("user", parts), message("assistant", "a")]).question == "one\ntwo"
    with pytest.raises(Unusable, match="has no text"):
        draft_of([message("user", [{"type": "image_url"}]), message("assistant", "a")])


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([message("tool", "x")], "role 'tool'"),
        (["hello"], "not an object"),
        ([message("user", "q")], "no question with an answer"),
        ([message("user", " "), message("assistant", "a")], "has no text"),
        ([], "no question with an answer"),
    ],
)
def test_what_is_no_conversation(messages, reason):
    with pytest.raises(Unusable, match=reason):
        draft_of(messages)


def test_the_three_spellings():
    (first,) = openai({"messages": [message("user", "q"), message("assistant", "a")], "title": "T"})
    (second,) = sharegpt(
        {"system": "S", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
    )
    (third,) = utterances({"dialog": ["q", "a", "q2", "a2"]})
    assert (first.answer, first.documents) == ("a", ("title:T",))
    assert second.context == "S"
    assert third.turns == (("q", "a"),)
    with pytest.raises(Unusable, match="not a list of texts"):
        list(utterances({"dialog": ["q", 3]}))


@given(st.lists(st.sampled_from(["user", "assistant"]), max_size=10))
def test_whoever_speaks_exchanges_alternate(roles):
    messages = [message(role, f"{role}{number}") for number, role in enumerate(roles)]
    try:
        turns, question, answer, _ = exchanges(messages)
    except Unusable:
        assert not any(first == "user" and "assistant" in roles[at:] for at, first in enumerate(roles))
        return
    for asked, answered in (*turns, (question, answer)):
        assert asked.startswith("user")
        assert answered.startswith("assistant")
