"""Numbers before the thing that is counted, in sentences that say all that is asked of it."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.counted import from_counts, states_count

TEXT = (
    "We serve approximately 2.4 million households in 11 counties. As of 31 March 2021, we employed about 3,150 "
    "people, with some 900 colleagues in Norway. The depot keeps forty spare buses. Salaries rose by 4 percent."
)


def numbers(question: str, *texts: str) -> list[str]:
    passages = [Passage(key=f"k{at}", source=f"report.pdf, p. {at + 1}", text=text) for at, text in enumerate(texts)]
    return [proposal.short for proposal in from_counts(question, passages)]


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("How many people does Nordbuss employ?", "3,150 people"),
        ("How many employees does Nordbuss have?", "3,150 people"),
        ("How many households does it serve?", "2.4 million households"),
        ("How many spare buses does the depot keep?", "forty spare buses"),
        ("How many people did it employ in 2021?", "3,150 people"),
    ],
)
def test_the_number_stands_before_its_thing(question: str, number: str) -> None:
    assert numbers(question, TEXT) == [number]
    assert states_count(question, TEXT)


@pytest.mark.parametrize(
    "question",
    [
        "How many people did it employ in 2018?",
        "How many people does it employ in Sweden?",
        "How many drivers does it employ?",
        "How many spare trains does the depot keep?",
        "How many percent did salaries rise by?",
        "What does it pay?",
    ],
)
def test_another_thing_place_or_year_is_not_counted(question: str) -> None:
    assert numbers(question, TEXT) == []
    assert not states_count(question, TEXT)


def test_money_and_years_are_no_numbers_of_things() -> None:
    assert (
        numbers("How many shares does the plan hold?", "In 2019 shares of the plan rose; it holds $500 shares.") == []
    )


def test_the_number_of_a_kind_is_no_number_of_things() -> None:
    assert numbers("How many drivers does the plan have?", "The plan has rules for a Class 40 driver.") == []
    assert numbers("How many drivers does the plan have?", "The plan has one driver.") == ["one driver"]


def test_two_numbers_are_less_sure_than_one() -> None:
    passages = [Passage(key="a", source="report.pdf, p. 1", text="The fleet has 40 boats.")]
    other = Passage(key="b", source="report.pdf, p. 2", text="The fleet had 35 boats.")
    (alone,) = from_counts("How many boats does the fleet have?", passages)
    first, second = from_counts("How many boats does the fleet have?", [*passages, other])
    assert (first.short, second.short) == ("40 boats", "35 boats")
    assert first.confidence < alone.confidence
