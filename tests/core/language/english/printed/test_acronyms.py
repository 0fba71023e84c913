"""Questions for the words of a short form are told from those that ask what a word means."""

from __future__ import annotations

import pytest

from core.language.english.printed import acronyms


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What does TDS stand for?", True),
        ("What does the acronym “TDS” mean?", True),
        ("What is kWh short for?", True),
        ("What is the full form of TDS?", True),
        ("What does Ada mean?", False),
        ("What does the fee mean?", False),
        ("What does TDS cost?", False),
    ],
)
def test_what_asks_for_the_words_of_a_short_form(question: str, asks: bool) -> None:
    assert bool(acronyms.ASKS.match(question)) is asks
    assert not acronyms.ASKS_WHAT.match(question)
