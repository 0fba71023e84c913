"""Amounts carry the sign, the scale and the currency of their table where these hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.tables.show import amount_like, grouped, in_asked_unit, label_name, shown
from core.reading.tables.table import Table, TableCell, TableRow


def table(scale: int = 6, currency: str = "$") -> Table:
    return Table("", "", ("2021",), (), scale, None, currency, 0, 0, currency_above=bool(currency))


def row(label: str, group: str = "") -> TableRow:
    return TableRow(label, group, (), 0, 0, (0, 0))


def cell(text: str, amount: str | None = "1", *, percent: bool = False) -> TableCell:
    return TableCell(text, 0, len(text), None if amount is None else Decimal(amount), percent)


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [
        ("1234567.50", None, "1,234,567.5"),
        ("1E+3", None, "1,000"),
        ("-1234", None, "−1,234"),
        ("2.25", 1, "2.3"),
        ("2.24", 1, "2.2"),
        ("-0.04", 1, "0"),
        ("0.00", None, "0"),
        ("1200", 2, "1,200"),
    ],
)
def test_amounts_are_grouped_and_rounded_half_up(amount: str, places: int | None, text: str) -> None:
    assert grouped(Decimal(amount), places) == text


@pytest.mark.parametrize(
    ("label", "group", "given_cell", "text", "scaled"),
    [
        ("Net sales", "", cell("67,044"), "$67,044 million", True),
        ("Cost of sales", "", cell("(50,273)", "-50273"), "($50,273) million", True),
        ("Products", "", cell("$ 56,435"), "$56,435 million", True),
        ("Diluted earnings per common share", "", cell("$ 22.76"), "$ 22.76", False),
        ("Tax rate", "", cell("16.4 %", percent=True), "16.4 %", False),
        ("Plants", "Number of employees", cell("1,200"), "1,200", False),
        ("Shares outstanding", "", cell("1,200"), "1,200 million", True),
        ("Auditor", "", cell("Lint LLP", None), "Lint LLP", False),
    ],
)
def test_the_scale_holds_for_amounts_only(
    label: str, group: str, given_cell: TableCell, text: str, scaled: bool
) -> None:
    assert shown(table(), row(label, group), given_cell) == (text, scaled)


def test_a_table_without_scale_shows_its_cells_as_they_stand() -> None:
    assert shown(table(scale=0), row("Net sales"), cell("67,044")) == ("67,044", False)
    assert shown(table(scale=3, currency="€"), row("Rent"), cell("12")) == ("€12 thousand", True)


def test_a_computed_amount_has_the_unit_of_its_cells() -> None:
    sales = row("Net sales")
    assert amount_like(Decimal(1646), table(), sales, cell("67,044")) == ("$1,646 million", True)
    assert amount_like(Decimal(-1646), table(), sales, cell("67,044")) == ("−$1,646 million", True)
    assert amount_like(Decimal("0.125"), table(), row("Tax rate"), cell("16 %", percent=True), places=2) == (
        "0.13%",
        False,
    )
    assert amount_like(Decimal(12), table(0, ""), row("Adult"), cell("€38")) == ("€12", False)
    assert amount_like(Decimal("0.5"), table(), row("Dividends per share"), cell("2.50")) == ("$0.50", False)


@given(st.decimals("-1e9", "1e9", places=3))
def test_a_grouped_amount_reads_back(amount: Decimal) -> None:
    assert Decimal(grouped(amount).replace(",", "").replace("−", "-")) == amount


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("iPhone (1)", "iPhone"),
        ("Home (1)(2)", "Home"),
        ("Fees ³", "Fees"),
        ("Fees*", "Fees"),
        ("Fees ᵇ", "Fees"),
        ("Fees †", "Fees"),
        ("Other (net)", "Other (net)"),
        ("(1)", "(1)"),
        ("Class (a)", "Class (a)"),
        ("Flight 9", "Flight 9"),
    ],
)
def test_marks_of_footnotes_are_no_part_of_a_name(label: str, name: str) -> None:
    assert label_name(label) == name


@pytest.mark.parametrize(
    ("text", "question", "shown_text"),
    [
        ("$381,603 thousand", "What was it? Answer in USD millions.", "$381.603 million"),
        ("($389) million", "How much (in USD billions) was paid?", "($0.389) billion"),
        ("−$1,561 million", "What was it in billions?", "−$1.561 billion"),
        ("$1.5 billion", "How much in dollars? Answer in $ thousands.", "$1,500,000 thousand"),
        ("$389 million", "What was it in millions?", "$389 million"),
        ("12.5%", "What was it in millions?", "12.5%"),
        ("$389 million", "How many millions were paid?", "$389 million"),
        ("Revenue: $3 million; Tax: $1 million", "What were they in billions?", "Revenue: $3 million; Tax: $1 million"),
    ],
)
def test_an_amount_in_the_scale_that_is_asked_for(text: str, question: str, shown_text: str) -> None:
    assert in_asked_unit(text, question) == shown_text
