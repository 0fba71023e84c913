"""Conversations in one text: every way to mark the speakers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth.importing.chats.rendered import messages_of
from synth.importing.drafts import Draft
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise

ALPACA = "Below is an instruction that describes a task.\n\n### Instruction:\nq\n\n### Input:\nmore\n\n### Response:\na"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("\n\nHuman: q\n\nAssistant: a", [("user", "q"), ("assistant", "a")]),
        ("User: q\nmore\nAssistant: a: b", [("user", "q\nmore"), ("assistant", "a: b")]),
        ("### Human: q### Assistant: a### Human: q2", [("user", "q"), ("assistant", "a"), ("user", "q2")]),
        (ALPACA, [("system", ALPACA.partition("\n")[0]), ("user", "q"), ("user", "more"), ("assistant", "a")]),
        ("<s>[INST] q [/INST] a </s>", [("user", "q"), ("assistant", "a")]),
        (
            "<s>[INST] <<SYS>>\ns\n<</SYS>>\n\nq [/INST] a </s><s>[INST] q2 [/INST] a2 </s>",
            [("system", "s"), ("user", "q"), ("assistant", "a"), ("user", "q2"), ("assistant", "a2")],
        ),
        ("The harbour lies in the north.", []),
        ("Human: a being.", []),
        ("The manual of User: it says\nnothing. Assistant: none", []),
        ("A report on chats.\nUser: q\nAssistant: a", []),
        ("### Response: a", []),
        ("Assistant: a\nUser: q", []),
    ],
)
def test_the_speakers_of_a_text(text, spoken):
    assert [(message["role"], message["content"]) for message in messages_of(text)] == spoken


def test_a_file_of_such_texts(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps({"text": f"### Human: q{n}### Assistant: a{n}"}) + "\n" for n in range(3)))
    opened = recognise(open_source(str(path)))
    assert opened.shape == "conversations in one text"
    drafts = [outcome for _, outcome in opened.outcomes() if isinstance(outcome, Draft)]
    assert [(draft.question, draft.answer) for draft in drafts] == [(f"q{n}", f"a{n}") for n in range(3)]
