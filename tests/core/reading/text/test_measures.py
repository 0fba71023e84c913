"""A number has the unit and the scale that stand with it, and another one is found out."""

from __future__ import annotations

import pytest

from core.reading.text.measures import measures, one_percentage, other_measure


@pytest.mark.parametrize(
    ("text", "number", "unit", "power"),
    [
        ("within 14 days", "14", "day", 0),
        ("within 14 working days", "14", "day", 0),
        ("a 14-day notice", "14", "day", 0),
        ("six Years", "6", "year", 0),
        ("6.2 million crowns", "6.2", "crown", 6),
        ("$1,200.50", "1200.5", "dollar", 0),
        ("€3bn", "3", "euro", 9),
        ("12 per cent", "12", "%", 0),
        ("12%", "12", "%", 0),
        ("30 km/h", "30", "km/h", 0),
        ("30 kilometres per hour", "30", "km/h", 0),
        ("30 km", "30", "kilometre", 0),
        ("8 kWh", "8", "kilowatt hour", 0),
        ("minus 19.4 °C", "19.4", "degree Celsius", 0),
        ("310", "310", "", 0),
        ("5 boxes", "5", "", 0),
        ("section 5 Weekly report", "5", "", 0),
    ],
)
def test_a_number_is_read_with_its_unit_and_scale(text: str, number: str, unit: str, power: int) -> None:
    (measure,) = measures(text)
    assert (measure.number, measure.unit, measure.power) == (number, unit, power)


@pytest.mark.parametrize(
    ("claim", "source", "other"),
    [
        ("six months", "a term of six years", "six months"),
        ("14 weeks", "within 14 days of receipt", "14 weeks"),
        ("14 days", "within 14 days, and 14 weeks at most", ""),
        ("14 days", "within 14 working days", ""),
        ("6.2 billion crowns", "a budget of 6.2 million crowns", "6.2 billion crowns"),
        ("6.2 crowns", "a budget of 6.2 million crowns", "6.2 crowns"),
        ("6.2", "a budget of 6.2 million crowns", ""),
        ("12 euros", "Entry costs €12.", ""),
        ("$12", "Entry costs €12.", "12"),
        ("12 euros", "Entry costs 12.", ""),
        ("$82,959 million", "Net sales $ 82,959 $ 81,434", ""),  # a table in millions
        ("6.2 million litres", "holds 6.2 litres", "6.2 million litres"),
        ("30 mph", "a limit of 30 km/h", "30 mph"),
        ("7 weeks", "within 14 days", ""),  # whether the number is there at all is looked at elsewhere
    ],
)
def test_another_unit_or_scale_is_found_out(claim: str, source: str, other: str) -> None:
    assert other_measure(claim, [source]) == other


@pytest.mark.parametrize(
    ("text", "percentage"),
    [
        ("6.2 million crowns, of which the largest share, 44 per cent", "44 per cent"),
        ("44%", ""),
        ("5% to 10% of 300", ""),
        ("6.2 million crowns", ""),
    ],
)
def test_the_only_percentage_among_other_numbers(text: str, percentage: str) -> None:
    assert one_percentage(text) == percentage
