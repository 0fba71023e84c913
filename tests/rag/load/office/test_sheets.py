"""Workbooks: tables of sheets, values as they are shown, what is hidden, damage."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.office.sheets import PARSER, read_xlsx
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
        ["Flat", "Rent", "Since"],
        ["cold", "warm", ""],
        ["Alder 1", "900.00", "1050.5", "2024-05-01"],
        ["Cedar 2", "$1,450", "", "2025-01-01"],
    ]
    assert [(cell.row_span, cell.column_span) for cell in rents.rows[0][:2]] == [(2, 1), (1, 2)]
    assert rents.head_rows == 2
    assert cells(pages[0], share) == [["Share", "Part"], ["heating", "12.5%"]]
    assert kinds(pages[0])[:2] == [("heading", "", "Rents"), ("paragraph", "", "All sums in euro")]
    assert dict(pages[0].hidden) == {"no_contrast": 5, "not_displayed": 9}
    assert kinds(pages[1])[1] == ("paragraph", "", "Paid in advance.")
    assert (pages[2].text, "evil" in pages[2].hidden_text) == ("", True)


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


def saved(path: Path, rows: Sequence[Sequence[object]], change: Callable[[Worksheet], None] = lambda _: None) -> Page:
    """Save a workbook of one sheet and return its page."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    change(sheet)
    book.save(path)
    _, (page,) = read(path)
    return page


def test_columns_that_show_nothing_leave_no_gap(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.column_dimensions["B"].hidden = True

    rows = [["Flat", "Code", "", "Rent"], ["Alder", "X1", "", 900], ["Cedar", "X2", "", 950]]
    page = saved(tmp_path / "a.xlsx", rows, hide)
    assert cells(page, table_of(page)) == [["Flat", "Rent"], ["Alder", "900"], ["Cedar", "950"]]
    assert page.hidden_text.split() == ["Code", "X1", "X2"]


def test_tables_side_by_side_come_one_after_the_other(tmp_path: Path) -> None:
    rows = [
        ["Income", None, None, "Costs", None],
        ["Item", "Sum", None, "Item", "Sum"],
        ["Rent", 900, None, "Heating", 120],
        ["Fees", 45, None, "Repair", 300],
    ]
    page = saved(tmp_path / "a.xlsx", rows)
    assert [text for _, _, text in kinds(page)] == [
        "Sheet",
        "Income",
        "Item | Sum\nRent | 900\nFees | 45",
        "Costs",
        "Item | Sum\nHeating | 120\nRepair | 300",
    ]


def test_an_empty_column_within_a_table_parts_nothing(tmp_path: Path) -> None:
    page = saved(tmp_path / "a.xlsx", [["", 2024, None, 2025], ["Rent", 900, None, 950], ["Fees", 40, None, 45]])
    assert cells(page, table_of(page)) == [["", "2024", "2025"], ["Rent", "900", "950"], ["Fees", "40", "45"]]


def test_a_title_over_all_columns_and_single_columns_are_lines(tmp_path: Path) -> None:
    page = saved(
        tmp_path / "a.xlsx",
        [["Rents of the year"], ["in euro"], [], ["Flat", "Rent"], ["Alder", 900], [], ["Ada"], ["Emil"]],
        lambda sheet: sheet.merge_cells("A1:B1"),
    )
    lines = ["paragraph", "paragraph"]
    assert [kind for kind, _, _ in kinds(page)] == ["heading", *lines, "table", *lines]


def test_links_and_struck_values(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet["A2"].hyperlink = "https://a.example/ada"
        sheet["B2"].font = Font(strike=True)

    page = saved(tmp_path / "a.xlsx", [["Name", "Room"], ["Ada", 12]], change)
    assert cells(page, table_of(page))[1] == ["Ada (https://a.example/ada)", "~~12~~"]


def test_what_a_format_shows_nothing_of_is_hidden(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet["B2"].number_format = ";;;"

    page = saved(tmp_path / "a.xlsx", [["Name", "Room"], ["Ada", 12], ["Emil", 13]], change)
    assert cells(page, table_of(page))[1] == ["Ada", ""]
    assert page.hidden_text == "12"


def test_formulas_that_nobody_computed_are_counted(tmp_path: Path) -> None:
    page = saved(tmp_path / "a.xlsx", [["Flat", "Rent"], ["Alder", 900], ["Sum", "=B2"]])
    assert page.reason == "formulas without a stored value: 1; save the workbook once in a spreadsheet program"


def test_a_workbook_without_properties_has_no_date(tmp_path: Path) -> None:
    saved(tmp_path / "a.xlsx", [["Flat", "Rent"], ["Alder", 900]])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as other:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "_rels/.rels":
                data = re.sub(rb"<Relationship [^>]*core-properties[^>]*/>", b"", data)
            other.writestr(name, data)
    assert read(tmp_path / "a.xlsx")[0].metadata["author"] == "openpyxl"
    assert not read(tmp_path / "b.xlsx")[0].metadata


def unpacked(source: Path, path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Copy a package; a member that `change` returns nothing for is left out."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(path, "w") as target:
        for name in archive.namelist():
            data = change(name, archive.read(name))
            if data is not None:
                target.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("xl/workbook.xml", None),
        ("[Content_Types].xml", None),
        ("xl/worksheets/sheet1.xml", b"<worksheet"),
        ("xl/styles.xml", b"<styleSheet><cellXfs/></x>"),
    ],
)
def test_a_damaged_part_is_named_with_the_file(
    workbook: Path, tmp_path: Path, member: str, content: bytes | None
) -> None:
    path = unpacked(workbook, tmp_path / "a.xlsx", lambda name, data: content if name == member else data)
    with pytest.raises(DataError, match="is a damaged workbook") as raised:
        read_xlsx(path, IngestSettings())
    assert raised.value.path == str(path)


def test_the_parser_is_named_with_its_version(workbook: Path) -> None:
    info = read_xlsx(workbook, IngestSettings()).info
    assert info.parser == PARSER == f"openpyxl {openpyxl.__version__}"
