"""Ratios asked by name are computed from the rows that define them, of one document and one period."""

from __future__ import annotations

import pytest

from core.reading.tables.derive import TableReader
from core.reading.tables.formulas import formulas, named_formulas, search_words
from core.reading.tables.lines import line_tables

ACCOUNTS = """Consolidated income statement
(in millions of dollars)
2023 2022
Revenue 612 548
Cost of sales (398) (362)
Gross profit 214 186
Operating profit 51 34
Income tax expense (10) (7)
Profit before tax 40 29
Net profit 30 22
"""
BALANCE = """Consolidated balance sheet
(in millions of dollars)
2023 2022
Inventories 96 101
Total current assets 226 210
Total assets 528 499
Total current liabilities 113 121
Total liabilities 264 282
Total equity 240 217
"""


def answers(question: str, pages: list[str], documents: list[str] | None = None) -> list[str]:
    tables = [table for page in pages for table in line_tables(page)]
    found = TableReader(question, tables, [], documents or [""] * len(tables)).answers()
    return [derived.text for derived in found]


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("What is the gross margin in 2023?", "34.97%"),
        ("What was the operating margin in 2022?", "6.2%"),
        ("What is the net profit margin for 2023?", "4.9%"),
        ("What was the effective tax rate in 2023?", "25%"),
        ("What is the current ratio?", "2"),
        ("What was the working capital ratio in 2022?", "1.74"),
        ("What is the quick ratio in 2023?", "1.15"),
        ("What is the debt to equity ratio in 2023?", "1.1"),
        ("What was the working capital at the end of 2022?", "$89 million"),
        ("What was the return on assets in 2023?", "5.68%"),
    ],
)
def test_a_figure_asked_by_name_is_computed_from_its_rows(question: str, shown: str) -> None:
    assert answers(question, [ACCOUNTS, BALANCE])[0] == shown


TAXES_PAID = """Consolidated statement of cash flows
(in millions of dollars)
2023 2022
Deferred income taxes 3 2
Income taxes 9 6
Net cash from operations 58 44
"""


def test_a_margin_in_money_has_the_scale_and_one_in_percent_has_not() -> None:
    money = """Statements of operations
(in millions of dollars)
2023 2022
Gross margin 36,413 35,885
Operating income 22,998 23,076
"""
    ratio = """Key figures
(in millions of dollars)
2023 2022
Gross margin 44.5 43.3
Operating income 22,998 23,076
"""
    assert answers("What was the gross margin in 2023?", [money])[0] == "$36,413 million"
    assert answers("What was the gross margin in 2023?", [ratio])[0] == "44.5"


def test_gross_profit_is_an_amount() -> None:
    without_profit = """Income statement
(in millions of dollars)
2023 2022
Revenue 612 548
Cost of sales (398) (362)
"""
    assert answers("What was the gross profit in 2023?", [without_profit])[0] == "$214 million"
    assert answers("What was the gross profit in 2023?", [ACCOUNTS])[0] == "$214 million"
    assert answers("What was the gross profit margin in 2023?", [without_profit])[0] == "34.97%"


def test_a_row_before_taxes_is_not_the_row_of_taxes() -> None:
    before = """Income statement
(in millions of dollars)
2023 2022
Income before income taxes 40 29
Provision for income taxes 10 7
"""
    for pages in ([TAXES_PAID, before], [before, TAXES_PAID]):
        assert answers("What was the effective tax rate in 2023?", pages)[0] == "25%"
    assert "%" not in "".join(answers("What was the effective tax rate in 2023?", [TAXES_PAID]))


@pytest.mark.parametrize(
    "question",
    [
        "What was the main driver of the change in operating profit in 2023?",
        "Why did revenue increase from 2022 to 2023?",
        "What were the factors behind the decline of net profit between 2022 and 2023?",
        "What caused cost of sales to rise in 2023?",
        "What is the reason for the gross margin in 2023?",
        "What drove the growth of revenue in 2023?",
    ],
)
def test_a_cause_is_no_figure(question: str) -> None:
    assert answers(question, [ACCOUNTS, BALANCE]) == []


def test_a_label_that_holds_such_a_word_is_a_label() -> None:
    costs = """Costs
(in millions of dollars)
2023 2022
Factory drivers 12 10
Causes and campaigns 3 2
"""
    assert answers("How much did factory drivers cost in 2023?", [costs])[0] == "$12 million"
    assert answers("How much was spent on causes and campaigns in 2022?", [costs])[0] == "$2 million"


def test_ebitda_adds_what_the_cash_flow_statement_writes_off() -> None:
    flows = """Cash flow statement
(in millions of dollars)
2023 2022
Depreciation and amortization 19 17
Capital expenditures (22) (25)
"""
    assert answers("What was the unadjusted EBITDA in 2023?", [ACCOUNTS, flows])[0] == "$70 million"


def test_the_cells_of_both_tables_are_named() -> None:
    tables = [*line_tables(ACCOUNTS), *line_tables(BALANCE)]
    derived = TableReader("What was the return on equity in 2023?", tables).answers()[0]
    assert derived.note == "30 / 240"
    pages = (ACCOUNTS, BALANCE)
    pieces = [pages[place][slice(*span)] for place, span in zip(derived.cell_places, derived.cells, strict=True)]
    assert pieces == ["30", "240"]


def test_rows_of_two_documents_make_no_figure() -> None:
    assert answers("What was the return on equity in 2023?", [ACCOUNTS, BALANCE], ["a.pdf", "b.pdf"])[:1] != ["12.5%"]


def test_a_missing_row_and_a_stated_figure_are_left_to_the_cells() -> None:
    assert "%" not in "".join(answers("What is the gross margin in 2023?", [BALANCE]))
    stated = ACCOUNTS + "Gross margin 35.2 % 34.1 %\n"
    assert answers("What is the gross margin in 2023?", [stated])[0] == "35.2 %"


def test_every_definition_can_be_named_and_searched_for() -> None:
    for formula in formulas():
        assert formula.unit in ("percent", "ratio", "amount") and bool(formula.bottom) == (formula.unit != "amount")
        for name in formula.names:
            assert named_formulas(f"What is the {name} in 2023?"), name
    assert search_words("What is the current ratio?") == "total current assets total current liabilities"
    assert search_words("Who is the chair?") == ""
