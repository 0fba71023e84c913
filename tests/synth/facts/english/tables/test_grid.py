"""Financial tables read from lines: labels, groups, cells with their spans; doubtful tables are left out."""

from __future__ import annotations

import pytest

from synth.facts.english.tables.grid import lines_of, tables_of, title_above
from tests.support.statement_table import TABLE


def only_table(text: str):
    (table,) = tables_of(text)
    return table


def test_rows_have_labels_groups_and_one_cell_per_column():
    table = only_table(TABLE)
    assert [column.phrase for column in table.columns] == [
        "for the three months ended June 25, 2022",
        "for the three months ended June 26, 2021",
    ]
    assert [(row.group, row.label, [cell.text for cell in row.cells]) for row in table.rows] == [
        ("Net sales", "Products", ["63,355", "63,948"]),
        ("Net sales", "Services", ["19,604", "17,486"]),
        ("", "Total net sales", ["82,959", "81,434"]),
        ("", "Other income (expense), net of taxes", ["(10)", "243"]),
        ("Earnings per share", "Basic", ["1.20", "1.31"]),
    ]
    assert table.title == "Condensed consolidated statements of operations"
    assert table.unit == "in millions, except per share amounts"
    assert table.currency == "$"


def test_spans_are_those_of_the_page():
    table = only_table(TABLE)
    for row in table.rows:
        for cell in row.cells:
            assert TABLE[slice(*cell.span)] == cell.text
            assert row.span[0] <= cell.span[0] < cell.span[1] <= row.span[1]
    assert TABLE[slice(*table.heads)].startswith("Three Months Ended")
    assert table.unit_span is not None
    assert TABLE[slice(*table.unit_span)] == "(In millions, except per share amounts)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Three Months Ended\nJune 25,\n2022\nJune 26,\n2021", "2022 2021"),  # which period?
        ("Services 19,604 17,486\nTotal net sales 82,959 81,434\n", "Services 19,604\nTotal net sales 82,959\n"),
        ("CONDENSED CONSOLIDATED STATEMENTS OF OPERATIONS (Unaudited)\n", ""),
    ],
)
def test_a_doubtful_table_is_left_out(old, new):
    assert old in TABLE
    assert list(tables_of(TABLE.replace(old, new))) == []


def test_two_rows_of_one_name_are_left_out_both():
    table = only_table(TABLE.replace("Services 19,604", "Products 19,604"))
    assert "Products" not in [row.label for row in table.rows]


def test_a_footnote_mark_is_no_part_of_a_label():
    table = only_table(TABLE.replace("Services 19,604", "Services (1) 19,604"))
    assert "Services" in [row.label for row in table.rows]


@pytest.mark.parametrize(
    ("above", "title"),
    [
        (["The following table presents net sales by region (in millions):"], "Net sales by region"),
        (["Net sales by region were as follows:"], "Net sales by region"),
        (["STATEMENTS OF CASH FLOWS", "(Unaudited)"], "Statements of cash flows"),
        (["It sold widgets.", "Commitments and", "Contingencies"], "Commitments and Contingencies"),
        (["Page 3"], ""),
        (["Acme Widgets, Inc."], ""),
        (["This shows what it was:"], ""),
        ([], ""),
    ],
)
def test_titles_come_from_a_heading_or_from_a_sentence(above, title):
    assert title_above(above) == title


def test_lines_keep_their_place():
    text = "\n  one \n\n two\n"
    assert [(line.text, text[line.start : line.end]) for line in lines_of(text)] == [("one", "one"), ("two", "two")]
