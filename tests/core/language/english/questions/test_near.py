"""Numbers behind nouns, spans of years and nouns are found, amounts and months are no numbers of things."""

from __future__ import annotations

import pytest

from core.language.english.questions import near


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("class 4B and flat C", [("class", "4B"), ("flat", "C")]),
        ("in 2025 and at 25 °C", []),
        ("on May 12 it costs 3", []),
        ("every 12 minutes", []),
    ],
)
def test_numbered_things(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(match["noun"], match["code"]) for match in near.NUMBERED.finditer(text)] == pairs


def test_what_asks_for_a_code() -> None:
    code = near.ASKS_CODE.search("What's the reference number?")
    assert code is not None and code["name"] == "reference"
