"""Stems meet where words do, and numbers are the same in any spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.text.words import (
    canonical,
    content_stems,
    numbers,
    scaled_numbers,
    stated_numbers,
    stem,
    terms,
    words,
)


@pytest.mark.parametrize(
    "group",
    [
        "warranty warranties",
        "cover covers covered covering",
        "stop stopped stopping stops",
        "box boxes",
        "use used uses using",
        "three 3",
        "director's director directors",
        "locate located locating",
    ],
)
def test_forms_of_a_word_share_a_stem(group: str) -> None:
    assert len({stem(word) for word in group.split()}) == 1


@pytest.mark.parametrize("pair", ["bus but", "analysis analyse", "university universe", "news new", "string st"])
def test_different_words_keep_apart(pair: str) -> None:
    left, right = pair.split()
    assert stem(left) != stem(right)


def test_terms_leave_out_what_carries_nothing() -> None:
    assert terms("How long does the warranty last?") == ["long", "warranti", "last"]
    assert words("Don’t pay €1,200.50!") == ["don't", "pay", "1,200.50"]


@given(value=st.integers(0, 10**12), decimals=st.integers(0, 99))
def test_a_number_has_one_canonical_spelling(value: int, decimals: int) -> None:
    grouped = f"{value:,}.{decimals:02d}"
    assert numbers(f"about ${grouped} in all") == [canonical(f"{value}.{decimals:02d}")]


def test_scaled_numbers_hold_in_tables_kept_in_thousands() -> None:
    ((written, spellings),) = scaled_numbers("Sales were $1.2 billion.")
    assert written.endswith("1.2")
    assert spellings == {"1.2", "1200", "1200000", "1200000000"}
    assert "12" not in spellings


def test_number_words_are_stated() -> None:
    assert stated_numbers("Seven make a quorum; fees rose 3.50% to 1,200.") == {"7", "3.5", "1200"}


def test_content_stems_leave_out_function_words() -> None:
    assert content_stems("What is the fee of the boats?") == {"fee", "boat"}
