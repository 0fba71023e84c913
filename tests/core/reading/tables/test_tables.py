"""Tables are read from blocks and from lines alike, and questions find their cells or figures computed from them."""

from __future__ import annotations

import pytest

from core.blocks import Block, Cell
from core.reading.tables.derive import TableReader
from core.reading.tables.lines import line_tables
from core.reading.tables.operands import Derived
from core.reading.tables.table import Table, is_contents, table_of, tables_of

EARNINGS = """Lockwood Corporation
Consolidated Statements of Earnings
(in millions, except per share data)
Years Ended December 31,
2021 2020 2019
Net sales
Products $ 56,435 $ 54,928 $ 50,053
Services 10,609 10,470 9,759
Total net sales 67,044 65,398 59,812
Cost of sales
Products (50,273) (48,996) (44,589)
Diluted earnings per common share $ 22.76 $ 24.30 $ 21.95
Effective tax rate 16.4 % 16.5 % 14.0 %
"""
QUARTER = """Note 2
Net sales for the three- and nine-month periods ended June 25, 2022 and June 26, 2021 were as follows (in
millions):
Three Months Ended Nine Months Ended
June 25,
2022
June 26,
2021
June 25,
2022
June 26,
2021
iPhone $ 40,665 $ 39,570 $ 162,863 $ 153,105
Mac 7,382 8,235 28,669 26,012
Total net sales $ 82,959 $ 81,434 $ 304,182 $ 282,457
"""


def block_table(rows: list[list[str]], *, title: str = "", head_rows: int = 1) -> tuple[str, Table]:
    text = f"{title}\n\n" if title else ""
    start = len(text)
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        line = []
        for piece in row:
            line.append(Cell(start=len(text), end=len(text) + len(piece)))
            text += f"{piece} "
        text = text.rstrip(" ") + "\n"
        cells.append(tuple(line))
    block = Block(kind="table", start=start, end=len(text) - 1, rows=tuple(cells), head_rows=head_rows)
    table = table_of(block, text)
    assert table is not None
    return text, table


def answer(question: str, text: str) -> Derived:
    derived = TableReader(question, line_tables(text)).answers()[0]
    assert all(text[start:end].strip() for start, end in derived.cells)
    return derived


def cells(derived: Derived, text: str) -> list[str]:
    return [text[start:end] for start, end in derived.cells]


@pytest.mark.parametrize(
    ("question", "shown", "cell"),
    [
        ("What were Lockwood's net sales in 2021?", "$67,044 million", "67,044"),
        ("What were total net sales in 2019?", "$59,812 million", "59,812"),
        ("What was the diluted earnings per share in 2020?", "$ 24.30", "$ 24.30"),
        ("What was the effective tax rate in 2021?", "16.4 %", "16.4 %"),
        ("What was the revenue from services in 2020?", "$10,470 million", "10,470"),
    ],
)
def test_a_cell_is_found_by_label_period_and_unit(question: str, shown: str, cell: str) -> None:
    derived = answer(question, EARNINGS)
    assert derived.text == shown
    assert cells(derived, EARNINGS) == [cell]
    if "million" in shown:
        assert derived.scale_span is not None and "millions" in EARNINGS[slice(*derived.scale_span)]


@pytest.mark.parametrize(
    ("question", "shown", "used"),
    [
        ("What was the change in total net sales between 2020 and 2021?", "$1,646 million", ["67,044", "65,398"]),
        ("What was the percentage change in total net sales from 2020 to 2021?", "2.52%", ["67,044", "65,398"]),
        ("What was the average of total net sales in 2020 and 2021?", "$66,221 million", ["65,398", "67,044"]),
        ("In which year were total net sales the highest?", "2021", ["67,044", "65,398", "59,812"]),
        ("How many years did total net sales exceed $60,000 million?", "2", ["59,812", "65,398", "67,044"]),
        ("What was the ratio of services to total net sales in 2021?", "0.16", ["10,609", "67,044"]),
    ],
)
def test_figures_are_computed_from_their_cells(question: str, shown: str, used: list[str]) -> None:
    derived = answer(question, EARNINGS)
    assert derived.text == shown
    assert sorted(cells(derived, EARNINGS)) == sorted(used)
    assert derived.computed and derived.note


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("What were net sales of iPhone in the quarter ended June 25, 2022?", "$40,665 million"),
        ("What were total net sales in the nine months of 2022?", "$304,182 million"),
        ("What were total net sales in the quarter of 2021?", "$81,434 million"),
    ],
)
def test_columns_of_quarters_and_of_years_to_date_are_told_apart(question: str, shown: str) -> None:
    assert answer(question, QUARTER).text == shown


def test_heads_that_span_columns_and_groups_of_rows() -> None:
    rows = [
        ["", "2023", "2022"],
        ["Net sales", "", ""],
        ["Products", "12", "10"],
        ["Costs", "", ""],
        ["Products", "7", "6"],
    ]
    text, table = block_table(rows)
    assert table.heads == ("2023", "2022")
    assert [(row.group, row.label) for row in table.rows] == [("Net sales", "Products"), ("Costs", "Products")]
    found = TableReader("What were the costs of products in 2022?", [table]).answers()[0]
    assert text[slice(*found.cells[0])] == "6"


def test_columns_are_told_by_words_and_rows_are_compared() -> None:
    rows = [["Ticket", "Summer", "Winter"], ["Adult", "€38", "€26"], ["Child", "€19", "€13"], ["Bicycle", "€9", "€6"]]
    _, table = block_table(rows)

    def says(question: str) -> str:
        return TableReader(question, [table]).answers()[0].text

    assert says("How much is a child ticket in winter?") == "€13"
    assert says("How much cheaper is an adult ticket in winter than in summer?") == "€12"
    assert says("Which ticket is the most expensive in summer?") == "Adult"


def test_figures_without_a_label_are_the_sum_of_the_group_above() -> None:
    rows = [
        ["In millions", "2023", "2022"],
        ["Net revenue:", "", ""],
        ["Client Computing", "", ""],
        ["Desktop", "2,370", "2,289"],
        ["Notebook", "3,896", "4,751"],
        ["", "6,266", "7,040"],
        ["Data Center", "4,004", "4,695"],
        ["Operating income:", "", ""],
        ["Client Computing", "1,039", "876"],
    ]
    text, table = block_table(rows)
    total, center, income = table.rows[2:]
    assert (total.label, total.group) == ("Client Computing", "Net revenue:")
    assert text[total.start : total.end].startswith("Client Computing")
    assert (center.group, income.group) == ("Net revenue:", "Operating income:")
    best = TableReader("What was the revenue of Client Computing in 2023?", [table], ["filing"]).answers()[0]
    assert best.text.startswith("6,266")
    rows[5][1] = "6,267"
    assert block_table(rows)[1].rows[2].label == ""


def test_a_year_is_not_answered_by_a_quarter_nor_a_share_in_millions() -> None:
    quarters = [
        ["In millions, except per share", "First Quarter 2022", "Second Quarter 2022"],
        ["Net sales", "4,539.9", "5,024.0"],
        ["EPS:", "", ""],
        ["Diluted", "1.02", "0.97"],
    ]
    _, by_quarter = block_table(quarters, title="In millions, except per share")
    _, by_year = block_table(
        [["In millions", "2022", "2021"], ["Net sales", "18,992.8", "18,127.0"]], title="In millions"
    )
    best = TableReader("What were net sales in 2022?", [by_quarter, by_year], ["filing"]).answers()[0]
    assert best.text.startswith("18,992.8")
    share = TableReader("What was diluted EPS in the first quarter of 2022?", [by_quarter], ["filing"]).answers()[0]
    assert share.text == "1.02"


def test_prose_is_no_table() -> None:
    text = "The fund held $465 million and $173 million at December 31, 2021 and\nDecember 31, 2020.\nIt grew by 5.\n"
    assert line_tables(text) == []


def test_a_row_of_another_period_is_not_answered_with() -> None:
    assert TableReader("What were total net sales in 2015?", line_tables(EARNINGS)).answers() == []


def test_a_caption_between_rows_parts_two_tables() -> None:
    text = "Term Meaning\nLull A calm of 20 minutes\nTable 9. Forms\nForm Use\nS-12 Accident\nP-7 Expenses"
    rows, after = [], 0
    for label, rest in (
        ("Term", "Meaning"),
        ("Lull", "A calm of 20 minutes"),
        ("Table 9. Forms", ""),
        ("Form", "Use"),
        ("S-12", "Accident"),
        ("P-7", "Expenses"),
    ):
        start = text.index(label, max(0, after - 1))
        after = start + len(label) + 1
        rows.append((Cell(start=start, end=after - 1), *([Cell(start=after, end=after + len(rest))] if rest else [])))
        after += len(rest)
    block = Block(kind="table", start=0, end=len(text), rows=tuple(rows), head_rows=1)
    terms, forms = tables_of(block, text)
    assert (terms.corner, [row.label for row in terms.rows]) == ("Term", ["Lull"])
    assert (forms.corner, forms.heads, [row.label for row in forms.rows]) == ("Form", ("Use",), ["S-12", "P-7"])
    assert forms.title == "Table 9. Forms"


def test_a_table_of_contents_is_no_table_of_figures() -> None:
    contents = "Contents\nThe institute . . . 3\nThe island . . . 4\nPeople . . . 5\nReaching us . . . 5\n"
    prices = "Prices\nBread . . . 3\nMilk . . . 2\nButter . . . 5\nHoney . . . 7\n"
    assert all(is_contents(table, contents) for table in line_tables(contents))
    assert line_tables(prices) and not any(is_contents(table, prices) for table in line_tables(prices))
