"""Upright heads: which turned lines belong to a table, and what becomes of the others."""

from __future__ import annotations

import pytest

from rag.load.pdf.layout.drafts import DraftCell, DraftTable
from rag.load.pdf.layout.paragraphs import Draft, DraftText
from rag.load.pdf.layout.rows import TextRow
from rag.load.pdf.layout.upright import with_upright_heads
from tests.support.pdf_rows import row, segment


def table(head: str = "") -> DraftTable:
    cells = [
        DraftCell([segment(x, text)], at) for at, (x, text) in enumerate([(50, "Swift"), (150, "320"), (250, "4")])
    ]
    rows = [[DraftCell([segment(50, head, 90)], 0)], cells] if head else [cells]
    return DraftTable(rows, 3, int(bool(head)), 10, 92, 102, 50, 255, [(50, 75), (150, 165), (250, 255)])


def turned(x: float, text: str, turn: float) -> TextRow:
    """A line that stands over `x` and ends, or begins, at a height of 88."""
    if turn == 90:
        return row(x + 3, (-88, text))
    return row(-x + 3, (88 - 5 * len(text), text))


@pytest.mark.parametrize("turn", [90.0, 270.0])
def test_turned_lines_above_columns_are_their_heads(turn: float) -> None:
    drafts: list[Draft] = [table()]
    rows = [turned(157, "Range km", turn), turned(252, "Seats", turn), turned(700, "Page margin", turn)]
    assert [line.text for line in with_upright_heads(drafts, rows, turn)] == ["Page margin"]
    [draft] = drafts
    assert isinstance(draft, DraftTable)
    assert draft.head_rows == 1
    assert [(cell.column, cell.text) for cell in draft.rows[0]] == [(1, "Range km"), (2, "Seats")]


def test_the_line_over_the_labels_is_their_head() -> None:
    label = DraftText("paragraph", [segment(50, "Model", 88)], 10, 80, 90, 50, 75)
    drafts: list[Draft] = [label, table()]
    with_upright_heads(drafts, [turned(157, "Range km", 90), turned(252, "Seats", 90)], 90.0)
    [draft] = drafts
    assert isinstance(draft, DraftTable)
    assert [cell.text for cell in draft.rows[0]] == ["Model", "Range km", "Seats"]


def test_heads_fill_the_empty_places_of_a_row_of_heads() -> None:
    drafts: list[Draft] = [table("Model")]
    with_upright_heads(drafts, [turned(157, "Range km", 90), turned(252, "Seats", 90)], 90.0)
    [draft] = drafts
    assert isinstance(draft, DraftTable)
    assert (draft.head_rows, [cell.text for cell in draft.rows[0]]) == (1, ["Model", "Range km", "Seats"])


@pytest.mark.parametrize("turn", [0.0, 180.0])
def test_lines_of_other_directions_stay(turn: float) -> None:
    drafts: list[Draft] = [table()]
    rows = [turned(157, "Range km", 90), turned(252, "Seats", 90)]
    assert with_upright_heads(drafts, rows, turn) == rows


def test_one_line_alone_is_no_head() -> None:
    drafts: list[Draft] = [table()]
    rows = [turned(157, "Range km", 90)]
    assert with_upright_heads(drafts, rows, 90.0) == rows
