"""A value is held against the bound of a question, by its unit and its sign; what does not tell is left open."""

from __future__ import annotations

import pytest

from core.reading.thresholds import held_against

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
