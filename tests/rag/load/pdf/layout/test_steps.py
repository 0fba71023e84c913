"""Lines of a table are told apart by the steps in each of its columns."""

from __future__ import annotations

from rag.load.pdf.layout.drafts import DraftCell
from rag.load.pdf.layout.rows import TextRow
from rag.load.pdf.layout.steps import TableLine, row_numbers, stepped_rows
from rag.load.pdf.layout.tables import Grid
from tests.support.pdf_rows import NO_RULES, row

COLUMNS = [(50.0, 150.0), (200.0, 230.0)]


def lines_of(*rows: TextRow) -> list[TableLine]:
    return [TableLine(each, [DraftCell([part], int(part.x0 >= 200)) for part in each.segments]) for each in rows]


def test_a_row_is_as_high_as_its_highest_cell() -> None:
    lines = lines_of(
        row(100, (50, "Maple, third floor")),
        row(106, (200, "900")),
        row(112, (50, "with a view")),
        row(130, (50, "Cedar"), (200, "720")),
        row(148, (50, "Alder, ground")),
        row(154, (200, "690")),
        row(160, (50, "floor")),
    )
    assert stepped_rows(lines) == [0, 0, 0, 1, 2, 2, 2]
    assert row_numbers(lines, Grid([line.row for line in lines], COLUMNS, 0, NO_RULES)) == [0, 0, 0, 1, 2, 2, 2]


def test_even_steps_tell_no_rows_apart() -> None:
    lines = lines_of(*[row(100 + 14 * at, (50, f"Flat {at}"), (200, f"{at}00")) for at in range(5)])
    assert stepped_rows(lines) == []
    assert stepped_rows(lines[:1]) == []


def test_two_amounts_of_one_column_are_of_two_rows() -> None:
    pairs = [row(100 + 30 * (at // 2) + 12 * (at % 2), (50, f"Flat {at}"), (200, f"{at}00")) for at in range(6)]
    assert stepped_rows(lines_of(*pairs)) == []


def test_a_line_knows_its_label_and_its_values() -> None:
    label, both = lines_of(row(100, (50, "Flat")), row(114, (50, "Flat"), (200, "900")))
    assert (label.only_label, label.has_values) == (True, False)
    assert (both.only_label, both.has_values) == (False, True)
    assert both.cell(1) is both.cells[1]
    assert label.cell(1) is None
