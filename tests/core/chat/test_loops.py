"""Loops are found where a model is stuck, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from core.chat.loops import without_loop

PROSE = "The harbour master answers for the quay. Boats of more than twelve metres moor at the outer wall. "


@given(st.text(alphabet="abcdefg .,", min_size=12, max_size=120).filter(str.strip), st.integers(3, 6))
def test_a_stretch_repeated_three_times_is_cut_to_one(unit: str, copies: int) -> None:
    found = without_loop("Answer: " + unit * copies)
    assert found is not None
    assert len(found) < len("Answer: " + unit * copies)
    assert ("Answer: " + unit * copies).startswith(found)


def test_a_sentence_said_again_and_again_is_kept_once() -> None:
    assert without_loop(PROSE + "It opens at nine. " * 3) == PROSE + "It opens at nine. "


def test_prose_a_list_and_a_row_of_dots_are_no_loops() -> None:
    assert without_loop(PROSE) is None
    assert without_loop(PROSE * 2) is None
    assert without_loop("\n".join(f"- berth {number} is free" for number in range(30))) is None
    assert without_loop("Total ....... 12\n") is None
    assert without_loop("") is None
