"""Stop strings never show, however the text is cut, and an answer fits beside its prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.local.decoding import StopFilter, answer_room
from core.errors import KbError

LETTERS = st.text("ab#", max_size=30)


@given(text=LETTERS, stops=st.lists(st.text("ab#", min_size=1, max_size=4), max_size=3), size=st.integers(1, 5))
def test_what_is_shown_ends_before_the_first_stop_string(text: str, stops: list[str], size: int) -> None:
    gate = StopFilter(stops)
    shown = "".join(gate.push(text[start : start + size]) for start in range(0, len(text), size)) + gate.flush()
    offsets = [text.find(stop) for stop in stops if stop in text]
    if not offsets:
        assert shown == text and not gate.stopped
    else:
        assert gate.stopped and text.startswith(shown)
        assert not any(stop in shown for stop in stops)
        assert len(shown) <= max(offsets)


@given(text=LETTERS)
def test_text_is_held_back_only_where_it_may_begin_a_stop_string(text: str) -> None:
    gate = StopFilter(["##"])
    shown = gate.push(text.replace("##", "#a"))
    assert len(text.replace("##", "#a")) - len(shown) <= 1


def test_nothing_follows_a_stop_string() -> None:
    gate = StopFilter(["", "END"])
    assert gate.push("all E") == "all "
    assert gate.push("ND more") == ""
    assert gate.stopped and gate.push("x") == "" and gate.flush() == ""


def test_an_answer_takes_what_is_left() -> None:
    assert answer_room(10, 100, 512) == 90
    assert answer_room(10, 1000, 512) == 512
    with pytest.raises(KbError, match="100 tokens, the model's context is 100"):
        answer_room(100, 100, 512)
