"""Parts that a table lists one under another are compared, counted and named."""

from __future__ import annotations

import pytest

from core.reading.tables.derive import TableReader
from core.reading.tables.operands import Derived
from core.reading.tables.parts import part_name
from tests.support.laid_out import laid_out

TITLE = "Results by reportable segment (in millions)"
LINES = [
    ["", "2022", "2021"],
    ["Americas:"],
    ["Net sales", "37,472", "35,870"],
    ["Operating income", "13,914", "12,600"],
    ["Greater China:"],
    ["Net sales", "14,604", "14,762"],
    ["Operating income", "5,760", "6,303"],
    ["Japan:"],
    ["Net sales", "5,446", "6,464"],
    ["Operating income", "2,500", "2,650"],
    ["Segment operating income", "22,174", "21,553"],
]


def first(question: str) -> tuple[Derived, list[str]]:
    text, table = laid_out(LINES, TITLE)
    derived = TableReader(question, [table]).answers()[0]
    return derived, [text[start:end] for start, end in derived.cells]


@pytest.mark.parametrize(
    ("question", "shown", "cells"),
    [
        ("Which segment had the largest operating income?", "Americas", ["Americas:", "13,914", "5,760", "2,500"]),
        ("Which region had the smallest net sales in 2021?", "Japan", ["Japan:", "6,464", "14,762", "35,870"]),
        ("Which segment had the most net sales?", "Americas", ["Americas:", "37,472", "14,604", "5,446"]),
        ("How many regions had net sales above $10 billion?", "2", ["Americas:", "Greater China:", "Japan:"]),
        (
            "Which segments had net sales of less than $15 billion?",
            "Greater China, Japan",
            ["Greater China:", "Japan:"],
        ),
    ],
)
def test_parts_are_compared_by_the_row_that_is_asked_for(question: str, shown: str, cells: list[str]) -> None:
    derived, texts = first(question)
    assert derived.text == shown
    assert texts[: len(cells)] == cells


def test_parts_are_not_taken_for_other_things() -> None:
    _, table = laid_out(LINES, TITLE)
    answers = TableReader("Which product had the highest net sales?", [table]).answers()
    assert all("Americas" not in answer.text for answer in answers)


def test_the_name_of_a_part_ranks_nothing() -> None:
    assert first("What was the operating income of Greater China?")[0].text == "$5,760 million".removeprefix("$")
    assert first("What was the operating income of greater china in 2021?")[0].text == "6,303 million"


def test_the_quote_begins_with_the_name_of_the_part() -> None:
    text, table = laid_out(LINES, TITLE)
    derived = TableReader("Which segment had the largest operating income?", [table]).answers()[0]
    assert text[slice(*derived.rows[0])].split("\n")[0] == "Americas:"
    assert part_name(table.rows[0]) == "Americas"
