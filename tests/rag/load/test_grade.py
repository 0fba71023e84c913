"""Grades: what a search cannot use, and what only looks unusual."""

from __future__ import annotations

import pytest

from rag.load.grade import grade

PROSE = "The committee met on Tuesday and agreed to the budget for the coming year without a vote. " * 4
TABLE = "\n".join(f"Revenue item {row} $ {row}1,234 $ (56.7) 8.9 % — 12,345.67" for row in range(30))


@pytest.mark.parametrize(
    "text",
    [PROSE, TABLE, "12.1.2024 3.0.2 192.168.100.10 " * 5, "Contents ........ 4\n" * 9, "9", "東京都の予算は" * 20],
)
def test_usual_text_is_good(text: str) -> None:
    assert grade(text) == ("good", "")


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_nothing_written_is_empty(text: str) -> None:
    assert grade(text) == ("empty", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" ".join(PROSE.replace(" ", "")), "fragments"),
        (("abcdefghijklmnopqrstu" * 2 + " ") * 50, "run together"),
        (PROSE[:100] + "\ue001\ufffd" * 20, "Unicode"),
        ("%&/()=?§$!#+*" * 9, "letters or digits"),
        ("1,2345,678 9,1234,321 12.5013.75 7,8889,000 3,4445,678", "figures"),
    ],
)
def test_unusable_text_is_poor_with_its_reason(text: str, reason: str) -> None:
    quality, why = grade(text)
    assert quality == "poor"
    assert reason in why
