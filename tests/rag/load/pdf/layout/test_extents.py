"""Columns of a table: heads and the texts below them make one column wherever they stand in it."""

from __future__ import annotations

from rag.load.pdf.layout.extents import find_columns, under_heads, with_heads_joined
from tests.support.pdf_rows import row

HEAD = row(100, (50, "Name"), (200, "Net"))
BODY = [row(100 + 14 * at, (50, f"Flat {at}"), (260, "900")) for at in (1, 2, 3)]


def test_a_head_beside_the_texts_below_it_makes_no_column_of_its_own() -> None:
    rows = [HEAD, *BODY]
    assert find_columns(rows) == [(50, 80), (200, 215), (260, 275)]
    assert with_heads_joined(find_columns(rows), rows) == [(50, 80), (200, 275)]


def test_columns_that_a_row_fills_both_stay_apart() -> None:
    rows = [HEAD, *BODY, row(160, (50, "Flat 4"), (200, "800"), (260, "900"))]
    columns = find_columns(rows)
    assert with_heads_joined(columns, rows) == columns
    assert under_heads(columns, [row(86, (190, "Rent of the flats"))], rows) == columns


def test_columns_under_one_head_that_no_row_fills_both_are_one() -> None:
    rows = [row(100, (50, "Flat"), (200, "800")), row(114, (50, "Sum"), (230, "900"))]
    assert under_heads(find_columns(rows), [row(86, (190, "Rent of the flats"))], rows) == [(50, 70), (200, 245)]
