"""Values of spreadsheet cells as Excel shows them under their format codes."""

from __future__ import annotations

import datetime as dt

import pytest

from rag.load.office.formats import shown_value

ACCOUNTS = '_-* #,##0.00 "€"_-;-* #,##0.00 "€"_-;_-* "-"?? "€"_-'


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234567, "General", "1234567"),
        (0.1 + 0.2, "General", "0.3"),
        (1e-7, "General", "1E-07"),
        (7, 'General" pcs"', "7 pcs"),
        (True, "General", "TRUE"),
        (None, "General", ""),
        (float("inf"), "0.00", "inf"),
        (1234.5, "#,##0.00", "1,234.50"),
        (1e30, "0.0", f"1{'0' * 30}.0"),
        (2.5, "0", "3"),  # halves go up
        (1.005, "0.00", "1.01"),
        (5, "0.##", "5"),
        (0.5, "#.##", ".5"),
        (12, "00000", "00012"),
        (5551234567, "(000) 000-0000", "(555) 123-4567"),
        (1234567, "#,##0,", "1,235"),
        (12345678, '0.0,,"M"', "12.3M"),
        (0.256, "0%", "26%"),
        (0.075, "0.0 %", "7.5 %"),
        (1e-7, "0.00E+00", "1.00E-07"),
        (123456, "0.0E+0", "1.2E+5"),
        (3.5, "# ?/?", "3 1/2"),
        (0.25, "# ?/?", "1/4"),
        (3, "# ?/?", "3"),
        (0.3, "# ??/100", "30/100"),
        (-5, "0", "-5"),
        (-0.2, "0", "0"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (-5.5, "0.0;[Red]-0.0", "-5.5"),
        (0, '0;(0);"nil"', "nil"),
        (0, "0;-0;;@", ""),
        (1, ";;;", ""),
        (150, '[>100]"high";0', "high"),
        (50, '[>100]"high";0', "50"),
        (99, "[$€-2] #,##0.00", "€ 99.00"),
        (99, "#,##0.00 [$€-407]", "99.00 €"),
        (-1234.56, "$#,##0_);($#,##0)", "($1,235)"),
        (1234.5, ACCOUNTS, "1,234.50 €"),
        (0, ACCOUNTS, "- €"),
        (20, '0.0"°C"', "20.0°C"),
        (3, '"Level "0', "Level 3"),
        ("a\n b", "@", "a b"),
        ("Ada", '"Dr. "@', "Dr. Ada"),
        ("Ada", "0.00", "Ada"),
        ("Ada", ";;;", ""),
    ],
)
def test_numbers_and_texts(value: object, number_format: str, text: str) -> None:
    assert shown_value(value, number_format) == text


@pytest.mark.parametrize(
    ("number_format", "text"),
    [
        ("dd/mm/yyyy", "04/03/2025"),
        ("dd.mm.yyyy", "04.03.2025"),
        ("yyyy-mm-dd;@", "2025-03-04"),
        ("d mmm yyyy", "4 Mar 2025"),
        ("mmm-yy", "Mar-25"),
        ("dddd, d. mmmm yyyy", "Tuesday, 4. March 2025"),
        ("[$-407]dddd, d. mmmm yyyy", "Dienstag, 4. März 2025"),
        ("[$-40C]d mmmm yyyy", "4 mars 2025"),
        ('yyyy"年"m"月"d"日"', "2025年3月4日"),
        ("h:mm AM/PM", "3:30 PM"),
        ("hh:mm:ss", "15:30:05"),
        ("mm:ss.0", "30:05.0"),
        ("d/m h:mm", "4/3 15:30"),
        ("mm-dd-yy", "2025-03-04 15:30"),  # follows the reader's country
        ("General", "2025-03-04 15:30"),
    ],
)
def test_dates(number_format: str, text: str) -> None:
    assert shown_value(dt.datetime(2025, 3, 4, 15, 30, 5), number_format) == text


def test_times_and_lengths_of_time() -> None:
    assert shown_value(dt.time(9, 5), "h:mm") == "9:05"
    assert shown_value(dt.time(0, 5), "h AM/PM") == "12 AM"
    assert shown_value(dt.time(23, 59, 59, 700000), "h:mm:ss") == "0:00:00"
    assert shown_value(dt.timedelta(days=1, hours=12), "[h]:mm") == "36:00"
    assert shown_value(dt.timedelta(minutes=90, seconds=5), "[m]:ss") == "90:05"
    assert shown_value(dt.date(2025, 7, 3), "mm-dd-yy") == "2025-07-03"
