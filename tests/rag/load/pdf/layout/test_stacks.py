"""Heads that wrap over lines: each stands over its column, wherever in the cell its lines and the figures stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from core.settings import IngestSettings
from rag.load.pdf.layout.stacks import runs_from, runs_into, widened, wrapped
from rag.load.pdf.layout.tables import Grid, find_tables
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdf_rows import NO_RULES, row

FLATS = (
    ("Flat", "Living area in square metres", "Monthly rent in euro", "Security deposit in euro, due at signing"),
    ("Alder", "54", "690", "1,380"),
    ("Maple, third floor with a view over the harbour", "83", "900", "1,800"),
    ("Cedar", "61", "720", "1,440"),
)
FAULTS = (
    ("Code", "Meaning of the code", "Hours"),
    ("E-1", "The fan is blocked and the unit was stopped by its guard", "12"),
    ("E-2", "No power", "30"),
    ("E-3", "The door was open for more than ten minutes", "45"),
)


def read(path: Path, cells: Sequence[Sequence[str]], widths: Sequence[float], place: str, ruled: bool) -> list[object]:
    """Print a table of wrapped cells and return its heads and the texts of its rows as they are read."""
    form = getSampleStyleSheet()["BodyText"]
    style: list[tuple[object, ...]] = [("ALIGN", (1, 1), (-1, -1), "RIGHT"), ("VALIGN", (0, 0), (-1, -1), place)]
    if ruled:
        style.append(("GRID", (0, 0), (-1, -1), 0.5, colors.black))
    texts = [[text if text.replace(",", "").isdigit() else Paragraph(text, form) for text in cell] for cell in cells]
    table = Table(texts, colWidths=widths, style=TableStyle(style))
    SimpleDocTemplate(str(path), invariant=True).build([table])
    reader = PdfReader(path, IngestSettings())
    page = reader.page(0)
    reader.close()
    (block,) = (block for block in page.blocks if block.kind == "table")
    rows = [tuple(" ".join(page.text[cell.start : cell.end].split()) for cell in line) for line in block.rows]
    return [block.head_rows, *rows]


@pytest.mark.parametrize("ruled", [True, False])
@pytest.mark.parametrize("place", ["TOP", "MIDDLE", "BOTTOM"])
def test_wrapped_heads_and_labels_are_whole(tmp_path: Path, place: str, ruled: bool) -> None:
    assert read(tmp_path / "flats.pdf", FLATS, (120, 80, 80, 100), place, ruled) == [1, *FLATS]


@pytest.mark.parametrize("place", ["TOP", "MIDDLE", "BOTTOM"])
def test_wrapped_texts_of_the_body_are_whole(tmp_path: Path, place: str) -> None:
    assert read(tmp_path / "faults.pdf", FAULTS, (60, 120, 60), place, ruled=False) == [1, *FAULTS]


COLUMNS = [(50.0, 100.0), (190.0, 200.0), (290.0, 300.0)]


def test_a_column_reaches_over_its_heads() -> None:
    heads = [row(88, (150, "Area in"), (250, "Rent in")), row(100, (50, "Flat"), (150, "metres"), (250, "euro"))]
    assert widened(COLUMNS, heads, NO_RULES) == [(50, 100), (150, 200), (250, 300)]


def test_heads_over_several_columns_widen_none() -> None:
    heads = [row(88, (180, "Both sums of the year in euro")), row(100, (190, "12"), (290, "11"))]
    assert widened(COLUMNS, heads, NO_RULES) == COLUMNS
    assert widened(COLUMNS, [], NO_RULES) == COLUMNS


def test_lines_of_one_head_are_told_from_a_head_over_others() -> None:
    (lines,) = wrapped([row(88, (150, "Area in")), row(100, (150, "metres"))])
    assert [part.text for part in lines] == ["metres", "Area in"]
    assert wrapped([row(88, (150, "Area")), row(100, (150, "Metres"))]) == []
    assert wrapped([row(88, (150, "Area in")), row(130, (150, "metres"))]) == []


def test_a_line_alone_runs_into_the_row_below_or_from_the_row_above() -> None:
    alone, full = row(88, (50, "Area in square")), row(100, (50, "metres"), (150, "Rent"))
    assert runs_into(alone, full)
    assert not runs_into(row(88, (50, "Area")), row(100, (50, "Metres"), (150, "Rent")))
    assert runs_from(row(112, (50, "and feet")), full)
    assert not runs_from(row(130, (50, "and feet")), full)


def test_a_sentence_that_runs_into_a_table_is_no_head() -> None:
    """Its last line begins small, as the second line of a head may, and it stands over several columns."""
    rows = [
        row(100, (50, "These are the costs of all the houses of the town at the end of the year (in")),
        row(112, (50, "thousands):")),
        row(124, (200, "May 2016"), (300, "May 2015")),
        *[row(138 + 14 * at, (50, f"House {at}"), (200, f"1,{at}00"), (300, f"2,{at}00")) for at in range(3)],
    ]
    grids = [item for item in find_tables(rows, NO_RULES) if isinstance(item, Grid)]
    assert [grid.rows[0].text for grid in grids] == ["May 2016 May 2015"]
