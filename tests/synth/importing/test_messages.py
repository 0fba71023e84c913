"""One message in any of the usual spellings: who speaks, what it says, whether it is trained, what it holds beyond."""

from __future__ import annotations

from typing import Any

import pytest

from synth.importing.chats.marks import system_of, turns_of, with_marks
from synth.importing.chats.messages import BeyondText, mark, spoken
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import ReadFields


@pytest.mark.parametrize(
    ("message", "role", "text"),
    [
        ({"role": "user", "content": " q "}, "user", "q"),
        ({"from": "GPT", "value": "a"}, "assistant", "a"),
        ({"speaker": "Customer", "text": "q"}, "user", "q"),
        ({"role": "model", "parts": [{"text": "a"}, {"text": "b"}]}, "assistant", "a\nb"),
        ({"role": "user", "content": {"type": "text", "text": "q"}}, "user", "q"),
        ({"role": "user", "content": ["q", {"type": "input_text", "text": "r"}]}, "user", "q\nr"),
        ({"role": "system", "content": None}, "system", ""),
        (
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "a"}]},
            "assistant",
            "<think>\nHm.\n</think>\n\na",
        ),
        ({"role": "assistant", "content": "a", "reasoning": "Hm."}, "assistant", "<think>\nHm.\n</think>\n\na"),
        ({"role": "user", "content": "q", "reasoning": "Hm."}, "user", "q"),  # only an answer has a thought
    ],
)
def test_who_says_what(message: dict[str, Any], role: str, text: str) -> None:
    found = spoken(message)
    assert (found.role, found.text) == (role, text)


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ({"role": "tool", "content": "x"}, "a tool call"),
        ({"role": "function_response", "content": "x"}, "a tool call"),
        ({"role": "assistant", "content": "", "tool_calls": [{}]}, "a tool call"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "an image"),
        ({"role": "user", "content": [{"inlineData": {}}]}, "a file"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "a sound"),
        ({"role": "user", "content": "Look: <image>"}, "an image"),
    ],
)
def test_what_a_row_cannot_hold_is_named(message: dict[str, Any], what: str) -> None:
    with pytest.raises(BeyondText, match="which rows cannot hold") as raised:
        spoken(message, placeholders=("<image>",))
    assert raised.value.what == what


def test_a_word_that_stands_for_no_picture_is_text() -> None:
    assert spoken({"role": "user", "content": "Write an <image> tag."}).text == "Write an <image> tag."


@pytest.mark.parametrize(
    "message", ["text", None, {}, {"role": "moon", "content": "x"}, {"role": "user", "content": " "}, {"role": "user"}]
)
def test_what_is_no_message_says_why(message: Any) -> None:
    with pytest.raises(Unusable, match="a message"):
        spoken(message)


@pytest.mark.parametrize(
    ("marks", "trained", "unused"),
    [
        ({"weight": 0}, False, ()),
        ({"train": "false"}, False, ()),
        ({"masked": True}, False, ()),
        ({"skip": 0}, True, ()),
        ({"weight": 0.5}, True, ("weight",)),
        ({"name": "ann"}, True, ("name",)),
        ({"name": None}, True, ()),
    ],
)
def test_marks_of_an_answer(marks: dict[str, Any], trained: bool, unused: tuple[str, ...]) -> None:
    found = spoken({"role": "assistant", "content": "a", **marks})
    assert (found.trained, found.unused) == (trained, unused)


def test_a_question_that_is_marked_to_be_trained_is_reported() -> None:
    assert spoken({"role": "user", "content": "q", "train": True}).unused == ("train",)
    assert spoken({"role": "user", "content": "q", "train": False}).unused == ()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0, False),
        ("False", False),
        (1.0, True),
        (" TRUE ", True),
        (0.5, None),
        ("yes", True),
        ("No", False),
        (-1, False),
        ("some", None),
    ],
)
def test_a_mark_is_yes_or_no_or_neither(value: Any, says: bool | None) -> None:
    assert mark(value) is says


@pytest.mark.parametrize("history", [None, [], [["q", "a"]], [("q", "a")]])
def test_earlier_turns(history: Any) -> None:
    assert turns_of(history) == tuple(("q", "a") for _ in history or ())


@pytest.mark.parametrize("history", [["q"], [["q"]], [["q", 3]], [{"q": "a"}], "qa"])
def test_turns_given_as_something_else_are_named(history: Any) -> None:
    with pytest.raises(Unusable, match="'talk' is not a list of"):
        turns_of(history, "talk")


def test_columns_of_every_shape_mark_a_row() -> None:
    record = ReadFields({"system": [{"text": "Be"}, "brief."], "rejected": ["b", "c"], "history": [["q0", "a0"]]})
    assert system_of(record) == "Be\nbrief."
    rows = list(with_marks(record, iter([Draft(question="q", answer="a", system="Be kind.")])))
    assert [(row.rejected, row.turns) for row in rows] == [("b", (("q0", "a0"),)), ("c", (("q0", "a0"),))]
    assert rows[0].system == "Be\nbrief.\n\nBe kind."
    with pytest.raises(Unusable, match="not to be trained"):
        list(with_marks(ReadFields({"train": 0}), iter([])))
