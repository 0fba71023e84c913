"""Answers with a thought before them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.thoughts import split_thought, with_thought


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>Add.</think>Three.", ("Add.", "Three.")),
        (" <think>\nAdd.\n\nOnce.\n</think>\n\nThree.\n", ("Add.\n\nOnce.", "Three.\n")),
        ("Add.\n</think>\nThree.", ("Add.", "Three.")),
        ("<think>\n\n</think>\n\nThree.", ("", "Three.")),
        ("Three. <think>Add.</think>", ("", "Three. <think>Add.</think>")),
        ("<think>Add.", ("", "<think>Add.")),
    ],
)
def test_a_thought_stands_first_or_is_none(text, parts):
    assert split_thought(text) == parts


@given(st.text(alphabet="ab \n").map(str.strip), st.text(alphabet="ab \n").map(str.strip))
def test_what_is_joined_comes_apart_again(thought, answer):
    assert split_thought(with_thought(thought, answer)) == (thought, answer)
