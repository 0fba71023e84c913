"""Rows of a table that one of their cells names are given together, or all others where the question denies it."""

from __future__ import annotations

import pytest

from core.reading.tables.listed_rows import LabelledRow, cell_text, listed_rows
from core.reading.tables.table import TableCell
from tests.core.reading.tables.test_worded import Rows, table

LAMPS = table(
    "Lamp | Fault | Remedy | Price\nL1 | broken glass | replace | 12\nL2 | loose wire | tighten | 3\n"
    "L7 | broken glass | call us | 40"
)


def lines(rows: Rows) -> list[LabelledRow]:
    return [LabelledRow(row, (TableCell(row.label, *row.label_span), *row.cells)) for row in rows.table.rows]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which lamps have broken glass?", "L1, L7"),
        ("Which lamp does not have broken glass?", "L2"),
        ("Which lamp has a price of 40?", "L7"),
        ("Which lamp has a price of 41?", None),
        ("Which lamps are red?", None),
        ("What is the remedy for broken glass?", None),
    ],
)
def test_a_cell_names_its_rows(question: str, text: str | None) -> None:
    heads = (LAMPS.table.corner, *LAMPS.table.heads)
    answer = listed_rows(question, LAMPS.table, heads, lines(LAMPS), 0)
    assert (None if answer is None else answer.text) == text
    if answer is not None:
        assert ", ".join(LAMPS.text[slice(*span)] for span in answer.cells) == text


def test_an_empty_cell_says_nothing() -> None:
    row = LAMPS.table.rows[0]
    assert cell_text(LabelledRow(row, (None, *row.cells)), 0) == ""
