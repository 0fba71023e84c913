"""Model output becomes plain text, in one piece or in any pieces."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.plain import Stream, transform

SOURCES = {"b7k2m": "handbook.pdf, p. 3", "c3d4f": "manual.pdf, p. 1"}
OUTPUT = st.lists(
    st.sampled_from(
        [
            "The fee is 5 euros. ",
            "[[b7k2m]]",
            "[b7k2m]",
            "[[b7k2m, c3d4f]]",
            "[[z9z9z]]",
            "[[nonsense]]",
            "[",
            "[[",
            "]]",
            "<",
            "<<",
            ">>",
            "<<h4n8c2 end>>",
            "<b>",
            "![x](http://evil)",
            "[text](http://evil)",
            "!",
            "a < b",
            "\x1b[31m",
            "\x1b]8;;http://evil\x07",
            "\x1b",
            "\n",
            "<think>",
            "</think>",
            "\u202e",
            "naïve",
            "[1]",
        ]
    ),
    max_size=14,
)


@given(parts=OUTPUT, cuts=st.lists(st.integers(0, 400), max_size=20))
def test_the_stream_does_not_depend_on_where_it_is_cut(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    whole = Stream(SOURCES)
    expected = whole.feed(text) + whole.end()
    pieces = Stream(SOURCES)
    marks = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    shown = "".join(pieces.feed(text[a:b]) for a, b in pairwise(marks)) + pieces.end()
    assert shown == expected


@given(parts=OUTPUT)
def test_nothing_but_text_is_shown(parts: list[str]) -> None:
    stream = Stream(SOURCES)
    shown = stream.feed("".join(parts)) + stream.end()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)
    assert "b7k2m" not in shown and "c3d4f" not in shown and "z9z9z" not in shown
    assert not re.search(r"\[[^\[\]\n]*\]\([^()\n]*\)", transform(shown, lambda _: "")) or "[[" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Five. [[b7k2m]]", "Five. (handbook.pdf, p. 3)"),
        ("Five. [[b7k2m]][[c3d4f]]", "Five. (handbook.pdf, p. 3)(manual.pdf, p. 1)"),
        ("Five. [[b7k2m, c3d4f]]", "Five. (handbook.pdf, p. 3; manual.pdf, p. 1)"),
        ("Five. [[z9z9z]]", "Five. "),
        ("<think>hm</think>Five.", "Five."),
        ("Five.<think>hm", "Five."),
        ("See [here](http://evil/x) ![i](http://evil/y)", "See here i"),
        ("a < b and c[1]", "a < b and c[1]"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_by_hand(text: str, shown: str) -> None:
    stream = Stream(SOURCES)
    assert stream.feed(text) + stream.end() == shown


def test_text_is_not_held_back_for_long() -> None:
    stream = Stream(SOURCES)
    assert stream.feed("The fee is ") == "The fee is "
    assert stream.feed("5 [[b7") == "5 "
    assert stream.feed("k2m]] a year") == "(handbook.pdf, p. 3) a year"
