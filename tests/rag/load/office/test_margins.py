"""Headers, footers and comments around the cells of a sheet."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from rag.load.office.margins import comments, printed, with_author
from tests.support.parsed_pages import kinds, pages_of


@pytest.fixture
def sheet() -> Worksheet:
    sheet = openpyxl.Workbook().active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Prices"
    sheet.append(["Metal", "Price"])
    sheet.append(["Copper", 8900])
    return sheet


def test_what_is_printed_and_said_of_a_sheet_is_read(tmp_path: Path, sheet: Worksheet) -> None:
    sheet.oddHeader.center.text = "Price list 7"
    sheet.oddFooter.left.text = "Valid until 30 June"
    sheet.oddFooter.right.text = "Page &[Page] of &[Pages]"
    sheet["B2"].comment = Comment("Lena:\nChecked with the supplier", "Lena")
    assert sheet.parent is not None
    empty = sheet.parent.create_sheet("Empty")
    empty.oddHeader.center.text = "never printed"
    sheet.parent.save(tmp_path / "p.xlsx")
    first, *_ = pages_of(tmp_path / "p.xlsx")
    assert kinds(first) == [
        ("heading", "", "Prices"),
        ("header", "", "Price list 7"),
        ("table", "", "Metal | Price\nCopper | 8900"),
        ("annotation", "", "B2, Lena: Checked with the supplier"),
        ("footer", "", "Valid until 30 June"),
    ]


def test_codes_of_a_header_are_no_text(sheet: Worksheet) -> None:
    sheet.oddHeader.left.text = '&"Arial,Bold"&K00FF00&12 &A of &F, R&&D'
    sheet.oddHeader.right.text = "&P"
    sheet.firstHeader.center.text = "only where the first page differs"
    (header,), footers = printed(sheet, "metals.xlsx", "")
    assert (header.shown, footers) == ("Prices of metals.xlsx, R&D", [])
    sheet.HeaderFooter.differentFirst = True
    assert [each.shown for each in printed(sheet, "metals.xlsx", "")[0]][1] == "only where the first page differs"


def test_a_thread_of_comments_is_read_without_the_notice_to_old_programs(sheet: Worksheet) -> None:
    sheet["A1"].comment = Comment("[Threaded comment]\n\nYour version allows:\n\nComment:\n    Too dear?\n", "tc={1-2}")
    (element,) = comments(iter([sheet["A1"], sheet["B1"]]), "not_displayed")
    assert [(run.text, run.hidden) for run in element.runs] == [("A1: Too dear?", "not_displayed")]


def test_who_made_a_comment() -> None:
    assert with_author("Lena", "Check it") == "Lena: Check it"
    assert with_author("", "Check it") == "Check it"
    assert with_author("", "Check it", place="B2") == "B2: Check it"
