"""Pictures that hold no text: how much of a page they take, and when that is said."""

from __future__ import annotations

import numpy as np
import pytest

from rag.load.pdf.ink import enough, scale_for
from rag.load.pdf.pictures import picture_note, pictures_without_text
from rag.load.pdf.survey import effective_size
from tests.support.pdf_rows import page_words

PAGE = (0.0, 0.0, 100.0, 100.0)
NO_WORDS = page_words()


def test_a_picture_is_clipped_to_the_page() -> None:
    assert pictures_without_text([(-50, 50, 50, 150)], NO_WORDS, PAGE) == [(0, 50, 50, 100)]
    assert pictures_without_text([(200, 0, 300, 100)], NO_WORDS, PAGE) == []


def test_logos_are_left_out() -> None:
    assert pictures_without_text([(0, 0, 19, 10)], NO_WORDS, PAGE) == []  # 1.9 % of the page
    assert pictures_without_text([(0, 0, 20, 10)], NO_WORDS, PAGE) == [(0, 0, 20, 10)]


def test_a_picture_under_text_is_a_background() -> None:
    # The reader's y runs down from 0: a baseline of -50 is in the middle of the page.
    five = page_words(*(("a", 10.0 * n, -50.0, 2.0) for n in range(1, 6)))
    six = page_words(*(("a", 10.0 * n, -50.0, 2.0) for n in range(1, 7)))
    assert pictures_without_text([PAGE], five, PAGE) == [PAGE]
    assert pictures_without_text([PAGE], six, PAGE) == []
    assert pictures_without_text([(0, 60, 100, 100)], six, PAGE) == [(0, 60, 100, 100)]  # the words stand below it


@pytest.mark.parametrize(
    ("height", "note"),
    [
        (29, ""),
        (30, "part of page 3 is an image"),
        (49, "part of page 3 is an image"),
        (50, "most of page 3 is an image"),
    ],
)
def test_what_is_said_of_a_page(height: float, note: str) -> None:
    assert picture_note([(0, 0, 100, height)], PAGE, 2) == note


def test_pictures_add_up() -> None:
    assert picture_note([(0, 0, 100, 25), (0, 50, 100, 75)], PAGE, 0) == "most of page 1 is an image"
    assert picture_note([], PAGE, 0) == ""


def test_the_size_of_a_glyph_is_the_smaller_of_its_two() -> None:
    assert effective_size(12, 1, 0, 0, 1) == 12
    assert effective_size(1, 12, 0, 0, 0.5) == 0.5
    assert effective_size(-10, 0, 1, -1, 0) == 10  # turned by a quarter
    assert effective_size(10, 3, 4, -4, 3) == 50


def test_small_print_is_drawn_larger_to_be_judged() -> None:
    assert scale_for(np.array([12.0, 10.0])) == 1
    assert scale_for(np.array([2.0, 3.0, 40.0])) == 2
    assert scale_for(np.array([0.1])) == 4


def test_a_glyph_shows_where_one_pixel_in_twenty_changes() -> None:
    assert enough(5, 100)
    assert not enough(4, 100)
    assert not enough(0, 0)
