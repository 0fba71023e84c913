"""Columns that stand close: gaps that are hardly wider than a blank part them where they stand above each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.settings import IngestSettings
from rag.load.pdf.layout.gutters import parted_at_gutters
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdf_rows import row, segment

LEFT = [
    "The guarantee covers the pump and its motor for",
    "two years. Seals and hoses are excluded, since they",
    "wear with use. The filter should be cleaned every",
    "200 hours of running and after each flood.",
]
RIGHT = [
    "Claims are made in writing within fourteen days",
    "of the fault. The maker may ask for photographs",
    "and for the receipt of the purchase.",
]


@pytest.mark.parametrize("lowered", [0, 1])
def test_columns_with_a_narrow_gutter_are_read_one_after_the_other(tmp_path: Path, lowered: int) -> None:
    path = tmp_path / "columns.pdf"
    canvas = Canvas(str(path), invariant=True)
    canvas.setFont("Helvetica", 10)
    edge = 70 + max(canvas.stringWidth(line, "Helvetica", 10) for line in LEFT)
    for index in reversed(range(4)):  # painted from the foot of the page
        canvas.drawString(60, 700 - 12 * index, LEFT[index])
        if index < 3:
            canvas.drawString(edge, 700 - 12 * (index + lowered), RIGHT[index])
    canvas.save()
    reader = PdfReader(path, IngestSettings())
    text = " ".join(reader.page(0).text.split())
    reader.close()
    assert text == " ".join([*LEFT, *RIGHT])


def test_a_gap_is_a_gutter_where_three_rows_have_it_before_one_place() -> None:
    parts = segment(60, "the rent of flats").words, segment(154, "is due in May now").words  # 9 points between
    rows = [row(100 + 12 * at, (60, "x")).part([segment(0, "x")]) for at in range(3)]
    for line in rows:
        line.segments[0].words[:] = [*parts[0], *parts[1]]
    assert [len(line.segments) for line in parted_at_gutters(rows)] == [2, 2, 2]
    assert parted_at_gutters(rows[:2]) == rows[:2]


def test_a_sign_before_a_figure_is_no_column() -> None:
    rows = [row(100 + 12 * at, (60, "Balance of the year in full"), (300, "$ 1")) for at in range(4)]
    assert parted_at_gutters(rows) == rows
