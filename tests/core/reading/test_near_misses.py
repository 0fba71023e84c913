"""Answers to questions close to the one asked are told: of another number or year, the opposite, what no text has."""

from __future__ import annotations

import pytest

from core.reading.near_misses import (
    of_opposite,
    of_other_number,
    of_other_year,
    shares_word,
    unspoken,
)


@pytest.mark.parametrize(
    ("question", "text", "page"),
    [
        ("When does class 6A visit the zoo?", "Class 6B visits the zoo on Monday.", ""),
        ("How often does tram 4 run?", "Saturdays: every 15 minutes", "Tram 9: Station - Harbour"),
        ("Who looks after floor 7?", "Floor 1 Ada Bell, floor 2 Jon Reed", ""),
        ("May I park in bay 30?", "Visitors park in bays 20 to 24.", ""),
    ],
)
def test_another_number_of_a_thing_is_another_thing(question: str, text: str, page: str) -> None:
    assert of_other_number(question, text, "", f"{page}\n{text}")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When does class 6B visit the zoo?", "Class 6B visits the zoo on Monday."),
        ("May I park in bay 22?", "Visitors park in bays 20 to 24."),
        ("Who looks after floor 2?", "Floor 1 Ada Bell, floor 2 Jon Reed"),
        ("What happens in May 2025?", "The office moves in May 2024."),
        ("Can I store it at 30 °C?", "Store it at 25 °C."),
    ],
)
def test_the_same_number_a_range_and_amounts_are_not(question: str, text: str) -> None:
    assert not of_other_number(question, text, "", text)


@pytest.mark.parametrize(
    ("question", "page", "other"),
    [
        ("What was the fee in 2023?", "Fees from September 2025\nFull day: £62", True),
        ("What is the fee in 2026?", "Fees from September 2025\nFull day: £62", False),
        ("How many members were there in 2019?", "In 2021 the club had 40 members.", True),
        ("Who was chair in 2020?", "Chair from 2018 to 2022: Ada Bell", False),
        ("What is the fee?", "Fees from September 2025", False),
        ("What was the fee in 2023?", "Full day: £62", False),
    ],
)
def test_another_year_unless_a_span_holds_it(question: str, page: str, other: bool) -> None:
    assert of_other_year(question, page, "fees.md") is other


@pytest.mark.parametrize(
    ("question", "text", "opposite"),
    [
        ("When does the coach come back?", "The coach leaves at 8:15.", True),
        ("When does the coach leave?", "The coach leaves at 8:15 and is back by 15:30.", False),
        ("When does the shop close?", "The shop opens at 9.", True),
        ("When was the last meeting?", "Next meeting: 13 June", True),
        ("When is the next meeting?", "Next meeting: 13 June", False),
    ],
)
def test_the_opposite_event_is_told(question: str, text: str, opposite: bool) -> None:
    assert of_opposite(question, text) is opposite


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How much is the trip to the circus?", True),
        ("How much butter do I need?", True),
        ("When does the excursion begin?", False),  # the last word may be a verb, "excursion" begins like "excursions"
        ("When do I have to stop taking aspirin?", True),
        ("Can I bring my dog?", False),  # a pet
        ("How much is the trip to the museum?", False),
        ("Which museum is the cheapest?", False),
    ],
)
def test_a_thing_of_which_no_text_speaks(question: str, missing: bool) -> None:
    text = "Pets stay at home. The trip to the museum costs 12 pounds. Excursions begin at nine."
    assert unspoken(question, [text]) is missing


def test_a_verb_that_stands_beside_any_noun_is_no_shared_word() -> None:
    assert shares_word("How long is the interval?", "There is an interval of 20 minutes.")
    assert not shares_word("How long does the concert take?", "Take one tablet a day.")
