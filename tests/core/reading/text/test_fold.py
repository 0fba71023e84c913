"""A quote is found through every harmless change, and through no other."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.text.fold import Folded, fold

WORDS = st.lists(
    st.sampled_from("the office file co-operate naïve fee 24 3.5 1,200 don’t “quoted” text".split()), min_size=1
)


def changed(words: list[str], draw: st.DataObject) -> str:
    """The same words as a PDF or a model may write them."""
    blanks = [" ", "\n", "  ", "\u00a0", " \n "]
    text = "".join(word + draw.draw(st.sampled_from(blanks)) for word in words)
    swaps = {"fi": "ﬁ", "ffi": "ﬃ", "ï": "i\u0308", "’": "'", "“": '"', "”": "''"[:1], "co-": "co\u2010\n", "o": "O"}
    for old, new in swaps.items():
        if draw.draw(st.booleans()):
            text = text.replace(old, new)
    return text.strip()


@given(before=WORDS, words=WORDS, after=WORDS, data=st.data())
def test_a_true_quote_is_found_at_its_place(
    before: list[str], words: list[str], after: list[str], data: st.DataObject
) -> None:
    middle = changed(words, data)
    page = f"{' '.join(before)}. XQ {middle} QX. {' '.join(after)}"
    place = page.index("XQ") + 3
    span = Folded(page).find("XQ " + " ".join(words) + " QX")
    assert span == (place - 3, place + len(middle) + 3)


@given(
    before=st.text(max_size=100),
    word=st.from_regex(r"[A-Za-z]{1,9}|[0-9]{1,6}", fullmatch=True),
    after=st.text(max_size=100),
)
def test_every_whole_word_of_a_page_is_found(before: str, word: str, after: str) -> None:
    page = f"{before} , {word} , {after}"
    span = Folded(page).find(word)
    assert span is not None
    # "ª" stands for "a" as well: what is found folds to the word.
    assert unicodedata.normalize("NFKC", page[span[0] : span[1]]).casefold() == word.casefold()


@pytest.mark.parametrize(
    ("quote", "page"),
    [
        ("12 months", "It lasts 1-2 months."),
        ("1215", "Basic 12 15"),
        ("24 months", "It lasts 124 months."),
        ("3", "It is 3.5 m."),
        ("5 m", "It is 3.5 m."),
        ("1,200", "It is 1,200.50 euros."),
        ("art", "We start now."),
        ("24 months", "It lasts 24 days."),
        ("", "Anything."),
        ("resume", "My résumé."),
    ],
)
def test_a_wrong_quote_is_not_found(quote: str, page: str) -> None:
    assert Folded(page).find(quote) is None


def test_the_nearest_of_several_places_is_taken() -> None:
    page = "The fee is 5. " * 3
    assert Folded(page).find("the fee", near=20) == (14, 21)
    assert Folded(page).find("the fee", near=100) == (28, 35)


@given(text=st.text(max_size=300))
def test_folding_keeps_origins_in_order(text: str) -> None:
    folded, origin = fold(text)
    assert len(folded) == len(origin)
    assert origin == sorted(origin)
    assert all(0 <= at < len(text) for at in origin)
