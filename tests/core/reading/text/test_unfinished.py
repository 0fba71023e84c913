"""Texts that break off within a sentence."""

from __future__ import annotations

import pytest

from core.reading.text.unfinished import breaks_off, cut_word, ends_sentence, is_hyphened


@pytest.mark.parametrize(
    "text",
    [
        "The chair is taken by",
        "the language of the",
        "to be told within",
        "boys, girls,",
        "proof of self-",
        "The seat of the court shall be",
        "It is open. The",
        "THE LANGUAGE OF THE",
        "Die Mitglieder treffen sich in der",
        "Le siège de la société est à",
    ],
)
def test_no_sentence_ends_like_this(text: str) -> None:
    assert breaks_off(text)
    assert not ends_sentence(text)


@pytest.mark.parametrize(
    "text",
    ["The gate is open to all members", "Parking", "It is run by IT", "It is due in May", "The fee is due in May."],
)
def test_a_sentence_or_a_heading_may_end_like_this(text: str) -> None:
    assert not breaks_off(text)


def test_a_stop_ends_a_sentence_with_closing_marks_behind_it() -> None:
    assert ends_sentence("It is “free.”  ")
    assert ends_sentence("賃料は月額十二万円です。")
    assert not ends_sentence("It is free")


def test_the_hyphen_of_a_cut_word_is_told_from_one_that_is_written() -> None:
    assert cut_word("proof of resi-", "dence of", "") == 1
    assert cut_word("proof of self-", "employed work", "") == 0
    assert cut_word("the north-", "eastern gate", "The north-eastern gate is shut.") == 0
    assert cut_word("the off-", "ice is shut", "The office is shut.") == 1
    assert cut_word("the north-", "south line", "From north to south: north south") == 0
    assert cut_word("proof of", "dence", "") == 0
    assert is_hyphened("self-", "employed")
    assert not is_hyphened("1990-", "1995")
