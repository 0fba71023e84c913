from __future__ import annotations

import pytest

from rag.load.text.grid import guess_head_rows, is_value


@pytest.mark.parametrize(
    ("rows", "heads"),
    [
        ([["Name", "Rent"], ["Alder", "900"], ["Cedar", "1,450"]], 1),
        ([["Code", "Meaning"], ["E-1", "Overload"], ["E-12", "Power loss"]], 1),
        ([["Alder", "900"], ["Cedar", "1,450"]], 0),
        ([["Ann", "Chair"], ["Bo", "Clerk"]], 0),
        ([["Name", "Name"], ["Ann", "4"]], 0),
        ([["", "2024", "2025"], ["Rent", "900", "950"]], 0),
        ([["Name", "Rent"]], 0),
        ([], 0),
    ],
)
def test_heads_are_guessed_only_where_figures_tell(rows: list[list[str]], heads: int) -> None:
    assert guess_head_rows(rows) == heads


def test_names_first_formats_have_heads_unless_the_row_holds_values() -> None:
    assert guess_head_rows([["Name", "Role"], ["Ann", "Chair"]], certain=True) == 1
    assert guess_head_rows([["Ann", "ann@example.org"], ["Bo", "bo@example.org"]], certain=True) == 0
    assert guess_head_rows([["Item", "2024", "2025"], ["Rent", "900", "950"]], certain=True) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,204", True),
        ("-5.5 %", True),
        ("$900", True),
        ("2025-01-04", True),
        ("a@b.org", True),
        ("2025", False),
        ("Name", False),
        ("E-1", False),
        ("", False),
    ],
)
def test_values(text: str, value: bool) -> None:
    assert is_value(text) is value
