"""Cells with what a question about them has to say."""

from __future__ import annotations

import pytest

from synth.facts.english.tables.cells import LabelledCell, labelled_cells
from tests.support.table_pages import table_page

BERTHS = (
    ("Berth", "Depth (m)", "Length (m)", "Crane"),
    ("North quay", "6.5", "120", "yes"),
    ("South quay", "8", "", "no"),
    ("Fuel pier", "4", "35", "no"),
)


def cells_of(*rows, above: str = "Table 2. Berths of the harbour", **more) -> list[LabelledCell]:
    page = table_page(above, rows, **more)
    cells = list(labelled_cells(page.text, page.blocks))
    for cell in cells:
        assert page.text[slice(*cell.span)] in cell.answer
        assert cell.row[0] <= cell.span[0] < cell.span[1] <= cell.row[1]
    return cells


def test_a_cell_carries_label_head_unit_and_caption() -> None:
    cells = cells_of(*BERTHS)
    first = cells[0]
    assert (first.label, first.head, first.caption, first.answer) == (
        "North quay",
        "Depth (m)",
        "Berths of the harbour",
        "6.5 m",
    )
    assert [cell.answer for cell in cells] == ["6.5 m", "120 m", "yes", "8 m", "no", "4 m", "35 m", "no"]
    assert not first.alone


def test_a_statement_says_it_and_knows_its_place() -> None:
    for cell in cells_of(*BERTHS):
        flat, start = cell.statement()
        assert flat.text[start:] == f"{cell.answer}."
        assert flat.span(start, start + len(cell.answer)) == cell.span
        assert cell.label in flat.text
        assert cell.head in flat.text


def test_money_has_the_scale_of_its_table() -> None:
    rows = (("", "2023", "2022"), ("Net sales", "$ 1,240", "$ 1,105"), ("Gross profit", "410", "377"))
    cells = cells_of(*rows, above="Results of the yard (in millions)")
    assert cells[0].answer == "$1,240 million" or cells[0].answer.endswith("million")
    assert all("million" in cell.answer for cell in cells)
    assert len(cells[0].quotes) == 2, "heads and scale"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("How deep is the water at the North quay, in depth?", True),
        ("What is the depth of the north quay?", True),
        ("What is the depth?", False),
        ("What is it at the North quay?", False),
        ("What is the length of the South pier?", False),
    ],
)
def test_a_question_has_to_name_row_and_column(question: str, named: bool) -> None:
    assert cells_of(*BERTHS)[0].is_named_by(question) is named


def test_the_only_column_need_not_be_named() -> None:
    (cell, _) = cells_of(("Person", "Post"), ("Ole Brandt", "harbour master"), ("Ida Lund", "pilot"))
    assert cell.alone
    assert cell.is_named_by("What does Ole Brandt do?")
    assert not cell.is_named_by("Who is it?")


def test_what_cannot_be_told_apart_is_left_out() -> None:
    twice = (("Berth", "Depth", "Depth"), ("North quay", "6", "7"))
    assert cells_of(*twice) == []
    assert cells_of(("Berth", "Depth"), ("Quay", "6"), ("Quay", "7"), ("1", "8")) == []
    contents = (("Heading", "Page"), ("Rules ........", "3"), ("Fees ........", "5"), ("Index ........", "9"))
    assert cells_of(*contents) == []


def test_the_heading_of_a_group_is_part_of_the_label() -> None:
    rows = (("Fee", "Euro"), ("Members", ""), ("Berth", "45"), ("Guests", ""), ("Locker", "60"))
    assert [cell.label for cell in cells_of(*rows)] == ["Members: Berth", "Guests: Locker"]
