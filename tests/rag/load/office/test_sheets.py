from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from core.errors import DataError
from rag.load.office.formats import shown_value
from tests.support.parsed_pages import cells, kinds, read, table_of


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    book.properties.title = "Rents of the year"
    sheet = book.active
    assert sheet is not None
    sheet.title = "Rents"
    sheet["B2"] = "All sums in euro"
    rows = (
        ["Flat", "Rent", None, "Since"],
        [None, "cold", "warm", None],
        ["Alder 1", 900, 1050.5, dt.date(2024, 5, 1)],
        ["Cedar 2", 1450, None, dt.date(2025, 1, 1)],
    )
    for row in rows:
        sheet.append([None, *row])
    sheet.merge_cells("C3:D3")
    sheet.merge_cells("B3:B4")
    sheet["C5"].number_format = "#,##0.00"
    sheet["C6"].number_format = '"$"#,##0'
    sheet["G5"] = "white"
    sheet["G5"].font = Font(color="FFFFFFFF")
    sheet["B8"], sheet["C8"], sheet["B9"], sheet["C9"] = "Share", "Part", "heating", 0.125
    sheet["C9"].number_format = "0.0%"
    sheet["B10"], sheet["C10"] = "secret", "row"
    sheet.row_dimensions[10].hidden = True
    other = book.create_sheet("Notes")
    other["A1"] = "Paid in advance."
    hidden = book.create_sheet("Private")
    hidden["A1"] = "evil"
    hidden.sheet_state = "hidden"
    path = tmp_path / "rents.xlsx"
    book.save(path)
    return path


def test_workbook(workbook: Path) -> None:
    info, pages = read(workbook)
    assert (info.kind, info.title, info.unit) == ("xlsx", "Rents of the year", "section")
    assert [page.label for page in pages] == ["Rents", "Notes", ""]
    rents, share = (block for block in pages[0].blocks if block.kind == "table")
    assert cells(pages[0], rents) == [
        ["Flat", "Rent", "Since", "", ""],
        ["cold", "warm", "", "", ""],
        ["Alder 1", "900.00", "1050.5", "2024-05-01", "", ""],
        ["Cedar 2", "$1,450", "", "2025-01-01", "", ""],
    ]
    assert [(cell.row_span, cell.column_span) for cell in rents.rows[0][:2]] == [(2, 1), (1, 2)]
    assert rents.head_rows == 2
    assert cells(pages[0], share) == [["Share", "Part"], ["heating", "12.5%"]]
    assert kinds(pages[0])[:2] == [("heading", "", "Rents"), ("paragraph", "", "All sums in euro")]
    assert dict(pages[0].hidden) == {"no_contrast": 5, "not_displayed": 9}
    assert kinds(pages[1])[1] == ("paragraph", "", "Paid in advance.")
    assert (pages[2].text, "evil" in pages[2].hidden_text) == ("", True)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234567, "General", "1234567"),
        (0.1 + 0.2, "General", "0.3"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (-5, "0", "-5"),
        (0.256, "0%", "26%"),
        (99, "[$€-2] #,##0.00", "€99.00"),
        (99, "#,##0.00 [$€-407]", "99.00 €"),
        (True, "General", "TRUE"),
        (dt.datetime(2025, 3, 4, 15, 30), "dd.mm.yyyy", "2025-03-04 15:30"),
        ("a\n b", "@", "a b"),
        (None, "General", ""),
    ],
)
def test_values_are_shown_as_their_formats_say(value: object, number_format: str, text: str) -> None:
    assert shown_value(value, number_format) == text


def test_a_sheet_that_reaches_to_the_last_corner_is_refused_at_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["XFD1048576"] = "far"
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(DataError, match=r"more than 1,000,000 cells .*reaches to XFD1048576"):
        read(tmp_path / "far.xlsx")


def test_a_damaged_workbook_is_refused(workbook: Path) -> None:
    workbook.write_bytes(workbook.read_bytes()[:-300])
    with pytest.raises(DataError, match="damaged"):
        read(workbook)


def test_a_table_of_plain_columns_has_its_first_row_as_head(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Name", "Role"], ["Ann", "Chair"], ["Bo", "Clerk"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    _, (page,) = read(tmp_path / "a.xlsx")
    assert (table_of(page).head_rows, len(table_of(page).rows)) == (1, 3)
