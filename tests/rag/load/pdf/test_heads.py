"""A head over several columns stands over all of them, also where it is printed off their middle."""

from __future__ import annotations

import pytest

from rag.load.pdf.layout.drafts import DraftCell
from rag.load.pdf.layout.heads import widen_over_repeats
from rag.load.pdf.layout.rows import Word, segment_of


def _row(*cells: tuple[str, int]) -> list[DraftCell]:
    def cell(text: str, column: int) -> DraftCell:
        left = 50.0 * column
        word = Word(text=text, first=0, x0=left, top=10.0, x1=left + 30, bottom=20.0, base=20.0, height=10.0)
        return DraftCell([segment_of([word])], column)

    return [cell(*each) for each in cells]


LOWER = [("Depot", 0), ("Trucks", 1), ("Vans", 2), ("Trucks", 3), ("Vans", 4)]


@pytest.mark.parametrize("columns", [(1, 3), (2, 4), (1, 4), (2, 3)])
def test_a_head_has_its_turn_wherever_it_stands_in_it(columns: tuple[int, int]) -> None:
    above = _row(*zip(("2024", "2025"), columns, strict=True))
    widen_over_repeats([above, _row(*LOWER)], 5)
    assert [(cell.column, cell.column_span) for cell in above] == [(1, 2), (3, 2)]


@pytest.mark.parametrize(
    ("above", "lower"),
    [
        ([("2024", 1), ("2025", 2)], LOWER),  # both over the first turn
        ([("2024", 1)], LOWER),
        ([("2024", 1), ("2025", 3)], [*LOWER[:4], ("Cars", 4)]),
        ([("2024", 1), ("2025", 3)], LOWER[:4]),
    ],
)
def test_heads_that_tell_no_turns_stay(above: list[tuple[str, int]], lower: list[tuple[str, int]]) -> None:
    row = _row(*above)
    widen_over_repeats([row, _row(*lower)], 5)
    assert [(cell.column, cell.column_span) for cell in row] == [(column, 1) for _, column in above]
