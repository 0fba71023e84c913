"""Forms of one word meet; different words mostly do not."""

from __future__ import annotations

import pytest

from core.language.english.stemming import light_stem


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("policies", "policy"),
        ("boxes", "box"),
        ("planned", "planning"),
        ("museum's", "museum"),
        ("two", "2"),
        ("used", "using"),
        ("quickly", "quick"),
    ],
)
def test_forms_of_one_word_meet(word: str, other: str) -> None:
    assert light_stem(word) == light_stem(other)


@pytest.mark.parametrize(("word", "other"), [("news", "new"), ("paint", "pay"), ("bus", "bu"), ("thing", "th")])
def test_other_words_do_not(word: str, other: str) -> None:
    assert light_stem(word) != light_stem(other)


def test_what_is_no_word_stays() -> None:
    assert light_stem("4.2.1") == "4.2.1"
    assert light_stem("1990s") == "1990s"
