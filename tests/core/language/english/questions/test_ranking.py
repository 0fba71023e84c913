"""Superlatives and the units that they are measured in."""

from __future__ import annotations

import pytest

from core.language.english.questions import ranking


@pytest.mark.parametrize(
    ("question", "least", "unit"),
    [
        ("Which is the cheapest?", True, "euro"),
        ("Which costs the most?", False, "pound"),
        ("Which is nearest?", True, "kilometre"),
        ("Which lasts longest?", False, "hour"),
    ],
)
def test_superlatives(question: str, least: bool, unit: str) -> None:
    asked = next(each for each in ranking.RANKINGS if each.asks.search(question))
    assert asked.least is least
    assert unit in asked.units


def test_units_of_one_dimension_are_compared() -> None:
    lengths = next(factors for factors in ranking.IN_SMALLEST if "metre" in factors)
    assert lengths["kilometre"] == 1000 * lengths["metre"]
    assert "day" not in lengths
