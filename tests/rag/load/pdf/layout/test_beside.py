"""Running text beside a list, facts, a small table or a short note is read column by column; tables are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.load.pdf.layout.beside import heads_figures, is_text_beside, without_far_lines
from rag.load.pdf.layout.columns import regions
from rag.load.pdf.layout.rows import TextRow
from tests.support.pdf_rows import NO_RULES, row

TEXT = [
    "the north office was closed in May and its",
    "staff moved to the harbour, letters are then",
    "sent on for a year and the keys were handed",
    "to the owner, who lets all of the rooms to a",
    "school of dance, the south office stays open",
    "from Monday to Thursday.",
]
LISTED = [
    "The helpdesk speaks:",
    "• Danish",
    "• Finnish",
    "It is open from:",
    "• 8 to 12 o'clock",
    "• 14 to 17 o'clock",
]
FACTS = ["Opening hours", "Tue-Fri 10-17", "Sat-Sun 11-18", "Closed on Mondays", "Tickets", "8 euro"]


def beside(left: Sequence[str], right: Sequence[str], x: float = 330) -> list[TextRow]:
    return [
        row(100 + 12 * at, *((place, side[at]) for place, side in ((60.0, left), (x, right)) if at < len(side)))
        for at in range(max(len(left), len(right)))
    ]


def texts(rows: list[TextRow]) -> list[list[str]]:
    return [[line.text for line in group] for group in regions(rows, NO_RULES)]


@pytest.mark.parametrize("other", [LISTED, FACTS])
def test_a_list_or_facts_in_the_next_column(other: list[str]) -> None:
    assert texts(beside(TEXT, other)) == [TEXT, other]
    assert texts(beside(other, TEXT, 200)) == [other, TEXT]


def test_a_small_table_in_the_next_column() -> None:
    cells = [("Office", "Staff"), ("Harbour", "31"), ("South", "14"), ("The helpdesk speaks:",), ("• Danish",)]
    rows = [
        row(100 + 12 * at, (60, text), *((330.0 + 80 * place, cell) for place, cell in enumerate(cells[at])))
        for at, text in enumerate(TEXT[:5])
    ]
    assert texts(rows) == [TEXT[:5], [" ".join(cell) for cell in cells]]


def test_a_note_of_two_lines_beside_a_column() -> None:
    note = ["The fee for a dog is", "35 euro a year."]
    assert texts(beside(TEXT, note)) == [TEXT, note]


def test_figures_labels_and_terms_are_read_row_by_row() -> None:
    labels = ["Rent of the flat by the sea", "Heating of the flat", "Water", "Costs of the lift and the stairs", "Sum"]
    answers = ["On request", "Monthly", "By post", "Once a year", "On request"]
    for rows in (
        beside(labels, answers),
        beside(TEXT, ["1,204", "930", "877", "12.5", "31", "28"]),
        beside(
            ["kerb", "quay", "ford", "lock"],
            ["edge of a pavement", "place for ships", "a way", "a gate for boats"],
            150,
        ),
    ):
        assert len(regions(rows, NO_RULES)) == 1


def test_lines_of_names_are_no_running_text() -> None:
    names = [row(100 + 12 * at, (60, f"United Water of East Town {at}")) for at in range(6)]
    assert not is_text_beside(names, [row(100 + 12 * at, (330, "Closed")) for at in range(6)])


def test_heads_above_figures_are_no_columns() -> None:
    rows = [
        row(100, (60, "Rent in")),
        row(112, (60, "Flat by the"), (200, "euro")),
        row(124, (60, "sea"), (200, "900")),
    ]
    assert heads_figures(rows, 0)
    assert not heads_figures(rows, 2)


def test_a_foot_far_below_is_no_line_of_a_column() -> None:
    rows = [*beside(TEXT, LISTED), row(700, (60, "Town of Solvik"), (330, "4"))]
    assert without_far_lines(rows, 0, len(rows) - 1) == (0, len(rows) - 2)
    assert texts(rows) == [TEXT, LISTED, ["Town of Solvik 4"]]
