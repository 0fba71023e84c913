"""Words that ask for a computation are told from those that ask for a cell, with their operands."""

from __future__ import annotations

import re

import pytest

from core.language.english.questions import computations


@pytest.mark.parametrize(
    ("name", "question", "expected"),
    [
        ("PERCENT_CHANGE", "What was the percentage change in sales?", True),
        ("PERCENT_CHANGE", "By what percentage did sales grow?", True),
        ("PERCENT_CHANGE", "What was the growth rate of sales?", True),
        ("PERCENT_CHANGE", "What percentage of sales was paid in cash?", False),
        ("AVERAGE", "What was the mean of sales?", True),
        ("AVERAGE", "What does sales mean-test?", True),
        ("AVERAGE", "What is the meaning of sales?", False),
        ("DIFFERENCE", "How much cheaper is a child ticket?", True),
        ("DIFFERENCE", "How much did costs drop?", True),
        ("DIFFERENCE", "How much is a child ticket?", False),
        ("SUM", "What were both costs combined?", True),
        ("SUM", "What is a summary?", False),
        ("MAXIMUM", "Which ticket is the highest?", True),
        ("MINIMUM", "Which ticket is the cheapest?", True),
        ("MINIMUM", "Which ticket is the highest?", False),
        ("WHICH_PERIOD", "In which fiscal year were sales highest?", True),
        ("WHICH_PERIOD", "Which ticket is cheapest?", False),
        ("HOW_MANY_PERIODS", "How many of the fiscal years exceeded it?", True),
        ("LESS", "below 10", True),
        ("LESS", "above 10", False),
    ],
)
def test_operations_are_told_by_their_words(name: str, question: str, expected: bool) -> None:
    pattern: re.Pattern[str] = getattr(computations, name)
    assert bool(pattern.search(question)) is expected


@pytest.mark.parametrize(
    ("name", "question", "parts"),
    [
        ("SHARE", "What share of total sales was services?", {"a2": "total sales", "b2": "services?"}),
        ("SHARE", "Services as a percentage of total sales", {"b": "Services", "a": "total sales"}),
        ("RATIO", "What is the ratio of debt to equity", {"a": "debt", "b": "equity"}),
        ("BETWEEN", "How did it change between 2019 and 2021?", {"a": "2019", "b": "2021"}),
        ("BETWEEN", "The gap between rent and tax in 2020?", {"a": "rent", "b": "tax"}),
        ("BOTH", "The sum of rent and tax for 2020?", {"a": "rent", "b": "tax"}),
        ("LIMIT", "Did sales exceed $60,000 million?", {"way": "exceed", "limit": "$60,000 million?"}),
        ("LIMIT", "Was it less than 5?", {"way": "less than", "limit": "5?"}),
    ],
)
def test_operands_are_taken_from_the_question(name: str, question: str, parts: dict[str, str]) -> None:
    match = getattr(computations, name).search(question)
    assert match is not None
    assert {key: match[key] for key in parts} == parts


def test_a_limit_needs_a_figure() -> None:
    assert computations.LIMIT.search("Which value is above the average?") is None
