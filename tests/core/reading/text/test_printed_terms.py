"""What people ask for by one word is searched for by the words that documents print, too."""

from __future__ import annotations

import pytest

from core.reading.text.printed_terms import printed_terms


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("How many employees does Apple have?", ["full-time equivalent employees human capital"]),
        ("Where is the Headquarters?", ["principal executive offices"]),
        (
            "Who is the CEO, and who are the auditors?",
            ["chief executive officer", "independent registered public accounting firm"],
        ),
        ("How long is the quay?", []),
        ("", []),
    ],
)
def test_printed_terms(question: str, terms: list[str]) -> None:
    assert printed_terms(question) == terms
