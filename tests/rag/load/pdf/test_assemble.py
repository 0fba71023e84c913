"""Words to rows: baselines, gaps, marks above and below the line, and what is drawn between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.load.pdf.layout.assemble import Dividers, make_rows
from rag.load.pdf.layout.rows import TextRow
from tests.support.pdf_rows import page_words

Placed = tuple[str, float, float, float]


def rows_of(*placed: Placed, dividers: Dividers = ()) -> list[TextRow]:
    words = page_words(*placed)
    return make_rows(words, np.arange(len(placed)), dividers)


def texts(rows: list[TextRow]) -> list[list[str]]:
    return [[segment.text for segment in row.segments] for row in rows]


def test_words_on_one_baseline_are_a_row_from_left_to_right() -> None:
    rows = rows_of(("rent", 80, 100, 10), ("The", 62, 101, 10), ("below", 62, 112, 10))
    assert texts(rows) == [["The rent"], ["below"]]
    assert (rows[0].x0, rows[0].x1, rows[0].height) == (62, 100, 10)


def test_a_gap_of_more_than_nine_tenths_of_the_height_parts_segments() -> None:
    assert texts(rows_of(("Alder", 50, 100, 10), ("900", 83.5, 100, 10))) == [["Alder 900"]]  # 8.5 points
    assert texts(rows_of(("Alder", 50, 100, 10), ("900", 84.0, 100, 10))) == [["Alder", "900"]]


def test_a_line_drawn_between_words_parts_them_whatever_the_gap() -> None:
    placed = ("Alder", 50.0, 100.0, 10.0), ("900", 78.0, 100.0, 10.0)
    assert texts(rows_of(*placed, dividers=[(76.5, 80, 120)])) == [["Alder", "900"]]
    assert texts(rows_of(*placed, dividers=[(76.5, 200, 220)])) == [["Alder 900"]]  # elsewhere on the page
    assert texts(rows_of(*placed, dividers=[(60.0, 80, 120)])) == [["Alder 900"]]  # through a word


def test_a_raised_figure_is_a_mark_and_changes_no_amount() -> None:
    (row,) = rows_of(("1,204", 50, 100, 10), ("3", 75, 96, 6))
    assert texts([row]) == [["1,204"]]
    assert [word.shift for word in row.segments[0].words] == ["", "raised"]
    assert row.base == 100


def test_a_lowered_figure_stays_in_its_word() -> None:
    (row,) = rows_of(("H", 50, 100, 10), ("2", 55.2, 102, 6))
    assert [word.shift for word in row.segments[0].words] == ["", "lowered"]


def test_small_print_on_the_baseline_is_no_mark() -> None:
    (row,) = rows_of(("Rent", 50, 100, 10), ("12", 73, 100, 6))
    assert [word.shift for word in row.segments[0].words] == ["", ""]
    assert row.text == "Rent 12"


def test_a_currency_sign_goes_with_the_figure_behind_it() -> None:
    rows = rows_of(
        ("Rent", 50, 100, 10), ("$", 150, 100, 10), ("900", 180, 100, 10), ("$", 250, 100, 10), ("75", 280, 100, 10)
    )
    assert texts(rows) == [["Rent", "$ 900", "$ 75"]]


def test_a_bracket_or_percent_sign_goes_with_the_figure_before_it() -> None:
    rows = rows_of(
        ("Rent", 50, 100, 10), ("(900", 150, 100, 10), (")", 190, 100, 10), ("12", 250, 100, 10), ("%", 280, 100, 10)
    )
    assert texts(rows) == [["Rent", "(900 )", "12 %"]]


def test_no_words_are_no_rows() -> None:
    assert make_rows(page_words(), np.zeros(0, np.int64)) == []


def test_only_the_chosen_words_are_taken() -> None:
    words = page_words(("one", 50, 100, 10), ("two", 70, 100, 10), ("three", 50, 120, 10))
    assert texts(make_rows(words, np.array([0, 2]))) == [["one"], ["three"]]


PLACES = st.tuples(
    st.sampled_from(["rent", "900", "$", "3", "%", "The"]),
    st.integers(0, 500).map(float),
    st.integers(0, 200).map(float),
    st.sampled_from([6.0, 10.0, 12.0]),
)


@settings(max_examples=30)
@given(st.lists(PLACES, min_size=1, max_size=12))
def test_every_word_stands_in_one_row(placed: list[Placed]) -> None:
    rows = rows_of(*placed)
    words = [word for row in rows for segment in row.segments for word in segment.words]
    assert sorted(word.first for word in words) == page_words(*placed).start.tolist()
    assert [row.base for row in rows] == sorted(row.base for row in rows) or any(word.shift for word in words)
    for row in rows:
        assert row.x1 >= max(segment.x1 for segment in row.segments)


def placed(letters: str, x: float, step: float) -> list[tuple[str, float, float, float]]:
    return [(letter, x + step * index, 100.0, 10.0) for index, letter in enumerate(letters)]


def test_a_large_first_letter_stands_on_the_first_of_its_lines() -> None:
    first = [("T", 50.0, 112.0, 24.0), ("he", 63.0, 100.0, 10.0), ("pier", 76.0, 100.0, 10.0)]
    assert texts(rows_of(*first, ("was", 63, 112, 10), ("low", 82, 112, 10))) == [["The pier"], ["was low"]]


def test_dots_that_lead_to_a_page_end_the_title() -> None:
    contents = rows_of(("Signs", 50, 100, 10), ("........", 78, 100, 10), ("3", 121, 100, 10))
    assert texts(contents) == [["Signs ........", "3"]]
    assert texts(rows_of(("Wait", 50, 100, 10), ("...", 73, 100, 10), ("3", 91, 100, 10))) == [["Wait ... 3"]]


def test_letters_spaced_for_effect_are_words_and_a_list_of_letters_is_not() -> None:
    assert texts(rows_of(*placed("CHAPTER", 50, 8), *placed("TO", 108, 8))) == [["CHAPTER TO"]]
    assert texts(rows_of(*placed("ABCDEFG", 50, 8))) == [["A B C D E F G"]]


def test_an_index_may_hang_low_where_it_touches_its_word() -> None:
    line, below = ("H", 50.0, 100.0, 10.0), ("in the blood of all", 20.0, 112.0, 10.0)
    words = page_words(line, ("2", 55.0, 104.5, 7.0), ("O", 58.5, 100.0, 10.0), ("2", 63.5, 104.5, 7.0), below)
    glued = replace(words, chars=np.array([0, 1, 2, 3, *range(5, 24)]))
    rows = make_rows(glued, np.arange(5))
    assert texts(rows) == [["H2O2"], ["in the blood of all"]]
    assert [word.shift for word in rows[0].segments[0].words] == ["", "lowered", "", "lowered"]
    apart = replace(words, chars=np.arange(23) * 2)  # with blanks between: a small figure on a line of its own
    assert len(make_rows(apart, np.arange(5))) == 3
