"""A value is held against the bound of a question, by its unit and its sign; what does not tell is left open."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.read import read
from core.reading.thresholds import held_against, meets

NOTICE = "Either party may end the lease with a notice of 14 days."
COLD = "The lowest temperature on record is minus 19.4 °C, read on 11 February 1956."


@pytest.mark.parametrize(
    ("question", "quote", "answer"),
    [
        ("Is the notice longer than 30 days?", NOTICE, "no"),
        ("Is the notice period longer than a week?", NOTICE, "yes"),
        ("Is the tower higher than a man?", NOTICE, None),
        ("Is the notice longer than one week?", NOTICE, "yes"),
        ("Does the notice exceed 10 days?", NOTICE, "yes"),
        ("Is the notice at least 14 days?", NOTICE, "yes"),
        ("Is the notice more than 14 days?", NOTICE, "no"),
        ("Is the notice less than two weeks?", NOTICE, "no"),
        ("Is the notice less than 300 euros?", NOTICE, ""),
        ("Is the lowest temperature above zero?", COLD, "no"),
        ("Does it last longer than a month?", "A tour of duty lasts 16 weeks.", "yes"),
        ("Is it longer than a month?", "It lasts 30 days.", ""),
        ("Is it at least a day?", "It takes 24 hours.", "yes"),
        ("Is it more than an hour?", "It takes 45 minutes.", "no"),
        ("Is it at least three months?", "The trial period is three months.", "yes"),
        ("Is the score above zero?", "The scores were 3 and -2.", ""),
        ("Is the lowest temperature below -10 °C?", COLD, "yes"),
        ("Is the budget over 5 million crowns?", "The budget is 6.2 million crowns.", "yes"),
        ("Is the budget under $5 million?", "The budget is $4,900,000.", "yes"),
        ("Is the fee less than 50 euros?", "The fee is at least 30 euros.", ""),
        ("Is the fee more than 20 euros?", "The fee is at least 30 euros.", "yes"),
        ("Does it take more than 10 days?", "It is done within 14 days.", ""),
        ("Does it take more than 20 days?", "It is done in 14 days, or in 21 days by post.", ""),
        ("Is smoking allowed?", "Smoking is not allowed.", None),
        ("Is the office over the shop?", "The office is over the shop.", None),
    ],
)
def test_a_value_is_held_against_a_bound(question: str, quote: str, answer: str | None) -> None:
    assert held_against(question, "", quote) == answer


def test_the_short_answer_has_the_value() -> None:
    assert held_against("Is the lowest temperature above zero?", "minus 19.4 °C", COLD) == "no"
    assert held_against("Is the highest above freezing?", "3 °C", COLD) == "yes"


ONLY = "Business class is permitted only on flights longer than six hours."
DRIVING = "Drivers may not drive more than nine hours a day."
NIGHT = "Night driving is forbidden for drivers under 21."
RECEIPTS = "Receipts must be handed in within 30 days."


@pytest.mark.parametrize(
    ("question", "rule", "inside"),
    [
        ("Can I fly business class on a five-hour flight?", ONLY, False),
        ("Can I fly business class on a flight of seven hours?", ONLY, True),
        ("Can I fly business class?", ONLY, None),
        ("May a 19-year-old drive at night?", NIGHT, True),
        ("May a 25-year-old drive at night?", NIGHT, False),
        ("May I hand in a receipt after six weeks?", RECEIPTS, False),
        ("May I hand in a receipt after 3 weeks or 40 days?", RECEIPTS, None),
        ("May I hand in a receipt after a month?", "Smoking is forbidden.", None),
    ],
)
def test_a_value_is_inside_the_bound_of_a_rule_or_outside(question: str, rule: str, inside: bool | None) -> None:
    assert meets(question, rule) is inside


@pytest.mark.parametrize(
    ("question", "rule", "polarity"),
    [
        ("Can I fly business class on a five-hour flight?", ONLY, "no"),
        ("Can I fly business class on a seven-hour flight?", ONLY, "yes"),
        ("May a driver drive ten hours a day?", DRIVING, "no"),
        ("May a driver drive eight hours a day?", DRIVING, "yes"),
        ("Can receipts be handed in after 45 days?", RECEIPTS, "no"),
        ("Can receipts be handed in after 10 days?", RECEIPTS, "yes"),
        ("Can receipts be handed in after 45 days?", f"{RECEIPTS[:-1]}; claims that come later are not paid.", "no"),
        ("Did the control melt at 250 °C?", "The control did not melt below 240 °C.", ""),
        ("Did the control melt at 230 °C?", "The control did not melt below 240 °C.", "no"),
    ],
)
def test_outside_the_bound_of_a_rule_the_opposite_holds(question: str, rule: str, polarity: str) -> None:
    passage = Passage(key="k", source="a.md, p. 1", text=rule, page_text=rule, offset=0, blocks=())
    assert read(question, [passage]).polarity == polarity


@pytest.mark.parametrize(
    ("question", "rule", "inside"),
    [
        ("Can I charge it at 2 °C?", "Do not charge it below 5 °C or above 40 °C.", True),
        ("Can I charge it at 45 °C?", "Do not charge it below 5 °C or above 40 °C.", True),
        ("Can I charge it at 20 °C?", "Do not charge it below 5 °C or above 40 °C.", False),
        ("May a child of 8 years swim?", "Children over 6 years and under 12 years may swim.", True),
        ("Can I store it at 50 °C?", "Store it between 0 and 35 °C.", False),
        ("Can I store it at 20 °C?", "Store it between 0 °C and 35 °C.", True),
        ("May a child of 14 years swim?", "Children over 6 years and under 12 years may swim.", False),
    ],
)
def test_a_value_is_held_against_both_bounds_of_a_rule(question: str, rule: str, inside: bool) -> None:
    assert meets(question, rule) is inside


def test_a_bound_that_the_text_shares_tells_whom_it_is_about() -> None:
    assert held_against("Do guests under twelve pay?", "", "Guests under twelve pay nothing.") is None
    assert held_against("Do guests under twelve pay?", "", "Guests over twelve pay nothing.") is not None
