"""Conversations in every spelling of roles and contents, and what makes one unusable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.importing.chats.conversations import draft_of, openai, read_conversation, sharegpt, utterances
from synth.importing.drafts import Draft, Unusable


def message(role: str, text: object, **marks: object) -> dict[str, object]:
    return {"role": role, "content": text, **marks}


def user(text: object, **marks: object) -> dict[str, object]:
    return message("user", text, **marks)


def assistant(text: object, **marks: object) -> dict[str, object]:
    return message("assistant", text, **marks)


TWO = [user("q1"), assistant("a1"), user("q2"), assistant("a2")]
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
PICTURE = user([{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "x"}}])


def test_the_last_exchange_is_the_row_and_earlier_ones_are_turns():
    draft = draft_of(TWO)
    assert (draft.question, draft.answer, draft.turns, draft.kind) == ("q2", "a2", (("q1", "a1"),), "conversation")
    assert draft.untrained_turns == ()


def test_a_system_message_keeps_its_role():
    single = draft_of([message("system", "Be kind."), user("q"), assistant("a")])
    assert (single.system, single.context, single.question, single.kind) == ("Be kind.", "", "q", "instruction")
    several = draft_of([message("developer", "Be kind."), *TWO])
    assert (several.system, several.turns) == ("Be kind.", (("q1", "a1"),))
    assert draft_of([message("system", ""), *TWO]).system == ""


def test_a_later_system_message_stands_first_and_is_counted():
    draft = draft_of([message("system", "One."), *TWO[:2], message("system", "Two."), *TWO[2:]])
    assert draft.system == "One.\n\nTwo."
    assert draft.left_out == (("places of later system messages, which stand first now", 1),)


def test_messages_of_one_speaker_are_joined_and_loose_ends_are_counted():
    draft = draft_of([assistant("hello"), user("q"), user("more"), assistant("a"), user("?"), user("so?")])
    assert (draft.turns, draft.question, draft.answer) == ((), "q\n\nmore", "a")
    assert dict(draft.left_out) == {"answers before the first question": 1, "questions after the last answer": 2}


@pytest.mark.parametrize(
    "marks",
    [
        {"weight": 0},
        {"weight": 0.0},
        {"loss_weight": 0.0},
        {"loss": False},
        {"loss_mask": 0},
        {"train": False},
        {"training": "false"},
    ],
)
def test_an_answer_that_is_marked_is_context_or_left_out(marks):
    context = draft_of([user("q1"), assistant("a1", **marks), user("q2"), assistant("a2", weight=1)])
    assert (context.untrained_turns, context.answer, context.unused) == ((0,), "a2", ())
    cut = draft_of([user("q1"), assistant("a1"), user("q2"), assistant("a2", **marks)])
    assert (cut.question, cut.answer, cut.turns, cut.kind) == ("q1", "a1", (), "instruction")
    assert cut.left_out == (("exchanges after the last answer to train", 1),)
    with pytest.raises(Unusable, match="every answer is marked as not to be trained"):
        draft_of([user("q"), assistant("a", **marks)])


def test_fields_and_marks_that_have_no_effect_are_named():
    draft = draft_of([user("q", train=True, name="Ann"), assistant("a", weight=0.5, refusal=None)])
    assert draft.unused == ("messages.train", "messages.name", "messages.weight")
    assert draft_of([user("q", weight=0), assistant("a")]).unused == ()


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking", "thought"])
def test_a_thought_stands_before_its_answer(key):
    assert draft_of([user("q"), assistant("a", **{key: " Think.\n"})]).answer == "<think>\nThink.\n</think>\n\na"
    twice = draft_of([user("q"), assistant("<think>Other.</think>a", **{key: "Think."})])
    assert (twice.answer, twice.unused) == ("<think>Other.</think>a", (f"messages.{key}",))
    parts = [{"type": "thinking", "thinking": "Think."}, {"type": "text", "text": "a"}]
    assert draft_of([user("q"), assistant(parts)]).answer == "<think>\nThink.\n</think>\n\na"


@pytest.mark.parametrize(
    "parts",
    [
        [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
        [{"text": "one"}, "two"],
        [{"type": "text", "value": "one\ntwo"}],
        [{"type": "text", "text": "one\ntwo", "image": None}],
        {"text": "one\ntwo"},
    ],
)
def test_parts_of_a_message(parts):
    assert draft_of([user(parts), assistant("a")]).question == "one\ntwo"


@pytest.mark.parametrize(
    ("beyond", "what"),
    [
        (CALL, "a tool call"),
        (message("tool", "5"), "a tool call"),
        (message("function_call", "{}"), "a tool call"),
        (message("observation", "5"), "a tool call"),
        (assistant("Wait.", function_call={"name": "f"}), "a tool call"),
        (assistant([{"type": "tool_use", "id": "1"}]), "a tool call"),
        (PICTURE, "an image"),
        (user([{"image": "x.png"}, {"text": "What?"}]), "an image"),
        (user([{"text": "What?", "image": "x.png"}]), "an image"),
        (user([{"type": "input_audio", "input_audio": {}}]), "a sound"),
        (user([{"inlineData": {"mimeType": "image/png"}}]), "a file"),
    ],
)
def test_what_is_no_text_is_named_and_ends_the_row(beyond, what):
    with pytest.raises(Unusable, match=f"^{what}, which rows cannot hold$"):
        draft_of([user("q"), beyond, assistant("a")])
    draft = draft_of([*TWO[:2], beyond, *TWO[2:]])
    assert (draft.question, draft.answer) == ("q1", "a1")
    assert dict(draft.left_out) == {f"messages from {what} on": 3}


def test_a_word_that_stands_for_a_picture_is_one():
    record = {"messages": [user("<image>\nWhat is this?"), assistant("A cat.")]}
    with pytest.raises(Unusable, match="an image"):
        list(openai({**record, "images": ["cat.png"]}))
    assert next(openai(record)).question == "<image>\nWhat is this?"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([message("narrator", "x")], "role 'narrator'"),
        (["hello"], "not an object"),
        ([user("q")], "no question with an answer"),
        ([user(" "), assistant("a")], "has no text"),
        ([user("q"), assistant(None)], "has no text"),
        ([], "no question with an answer"),
    ],
)
def test_what_is_no_conversation(messages, reason):
    with pytest.raises(Unusable, match=reason):
        draft_of(messages)


def test_answers_among_the_messages_of_a_prompt_are_context():
    assert draft_of(TWO, n_prompt=3).untrained_turns == (0,)


def test_the_spellings_of_a_conversation():
    (first,) = openai({"messages": [user("q"), assistant("a")], "title": "T"})
    (second,) = sharegpt({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]})
    (third,) = utterances({"dialog": ["q", "a", "q2", "a2"]})
    (fourth,) = openai(
        {"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]}
    )
    assert (first.answer, first.documents) == ("a", ("title:T",))
    assert (second.question, fourth.question, fourth.answer) == ("q", "q", "a")
    assert third.turns == (("q", "a"),)
    with pytest.raises(Unusable, match="not a list of texts"):
        list(utterances({"dialog": ["q", 3]}))


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), st.booleans()), max_size=10))
def test_every_message_is_in_the_row_or_counted(spoken):
    messages = [message(role, f"{role}{n}", train=train) for n, (role, train) in enumerate(spoken)]
    roles = [role for role, _ in spoken if role != "system"]
    try:
        conversation = read_conversation(messages)
    except Unusable:
        assert not any(first == "user" and "assistant" in roles[n:] for n, first in enumerate(roles))
        return
    for question, answer in conversation.exchanges:
        assert question.startswith("user")
        assert answer.startswith("assistant")
    left_out = dict(conversation.left_out)
    left_out.pop("places of later system messages, which stand first now", None)
    texts = [conversation.system, *(text for exchange in conversation.exchanges for text in exchange)]
    kept = sum(len(text.split("\n\n")) for text in texts if text)
    assert kept + sum(left_out.values()) == len(messages)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_no_answer_that_is_marked_is_trained(trained):
    messages = [each for n, train in enumerate(trained) for each in (user(f"q{n}"), assistant(f"a{n}", train=train))]
    try:
        draft: Draft = draft_of(messages)
    except Unusable:
        assert not any(trained)
        return
    answers = [*(answer for _, answer in draft.turns), draft.answer]
    learned = [answer for n, answer in enumerate(answers) if n not in draft.untrained_turns]
    assert learned == [f"a{n}" for n, train in enumerate(trained) if train]
