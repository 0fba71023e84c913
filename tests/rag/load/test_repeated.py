"""Cells that span rows stand in every row, or their place is held."""

from __future__ import annotations

from rag.load.outline import OutlineCell, Run
from rag.load.repeated import in_every_row, table_element


def cell(text: str, row_span: int = 1, column_span: int = 1) -> OutlineCell:
    return OutlineCell((Run(text),) if text else (), row_span, column_span)


def lines(rows: list[list[OutlineCell]], head_rows: int = 0) -> list[str]:
    return table_element(rows, head_rows).shown.split("\n")


def test_a_cell_of_the_body_is_repeated_at_either_side() -> None:
    rows = [
        [cell("Bus 12", 2), cell("Karlby"), cell("05:40"), cell("4 euro", 2)],
        [cell("Solvik"), cell("06:10")],
        [cell("Bus 14"), cell("Varde", 1, 2), cell("5 euro")],
    ]
    assert lines(rows) == [
        "Bus 12 | Karlby | 05:40 | 4 euro",
        "Bus 12 | Solvik | 06:10 | 4 euro",
        "Bus 14 | Varde | 5 euro",
    ]
    assert {each.row_span for row in in_every_row(rows, 0) for each in row} == {1}


def test_the_place_of_a_head_is_held() -> None:
    rows = [
        [cell("Floor", 2), cell("Money", 1, 2), cell("Flat", 2)],
        [cell("Rent"), cell("Deposit")],
        [cell("1", 2), cell("690"), cell("1,380"), cell("Alder")],
        [cell("820"), cell("1,640"), cell("Birch")],
    ]
    assert lines(rows, 2) == [
        "Floor | Money | Flat",
        " | Rent | Deposit",
        "1 | 690 | 1,380 | Alder",
        "1 | 820 | 1,640 | Birch",
    ]
    assert [each.row_span for each in in_every_row(rows, 2)[0]] == [2, 1, 2]


def test_the_place_of_a_long_cell_is_held_amid_a_row() -> None:
    long = "word " * 60
    rows = [[cell("a"), cell(long, 3), cell("b")], [cell("c"), cell("d")], [cell("e")]]
    assert lines(rows)[1:] == ["c |  | d", "e"]


def test_hidden_text_is_not_repeated() -> None:
    secret = OutlineCell((Run("seen"), Run("unseen", "tiny")), 2)
    first, second = in_every_row([[secret, cell("x")], [cell("y")]], 0)
    assert first[0].runs == secret.runs
    assert second[0].runs == (Run("seen"),)


def test_a_row_without_cells_is_left_out() -> None:
    assert lines([[cell("a", 3), cell("b")], [], [cell("c")]]) == ["a | b", "a | c"]
    assert in_every_row([], 0) == ()
    assert lines([[cell("a", 2), cell("b", 2)], []]) == ["a | b"]


def test_a_span_beyond_the_table_ends_with_it() -> None:
    assert lines([[cell("a", 1000), cell("b")], [cell("c")]]) == ["a | b", "a | c"]
