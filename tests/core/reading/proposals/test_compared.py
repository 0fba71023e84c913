"""Of several things in sentences of one form the one with the extreme value is told, and nothing where that is open."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.compared import from_comparisons

OFFERS = (
    "We asked three firms for the price of the fence. Greenline asks 1,200 pounds and needs 2 weeks. "
    "The Oakworks asks 980 pounds and needs 10 days. Postman & Sons asks 1,450 pounds and needs 5 days."
)
SCHOOLS = "Hill School is 900 metres from the station, Mill School 2 kilometres and Bay School 350 metres."


def answers(question: str, text: str) -> list[str]:
    passages = [Passage(key="k1", source="offers.md, p. 1", text=text)]
    return [proposal.short for proposal in from_comparisons(question, passages)]


@pytest.mark.parametrize(
    ("question", "text", "name"),
    [
        ("Which firm is the cheapest?", OFFERS, "Oakworks"),
        ("Which firm is the most expensive?", OFFERS, "Postman & Sons"),
        ("Which school is the closest to the station?", SCHOOLS, "Bay School"),
        ("Which school is farthest from the station?", SCHOOLS, "Mill School"),
    ],
)
def test_the_extreme_of_several(question: str, text: str, name: str) -> None:
    assert answers(question, text) == [name]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which firm asks 980 pounds?", OFFERS),  # no superlative
        ("Which school is closest to the harbour?", SCHOOLS),  # of which nothing is said
        ("Which firm is the cheapest?", "Greenline asks 900 pounds, the Oakworks 900 pounds."),  # both
        ("Which firm is the cheapest?", "Greenline asks 900 pounds, the Oakworks 800 euro."),  # two currencies
        ("Which firm is the cheapest?", "Greenline asks 900 pounds."),  # nothing to compare
    ],
)
def test_nothing_where_it_is_open(question: str, text: str) -> None:
    assert answers(question, text) == []


def test_all_values_are_shown() -> None:
    passages = [Passage(key="k1", source="offers.md, p. 1", text=OFFERS)]
    (proposal,) = from_comparisons("Which firm is the cheapest?", passages)
    assert [OFFERS[quote.start : quote.end] for quote in proposal.computed_from] == [
        "1,200 pounds",
        "980 pounds",
        "1,450 pounds",
    ]
