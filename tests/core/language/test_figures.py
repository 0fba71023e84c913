"""Numbers, money and dates as languages write them: names come from the data of each."""

from __future__ import annotations

import pytest

from core.language import figures


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("1.25 million", "scale", "million"),
        ("3 Millionen", "scale", "Millionen"),
        ("12 thousands", "scale", "thousands"),
        ("7 crowns", "word", "crowns"),
        ("5 boats", "word", None),
        ("12 pour cent", "percent", "pour cent"),
        ("(1,450)", "digits", "1,450"),
        ("€2.400,00", "money", "€"),
    ],
)
def test_a_number_has_its_scale_currency_or_percent(text: str, part: str, expected: str | None) -> None:
    match = figures.NUMBER.search(text)
    assert match is not None
    assert match[part] == expected


def test_scales_of_all_languages_have_their_power() -> None:
    assert figures.SCALES["million"] == figures.SCALES["millions"] == figures.SCALES["mio"] == 6
    assert figures.SCALES["milliarde"] == figures.SCALES["billions"] == 9
    assert "hundert" not in figures.SCALES


@pytest.mark.parametrize("text", ["14 June 2026", "June 14, 2026", "14. Juni 2026", "14 de junio de 2026"])
def test_a_date_is_read_in_its_language(text: str) -> None:
    matches = [match for pattern in figures.DATES for match in pattern.finditer(text) if match[0] == text]
    assert matches
    name = matches[0].groupdict().get("month")
    assert name is None or figures.MONTH_OF[name.lower()] == 6
