"""Facts of cells: the figure with its unit, or none where the unit is in doubt."""

from __future__ import annotations

from synth.facts.english.tables.table_facts import cell_facts
from tests.support.stated_facts import FILING, HANDBOOK
from tests.support.statement_table import TABLE


def answers(text: str) -> dict[tuple[str, str], str]:
    """Answers by subject and column."""
    return {(fact.subject, text[slice(*fact.value)]): fact.answer for fact in cell_facts(text, FILING)}


def test_money_carries_sign_and_scale():
    found = answers(TABLE)
    assert found["Net sales: Products", "63,355"] == "$63,355 million"
    assert found["Total net sales", "81,434"] == "$81,434 million"
    assert found["Other income (expense), net of taxes", "(10)"] == "$(10) million"


def test_amounts_per_share_carry_no_scale():
    assert answers(TABLE)["Earnings per share: Basic", "1.20"] == "$1.20 per share"


def test_counts_in_a_table_of_money_are_left_out():
    text = TABLE.replace(
        "Total net sales 82,959 81,434\n", "Total net sales 82,959 81,434\nNumber of employees 4,100 3,900\n"
    )
    assert not any("employees" in subject for subject, _ in answers(text))


def test_shares_where_the_scale_excepts_them_are_left_out():
    text = TABLE.replace("Services 19,604", "Weighted shares 19,604").replace(
        "except per share amounts", "except shares"
    )
    assert not any("shares" in subject for subject, _ in answers(text))


def test_a_percentage_needs_no_unit():
    text = TABLE.replace("Total net sales 82,959 81,434\n", "Gross margin percentage 43.3% 43.2%\n")
    assert answers(text)["Gross margin percentage", "43.3"] == "43.3%"


def test_without_a_scale_there_is_no_fact():
    assert answers(TABLE.replace("(In millions, except per share amounts)\n", "")).keys() <= {
        ("Earnings per share: Basic", "1.20"),
        ("Earnings per share: Basic", "1.31"),
    }


def test_questions_say_whose_figure_and_when():
    fact = next(iter(cell_facts(TABLE, FILING)))
    assert fact.questions[0] == (
        "What figure did Acme Widgets, Inc. report for “Products” under “Net sales”"
        " for the three months ended June 25, 2022 in “Condensed consolidated statements of operations”,"
        " according to its Form 10-Q for the quarterly period ended June 25, 2022?"
    )
    assert len(set(fact.questions)) == 6
    assert all("June 25, 2022" in question for question in fact.questions)


def test_quotes_hold_the_row_the_heads_and_the_unit():
    fact = next(iter(cell_facts(TABLE, HANDBOOK)))
    row, heads, unit = (TABLE[slice(*quote)] for quote in fact.quotes)
    assert row == "Products $ 63,355 $ 63,948"
    assert heads.endswith("2021")
    assert unit == "(In millions, except per share amounts)"
    assert TABLE[slice(*fact.value)] in row
