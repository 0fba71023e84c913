"""Sentences with "respectively" become two, and every character keeps its place."""

from __future__ import annotations

import pytest

from synth.facts.english.distribute import distributed
from tests.support.stated_facts import flat


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        (
            "Revenue was $5 million and $4 million in 2023 and 2022, respectively.",
            ["Revenue was $5 million in 2023.", "Revenue was $4 million in 2022."],
        ),
        (
            "In fiscal years 2023 and 2022, the rate was 5.1% and 4.9%, respectively.",
            ["In fiscal year 2023, the rate was 5.1%.", "In fiscal year 2022, the rate was 4.9%."],
        ),
        ("The fee is 5 crowns.", ["The fee is 5 crowns."]),
        ("A, B and C cost 1, 2 and 3 crowns, respectively.", []),
        (
            "Sales rose 3% and 4% in 2023 and 2022, respectively; costs fell.",
            ["Sales rose 3% in 2023.", "Sales rose 4% in 2022."],
        ),
        ("Sales rose 3% and 4% in 2023 and 2022, respectively, net of returns of 1%.", []),
        ("Sales rose 3% and 4% in 2023 and 2022, respectively, excluding Asia.", []),
        ("Sales rose 3% and fell $4 in 2023 and 2022, respectively.", []),
    ],
)
def test_two_amounts_at_two_times(sentence, parts):
    assert [part.text for part in distributed(flat(sentence))] == parts


def test_offsets_are_those_of_the_sentence():
    sentence = "Revenue was $5 million and $4 million in 2023 and 2022, respectively."
    second = list(distributed(flat(sentence)))[1]
    at = second.text.index("2022")
    start, end = second.span(at, at + 4)
    assert sentence[start:end] == "2022"
    at = second.text.index("$4 million")
    start, end = second.span(at, at + 10)
    assert sentence[start:end] == "$4 million"
