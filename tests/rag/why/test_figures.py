"""Other values in the place of figures, in every spelling alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.why.figures import figures_in, holds, keys_in, swap_for, with_figures


def swapped(text: str, key: str, taken: frozenset[str] = frozenset()) -> str:
    swap = swap_for(key, text, taken)
    assert swap is not None
    return with_figures(text, [swap])


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("1450", "$1,450.00, or 1.45 thousand; 1450 in all", "$2,450.00, or 2.45 thousand; 2450 in all"),
        ("7", "seven days, or 7; 17 stay", "eight days, or 8; 17 stay"),
        ("85%", "85% of 90", "95% of 90"),
        ("2026-06-14", "14 June 2026, 2026-06-14, June 14, 2026", "25 June 2026, 2026-06-25, June 25, 2026"),
        ("2026-06-14", "From 14 June on", "From 25 June on"),
        ("1974-03", "built in March 1974", "built in March 1977"),
        ("1974", "built in March 1974 and 1974", "built in March 1975 and 1975"),
        ("15:00", "at 3 pm, 15:00 or 3:00 p.m.", "at 4 pm, 16:00 or 4:00 p.m."),
        ("23:30", "until 23:30", "until 22:30"),
        ("0.05", "0.05 mm", "0.06 mm"),
    ],
)
def test_a_value_changes_in_every_spelling_and_nothing_else(key: str, text: str, expected: str) -> None:
    assert swapped(text, key) == expected


def test_a_new_value_is_none_that_stands_there_already() -> None:
    assert swapped("14 racks", "14", keys_in("24 and 34 boats")) == "44 racks"


def test_a_value_that_is_not_there_has_no_other() -> None:
    assert swap_for("15", "14 racks", frozenset()) is None


@given(st.integers(2, 10**9), st.booleans())
def test_a_number_becomes_one_other_number_of_its_form(number: int, grouped: bool) -> None:
    text = f"It holds {number:,} litres." if grouped else f"It holds {number} litres."
    after = swapped(text, str(number))
    (figure,) = figures_in(after)
    assert figure.key != str(number) and len(after) == len(text)


def test_a_text_holds_a_full_date_by_its_day_and_its_year() -> None:
    keys = keys_in("on 14 June 2026, 5%")
    assert all(holds(keys, key) for key in ("2026-06-14", "-06-14", "2026", "5", "5%"))
    assert not holds(keys, "14")
