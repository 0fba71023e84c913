"""What holds at a place of an RTF file changes by control words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.load.rtf.state import State, Tables

TABLES = Tables(codec="cp1251", codecs={1: "cp932"}, whites={8}, levels={2: 1})


def after(*words: tuple[str, int | None], state: State | None = None) -> State:
    state = state or State()
    for word, number in words:
        state.apply(word, number, TABLES)
    return state


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], ""),
        ([("v", None)], "not_displayed"),
        ([("v", 1)], "not_displayed"),
        ([("v", None), ("v", 0)], ""),
        ([("fs", 3)], "tiny"),  # 1.5 points
        ([("fs", 4)], ""),
        ([("fs", None)], ""),
        ([("fs", 0)], ""),
        ([("fs", 3), ("fs", 24)], ""),
        ([("cf", 8)], "no_contrast"),
        ([("cf", 8), ("cf", 1)], ""),
        ([("cf", None)], ""),
        ([("cf", 8), ("highlight", 2)], ""),  # white on a colour
        ([("cb", 2), ("cf", 8)], ""),
        ([("cf", 8), ("chcbpat", 2), ("chcbpat", 0)], "no_contrast"),
        ([("v", None), ("fs", 2), ("cf", 8)], "not_displayed"),  # one reason is told
        ([("fs", 2), ("cf", 8)], "tiny"),
        ([("v", None), ("fs", 2), ("cf", 8), ("plain", None)], ""),
    ],
)
def test_why_text_does_not_show(words: list[tuple[str, int | None]], why: str) -> None:
    assert after(*words).hidden == why


@pytest.mark.parametrize(
    ("words", "script"),
    [
        ([("super", None)], "super"),
        ([("sub", None)], "sub"),
        ([("super", None), ("super", 0)], ""),
        ([("super", None), ("nosupersub", None)], ""),
        ([("up", 6)], "super"),
        ([("dn", 6)], "sub"),
        ([("up", 6), ("up", 0)], ""),
    ],
)
def test_raised_and_lowered_text(words: list[tuple[str, int | None]], script: str) -> None:
    assert after(*words).script == script


def test_deleted_and_struck_text() -> None:
    state = after(("deleted", None), ("strike", None))
    assert state.is_deleted and state.is_struck
    after(("deleted", 0), ("striked", 0), state=state)
    assert not state.is_deleted and not state.is_struck


@pytest.mark.parametrize(
    ("word", "number", "level"),
    [("outlinelevel", 0, 1), ("outlinelevel", 8, 9), ("outlinelevel", 9, 0), ("s", 2, 1), ("s", 7, 0), ("s", None, 0)],
)
def test_levels_of_headings(word: str, number: int | None, level: int) -> None:
    assert after((word, number)).level == level


def test_a_paragraph_begins_anew_and_keeps_the_look_of_characters() -> None:
    state = after(("intbl", None), ("s", 2), ("v", None), ("f", 1))
    assert (state.in_table, state.level) == (True, 1)
    after(("pard", None), state=state)
    assert (state.in_table, state.level, state.is_vanished, state.codec) == (False, 0, True, "cp932")


def test_bytes_are_read_as_the_font_says_or_as_the_file_does() -> None:
    assert after(("f", 1)).codec == "cp932"
    assert after(("f", 1), ("f", 9)).codec == "cp1251"
    assert State().codec == "cp1252"


@pytest.mark.parametrize(("number", "fallback"), [(2, 2), (0, 0), (-3, 0), (None, 0)])
def test_characters_for_readers_without_unicode(number: int | None, fallback: int) -> None:
    assert after(("uc", number)).fallback == fallback


@given(st.sampled_from(["b", "i", "par", "unknown", "f0", ""]), st.none() | st.integers(-9, 9))
def test_other_words_change_nothing(word: str, number: int | None) -> None:
    assert after((word, number)) == State()


def test_a_group_inside_changes_a_copy() -> None:
    outer = after(("s", 2))
    inner = replace(outer)
    after(("v", None), ("pard", None), state=inner)
    assert (outer.level, outer.hidden) == (1, "")
