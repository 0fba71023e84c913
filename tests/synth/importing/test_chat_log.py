"""Chat transcripts: messages with and without times, talks, and who asks."""

from __future__ import annotations

import pytest

from synth.importing.chats.chat_log import LogMessage, chat_log, conversation, looks_like_chat, messages, talks
from synth.importing.drafts import Draft, Unusable

WHATSAPP = """[12/31/23, 10:15:02] Ann: Hello, how many boats?
[12/31/23, 10:16:00] Bo: 14
[12/31/23, 10:16:30] Bo: and two slips
[12/31/23, 10:17:00] Ann: <Media omitted>
[12/31/23, 10:18:00] Ann: Thanks
which I like
[12/31/23, 10:19:00] Bo: Fine
[12/31/23, 18:19:00] Ann: Still there?
[12/31/23, 18:20:00] Bo: Yes
1/1/24, 09:00 - Messages are encrypted
1/1/24, 09:00 - Cy: Happy year
1/1/24, 09:01 - Ann: You too"""


def lines(text: str):
    return enumerate(text.splitlines(), start=1)


def test_messages_have_a_speaker_a_time_and_the_lines_below_them():
    read = list(messages(lines(WHATSAPP)))
    assert [message.name for message in read] == ["Ann", "Bo", "Bo", "Ann", "Ann", "Bo", "Ann", "Bo", "Cy", "Ann"]
    assert read[0] == LogMessage(line=1, name="Ann", text="Hello, how many boats?", time_s=36902.0, day="12/31/23")
    assert read[3].text == ""  # a picture
    assert read[4].text == "Thanks\nwhich I like"


def test_a_talk_ends_with_the_day_or_after_hours_of_silence():
    assert [talk[0].line for talk in talks(messages(lines(WHATSAPP)))] == [1, 8, 11]


def test_the_first_speaker_asks():
    rows = list(chat_log(lines(WHATSAPP), "c.txt"))
    assert [(line, draft.question, draft.answer) for line, draft in rows] == [
        (1, "Thanks\nwhich I like", "Fine"),
        (8, "Still there?", "Yes"),
        (11, "Happy year", "You too"),
    ]
    assert rows[0][1].turns == (("Hello, how many boats?", "14\nand two slips"),)
    assert [draft.documents for _, draft in rows] == [("talk:c.txt:1",), ("talk:c.txt:8",), ("talk:c.txt:11",)]


def test_a_named_speaker_answers():
    outcomes = [outcome for _, outcome in chat_log(lines(WHATSAPP), "c.txt", "Ann")]
    rows = [(draft.question, draft.answer) for draft in outcomes if isinstance(draft, Draft)]
    assert rows == [("14\nand two slips", "Thanks\nwhich I like"), ("Happy year", "You too")]
    assert [str(fault) for fault in outcomes if isinstance(fault, Unusable)] == [
        "a talk without a question and an answer"
    ]


def test_messages_outside_exchanges_are_counted_once():
    talk = [
        LogMessage(line=n, name=name, text=f"text {n}") for n, name in enumerate("aqaqqaqaqaqaqaqaqaqaqaqq", start=1)
    ]
    rows = [draft for _, draft in conversation(talk, answers_by="a") if isinstance(draft, Draft)]
    assert len(rows) == 2
    assert [dict(draft.left_out) for draft in rows] == [
        {"answers before the first question": 1, "questions after the last answer": 2},
        {},
    ]


def test_several_askers_are_named():
    talk = [
        LogMessage(line=number, name=name, text=text)
        for number, (name, text) in enumerate([("Bo", "When?"), ("Cy", "And where?"), ("Ann", "Noon, here.")], start=1)
    ]
    ((_, draft),) = conversation(talk, answers_by="Ann")
    assert draft.question == "Bo: When?\nCy: And where?"


def test_a_long_talk_is_cut():
    talk = [LogMessage(line=number, name=("Bo", "Ann")[number % 2], text=f"text {number}") for number in range(40)]
    rows = list(conversation(talk))
    assert [len(draft.turns) for _, draft in rows] == [7, 7, 3]
    assert rows[1][1].turns[0] == ("text 16", "text 17")


@pytest.mark.parametrize(
    ("clock", "seconds"), [("12:05 AM", 300.0), ("12:05 PM", 43500.0), ("1:05 pm", 47100.0), ("23.59", 86340.0)]
)
def test_clocks(clock, seconds):
    (message,) = messages([(1, f"1/2/24, {clock} - Ann: hi")])
    assert message.time_s == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WHATSAPP, True),
        ("Ann: a\nBo: b\nAnn: c\nBo: d", True),
        ("Ann: a\nAnn: b\nAnn: c\nAnn: d", False),
        ("Name: x\nAge: 3\nCity: y\nZip: 1", False),
        ("Prose about boats.\nMore prose.", False),
    ],
)
def test_what_looks_like_a_chat(text, expected):
    assert looks_like_chat(text.splitlines()) is expected
