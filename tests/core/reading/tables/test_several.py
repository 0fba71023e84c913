"""Growth per year, two figures at once, and figures of two statements of one document."""

from __future__ import annotations

import pytest

from core.reading.tables.derive import TableReader
from core.reading.tables.lines import line_tables

INCOME = """Statements of Income
(in millions)
2022 2021 2020 2019
Revenue $ 1,331 $ 1,210 $ 1,100 $ 1,000
Cost of sales 700 640 600 560
Net income 90 80 70 60
"""
BALANCE = """Balance Sheets
(in millions)
2022 2021
Total current assets 300 280
Inventories 50 40
Property, plant and equipment, net 420 380
Cash and cash equivalents 66 55
Total assets 900 760
Total current liabilities 200 190
"""


def answer(question: str) -> str:
    tables = [*line_tables(INCOME), *line_tables(BALANCE)]
    answers = TableReader(question, tables).answers()
    return answers[0].text if answers else ""


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the CAGR of revenue from 2019 to 2022?", "10%"),
        ("What was the compound annual growth rate of revenue between 2020 and 2022?", "10%"),
        ("What were revenue and net income in 2021?", "Revenue: $1,210 million; Net income: $80 million"),
        ("What was cash and cash equivalents in 2022?", "66 million"),
        ("What is the ratio of net income to total assets in 2022?", "0.1"),
        ("What is the ratio of inventories to cost of sales in 2021?", "0.06"),
        ("What is the asset turnover of 2022, revenue / average total assets between 2021 and 2022?", "1.6"),
        ("What is the fixed asset turnover ratio of 2022 (revenue / average PP&E of 2021 and 2022)?", "3.33"),
        ("What is the asset turnover ratio in 2022?", "1.48"),
    ],
)
def test_figures_of_several_cells(question: str, text: str) -> None:
    assert answer(question) == text


def test_growth_from_a_loss_has_no_rate() -> None:
    tables = line_tables(
        "Results\n(in millions)\n2022 2021 2020\nNet income 90 20 (70)\nRevenue 900 800 700\nTax 9 8 7\n"
    )
    derived = TableReader("What is the CAGR of net income from 2020 to 2022?", tables).answers()
    assert all("%" not in answer.text for answer in derived)


def test_the_sign_of_a_figure_answers_yes_or_no() -> None:
    positive, negative = (
        TableReader(f"Does it have {sign} working capital in 2022?", line_tables(BALANCE)).answers()[0]
        for sign in ("positive", "negative")
    )
    assert (positive.text, positive.polarity, negative.polarity) == ("100 million", "yes", "no")
