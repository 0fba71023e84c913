"""A quarter whose columns name another year than its document does: fiscal years that are not the calendar's."""

from __future__ import annotations

import pytest

from core.reading.tables.fiscal import asked_of_own_years
from tests.support.laid_out import laid_out

FIRST = [
    ["", "December 31, 2022", "December 25, 2021"],
    ["Research", "7,709", "6,306"],
    ["Net sales", "117,154", "123,945"],
]
THIRD = [["", "July 1, 2023", "June 25, 2022"], ["Research", "7,442", "6,797"]]
DEBT = [["", "2023", "2024"], ["Term loans", "5", "6"]]
TABLES = [laid_out(rows, "In millions")[1] for rows in (FIRST, THIRD, DEBT)]


@pytest.mark.parametrize(
    ("question", "without"),
    [
        (
            "What did research cost in the first quarter of 2023?",
            "What did research cost in the first quarter?",
        ),
        ("Net sales in Q1 2023?", "Net sales in Q1?"),
        ("Net sales in 1Q23?", "Net sales in 1Q?"),
        ("What were 2023 Q1 net sales?", "What were  Q1 net sales?"),
        ("Net sales of the first fiscal quarter of fiscal year 2023", "Net sales of the first fiscal quarter"),
        ("Net sales for Q1 FY2023, please", "Net sales for Q1, please"),
        ("Net sales for Q1 of the fiscal year 2023?", "Net sales for Q1?"),
    ],
)
@pytest.mark.parametrize("name", ["2023 Q1 Orchard.pdf", "Orchard_Q1_2023.pdf", "Orchard 1Q23.pdf"])
def test_the_quarter_is_asked_of_its_own_columns(question: str, without: str, name: str) -> None:
    documents = [name, "2023 Q3 Orchard.pdf", "Debt.pdf"]
    assert asked_of_own_years(question, TABLES, documents) == (without, [0])


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        # Its columns name the year that is asked for.
        ("Net sales in Q3 2023?", ["2023 Q1 Orchard.pdf", "2023 Q3 Orchard.pdf", "Debt.pdf"]),
        # One of its tables does.
        ("Net sales in Q1 2023?", ["2023 Q1 Orchard.pdf", "2023 Q3 Orchard.pdf", "2023 Q1 Orchard.pdf"]),
        # No document is of that quarter, two quarters are asked for, or none is.
        ("Net sales in Q2 2023?", ["2023 Q1 Orchard.pdf", "2023 Q3 Orchard.pdf", "Debt.pdf"]),
        ("Net sales in Q1 2023 and Q3 2023?", ["2023 Q1 Orchard.pdf", "2023 Q3 Orchard.pdf", "Debt.pdf"]),
        ("Net sales in 2023?", ["2023 Q1 Orchard.pdf", "2023 Q3 Orchard.pdf", "Debt.pdf"]),
        ("Net sales in Q1 2023?", ["a.pdf", "b.pdf", "c.pdf"]),
    ],
)
def test_other_questions_stay_as_they_are(question: str, documents: list[str]) -> None:
    assert asked_of_own_years(question, TABLES, documents) == (question, [0, 1, 2])


def test_without_tables_there_is_nothing_to_ask() -> None:
    assert asked_of_own_years("Net sales in Q1 2023?", [], []) == ("Net sales in Q1 2023?", [])
