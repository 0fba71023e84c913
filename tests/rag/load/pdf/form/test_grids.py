"""Fields that stand in rows and columns."""

from __future__ import annotations

from rag.load.pdf.fields import Field
from rag.load.pdf.form.grids import grid_cells
from rag.load.pdf.form.labels import Entry, Print
from tests.support.pdf_rows import page_words


def fields(*rows: float, columns: tuple[float, ...] = (100, 200)) -> list[Entry]:
    return [
        Entry(Field("form_field", "", "x", (0, 0, 0, 0)), left, top, left + 90, top + 14)
        for top in rows
        for left in columns
    ]


def cells(entries: list[Entry], *words: tuple[str, float, float, float]) -> list[int]:
    return sorted(grid_cells(Print(page_words(*words), 0.0, entries), entries))


def test_rows_of_fields_below_each_other_are_a_grid() -> None:
    heads = [("Item", 100, 90, 10), ("Price", 200, 90, 10)]
    assert cells(fields(100, 120, 140), *heads) == [0, 1, 2, 3, 4, 5]
    assert cells(fields(100, 120), *heads, ("Bolts", 50, 110, 10), ("Nuts", 50, 130, 10)) == [0, 1, 2, 3]


def test_fields_with_labels_of_their_own_are_no_grid() -> None:
    assert cells(fields(100, 130), ("Town", 100, 125, 10), ("Street", 200, 125, 10)) == []
    assert cells(fields(100, 120), ("Name:", 50, 110, 10), ("Home:", 50, 130, 10)) == []


def test_one_row_one_column_or_rows_far_apart_are_no_grid() -> None:
    assert cells(fields(100)) == []
    assert cells(fields(100, 120, columns=(100,))) == []
    assert cells(fields(100, 160)) == []
