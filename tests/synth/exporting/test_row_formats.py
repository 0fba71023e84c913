"""Every format as a function of one row: what stands where, with and without a template of the user's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.types import Pair, Preference
from synth.dataset.judged import Judged
from synth.exporting.formats import (
    PAIR_FORMATS,
    alpaca,
    chat_row,
    dpo,
    dpo_alpaca,
    kto,
    kto_sharegpt,
    kto_text,
    openai,
    sharegpt,
    text,
    trl,
    verdicts,
)
from synth.templates.wording import PromptTemplate

DEFAULT = PromptTemplate(name="plain", prompt_input="{context}\n{question}", prompt_no_input="{question}")
OWN = PromptTemplate(
    name="own",
    prompt_input="Read {context}. {question} Say: {answer}<end>",
    prompt_no_input="{question}: {answer}<end>",
)
TURNS = (("Hello?", "Hello."),)


def pair(context: str = "", turns: tuple[tuple[str, str], ...] = ()) -> Pair:
    return Pair(
        id="1",
        kind="evidence",
        question="How many?",
        answer="14 {boats}",
        context=context,
        turns=turns,
        evidence=(),
        fact="",
        group="g",
        split="train",
    )


PREFERENCE = Preference(
    id="2",
    kind="corrupted",
    prompt="How many?",
    chosen="14",
    rejected="15",
    group="g",
    split="train",
    context="A club.",
)
JUDGED = Judged(id="3", prompt="Where?", completion="Here.", label=False, group="g", split="train")


def test_text_around_the_answer_goes_to_the_side_on_which_the_template_has_it():
    chat = chat_row(pair("A club"), OWN)
    assert chat.prompt == "Read A club. How many? Say: "
    assert chat.answer == "14 {boats}<end>"


@pytest.mark.parametrize("write", PAIR_FORMATS.values(), ids=PAIR_FORMATS)
def test_earlier_turns_stand_before_the_question_in_order(write):
    written = str(write(pair(turns=TURNS), None, DEFAULT))
    if write is alpaca:  # its readers put the history before the instruction themselves
        assert write(pair(turns=TURNS), None, DEFAULT)["history"] == [["Hello?", "Hello."]]
    else:
        assert written.index("Hello?") < written.index("Hello.") < written.index("How many?")
    assert "Hello?" not in str(write(pair(), None, DEFAULT))


@pytest.mark.parametrize("write", PAIR_FORMATS.values(), ids=PAIR_FORMATS)
def test_a_system_message_stands_first_under_its_own_name(write):
    row = write(replace(pair(turns=TURNS), system="Be brief."), None, DEFAULT)
    if write is alpaca:
        assert row["system"] == "Be brief."
    elif write is text:
        assert row["text"].startswith("Be brief.\n\nHello?")
    else:
        (first, second, *_) = next(iter(row.values()))
        assert "system" in first.values() and "Be brief." in first.values()
        assert "Hello?" in second.values()


@pytest.mark.parametrize("write", [kto, kto_sharegpt])
def test_a_verdict_keeps_its_conversation(write):
    row = write((replace(JUDGED, turns=TURNS, system="Be brief."), "Here.", True), DEFAULT)
    texts = [text for message in next(iter(row.values())) for text in message.values()]
    assert [text for text in texts if text in ("Be brief.", "Hello?", "Hello.", "Where?")] == [
        "Be brief.",
        "Hello?",
        "Hello.",
        "Where?",
    ]


def test_alpaca_keeps_question_and_context_apart_unless_a_template_joins_them():
    assert alpaca(pair("A club."), None, DEFAULT) == {
        "instruction": "How many?",
        "input": "A club.",
        "output": "14 {boats}",
    }
    assert alpaca(pair("A club"), OWN, DEFAULT) == {
        "instruction": "Read A club. How many? Say: ",
        "input": "",
        "output": "14 {boats}<end>",
    }


def test_conversations_end_with_the_answer_under_the_names_of_their_format():
    assert sharegpt(pair("A club."), None, DEFAULT)["conversations"] == [
        {"from": "human", "value": "A club.\nHow many?"},
        {"from": "gpt", "value": "14 {boats}"},
    ]
    messages = openai(pair(turns=TURNS), None, DEFAULT)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2
    assert messages[-1]["content"] == "14 {boats}"
    row = trl(pair(turns=TURNS), None, DEFAULT)
    assert row["prompt"] + row["completion"] == messages


def test_text_is_prompt_and_answer_after_the_earlier_turns():
    assert text(pair(turns=TURNS), None, DEFAULT) == {"text": "Hello?\n\nHello.\n\nHow many?\n\n14 {boats}"}
    assert text(pair("A club"), OWN, DEFAULT) == {"text": "Read A club. How many? Say: 14 {boats}<end>"}


def test_a_preference_is_one_prompt_and_two_answers():
    row = dpo(PREFERENCE, DEFAULT)
    assert {name: messages[0]["content"] for name, messages in row.items()} == {
        "prompt": "A club.\nHow many?",
        "chosen": "14",
        "rejected": "15",
    }
    assert dpo_alpaca(PREFERENCE, DEFAULT) == {
        "instruction": "A club.\nHow many?",
        "input": "",
        "chosen": "14",
        "rejected": "15",
    }


def test_a_preference_gives_two_judged_answers_and_a_judged_row_one():
    assert list(verdicts(PREFERENCE)) == [(PREFERENCE, "14", True), (PREFERENCE, "15", False)]
    assert list(verdicts(JUDGED)) == [(JUDGED, "Here.", False)]


def test_a_judged_answer_in_the_words_of_each_trainer():
    _, disliked = verdicts(PREFERENCE)
    assert kto(disliked, DEFAULT) == {
        "prompt": [{"role": "user", "content": "A club.\nHow many?"}],
        "completion": [{"role": "assistant", "content": "15"}],
        "label": False,
    }
    assert kto_text(disliked, DEFAULT) == {"prompt": "A club.\nHow many?", "completion": "15", "label": False}
    assert kto_sharegpt(disliked, DEFAULT) == {
        "conversations": [{"from": "human", "value": "A club.\nHow many?"}, {"from": "gpt", "value": "15"}],
        "kto_tag": False,
    }
