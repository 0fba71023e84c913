"""Fingerprints of rows, and the groups that shared passages, questions and documents make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.dataset.leaks import Linked, question_fingerprint, run_fingerprints, window_fingerprints

PASSAGE = "The boathouse of the rowing club has fourteen racks for twenty eight boats and two slips on the west side"


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("What is the fee?", "the fee, what is it please".replace(" it", ""), True),
        ("Could you tell me the fee of a boat?", "What... the fee of a boat".replace("What...", ""), True),
        ("What is the fee?", "When is the fee?", False),
        ("Who leads the club?", "Who leads the museum?", False),
        ("of the", "the of", True),
    ],
)
def test_a_question_is_known_by_its_content_words(left, right, same):
    assert (question_fingerprint(left) == question_fingerprint(right)) is same


@given(st.permutations(["which", "boat", "sails", "north"]))
def test_order_does_not_matter(words):
    assert question_fingerprint(" ".join(words)) == question_fingerprint("Which boat sails north?")


def test_runs_between_marks_are_fingerprinted_from_six_words():
    assert run_fingerprints("one two three four five") == []
    assert len(run_fingerprints("one two three four five six")) == 1
    assert run_fingerprints("A b c d e f. Short.") == run_fingerprints("a B c d e f! Other")


@given(st.lists(st.sampled_from("ab cd ef gh".split()), max_size=40).map(" ".join))
def test_windows_depend_on_words_alone(text):
    assert window_fingerprints(text) == window_fingerprints(text.upper().replace(" ", ",  "))
    assert bool(window_fingerprints(text)) == (len(text.split()) >= 12)


def linked(*rows: dict[str, object]) -> list[int]:
    links = Linked()
    for row in rows:
        links.add(**{"documents": [], "question": "", "answer": "", "context": "", "turns": (), **row})
    return [int(group) for group in links.groups()]


def test_a_part_of_a_passage_is_found_again():
    part = " ".join(PASSAGE.split()[4:])
    assert linked({"context": PASSAGE, "question": "a b"}, {"context": part, "question": "c d"}) == [0, 0]


def test_the_first_question_represents_a_conversation():
    turns = (("Which boat sails north?", "Alder."),)
    assert linked({"question": "And then?", "turns": turns}, {"question": "Which boat sails north?"}) == [0, 0]


def test_an_instruction_that_most_rows_have_parts_nothing():
    rows = [{"context": "Answer in one word.", "question": f"word{number} boat{number}"} for number in range(6)]
    assert linked(*rows) == list(range(6))


def test_rows_of_one_document_stay_together_whatever_they_say():
    rows = {"documents": ["a"], "question": "x y"}, {"documents": ["b"], "question": "z"}, {"documents": ["a", "b"]}
    assert linked(*rows) == [0, 0, 0]


def test_no_rows_no_groups():
    assert linked() == []
