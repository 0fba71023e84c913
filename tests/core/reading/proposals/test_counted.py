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


RECIPE = (
    "Beat 3 eggs with 200 ml milk and 90 g of sugar. Add two cups of flour. The crew carries 1.5 litres of water. "
    "The hall takes 4 tins and the stairs take 2 tins. 5 keys for the gate, 7 keys for the shed. "
    "Of the shares 812 shares are held by members, excluding 60 shares held by the club. A visitor buys 9 kg."
)


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("How many eggs do I need?", "3"),
        ("How much milk?", "200 ml"),
        ("How much sugar do I need?", "90 g"),
        ("How much flour is in it?", "two cups"),
        ("How much water does the crew carry?", "1.5 litres"),
        ("How many tins does the hall take?", "4 tins"),
        ("How many tins do the stairs take?", "2 tins"),
        ("How many keys are for the gate?", "5 keys"),
        ("How many keys are for the shed?", "7 keys"),
        ("How many shares are held by members?", "812"),
    ],
)
def test_amounts_and_the_part_of_a_sentence_that_is_asked_for(question: str, number: str) -> None:
    assert numbers(question, RECIPE) == [number]


@pytest.mark.parametrize("question", ["How much salt?", "How much does it cost?", "How much is owed?", "How much oil?"])
def test_what_is_not_measured_has_no_amount(question: str) -> None:
    assert numbers(question, RECIPE) == []


def test_what_is_left_out_is_not_counted() -> None:
    text = "Shares outstanding: 601,959 (excluding 152,653 shares held in the treasury)."
    assert numbers("How many shares were outstanding?", text) == []


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
