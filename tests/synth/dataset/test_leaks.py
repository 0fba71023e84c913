"""Fingerprints of rows, and the groups that shared passages, questions and documents make of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.dataset.holdout import assigned
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


GREETING = (
    ("Hello there my good friend, how are you today?", "Hello! I am fine, how can I help you with the ferries?"),
)


@pytest.mark.parametrize(
    "shared",
    [
        {"context": "Answer as a pirate who knows all the ferries of the harbour and their times."},
        {"turns": GREETING},
        {"documents": ["title:FAQ"]},
        {"answer": "All rights reserved by the harbour company of the old town in the north."},
        {"question": "Tell me about it."},
    ],
    ids=lambda shared: next(iter(shared)),
)
@pytest.mark.parametrize("n_rows", [20, 50, 300])
def test_what_most_rows_share_is_no_passage(shared, n_rows):
    words = [f"alder{number} birch{number}" for number in range(n_rows)]
    plain = [{"question": f"When does {word} sail?", "answer": f"At {word}."} for word in words]
    n_shared = n_rows * 3 // 4
    groups = linked(*[{**row, **shared} for row in plain[:n_shared]], *plain[n_shared:])
    assert max(map(groups.count, groups)) == 1


@pytest.mark.parametrize("n_passages", [1, 2, 3])
def test_few_passages_leave_something_to_hold_out(n_passages):
    passages = [f"{PASSAGE} number {number} of the town" for number in range(n_passages)]
    rows = [{"context": passages[number % n_passages], "question": f"q{number}"} for number in range(21)]
    links = Linked()
    for row in rows:
        links.add(documents=[], answer="", turns=(), **row)
    sizes = sorted(map(list(links.groups()).count, set(links.groups())))
    assert links.is_loosened is (n_passages == 3)
    assert sum(size * 4 <= len(rows) for size in sizes) > 1


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)), min_size=20, max_size=60),
    st.integers(0, 3),
)
def test_of_twenty_rows_some_are_always_held_out(rows, seed):
    links = Linked()
    for passage, document, question in rows:
        links.add(
            documents=[f"title:{document}"],
            question=f"What is {question}?",
            answer="",
            context=f"{PASSAGE} number {passage} of the town" if passage else "",
            turns=(),
        )
    kept, free = np.ones(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.int64)
    groups = links.groups()
    splits = assigned(groups, kept, free, val=0.1, test=0.1, seed=seed)
    assert {splits[int(group)] for group in groups} == {"train", "val", "test"}


def test_many_passages_stay_whole():
    rows = [
        {"context": f"Slip {number % 8} lies on the west side of the boathouse", "question": f"q{number}"}
        for number in range(40)
    ]
    assert linked(*rows) == [number % 8 for number in range(40)]


def test_rows_that_were_put_in_one_group_are_never_parted():
    assert len(set(linked(*[{"documents": ["group:g"], "question": f"q{number}"} for number in range(40)]))) == 1


def test_no_rows_no_groups():
    assert linked() == []
