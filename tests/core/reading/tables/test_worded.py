"""Tables of words: the row is named by any of its cells, the column by its head or by what is asked for."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.tables.worded import names_another_row, worded_answers
from core.reading.text.values import decimal_of


class Rows(NamedTuple):
    text: str
    table: Table


def table(lines: str) -> Rows:
    """A table of a page whose first line has the heads, cells parted by bars."""
    rows, place = [], 0
    for line in lines.split("\n"):
        cells, start = [], place
        for text in line.split(" | "):
            digits = text.lstrip("$€£")
            amount = decimal_of(digits) if digits.replace(".", "").isdigit() else None
            cells.append(TableCell(text, start, start + len(text), amount))
            start += len(text) + 3
        label, *others = cells
        span = (label.start, label.end)
        rows.append(TableRow(label.text, "", tuple(others), place, place + len(line), span))
        place += len(line) + 1
    head, *data = rows
    heads = tuple(cell.text for cell in head.cells if cell is not None)
    return Rows(lines, Table("", head.label, heads, tuple(data), 0, None, "", 0, len(lines)))


HOTELS = table("Date | Hotel | Price\n3 April | Hotel Sakura | $140\n7 April | Ryokan Hoshi | $210")
PORTS = table("Port | Use | PoE\nA | uplink | no\nB | camera | yes\nC | phone | yes")
BIKES = table("Bicycle | Half day | Day | Week\nCity bike | 9.00 | 15.00 | 70.00\nTandem | 18.00 | 30.00 | 150.00")
CODES = table(
    "Code | Problem | Remedy\nE1 | Door is open | Close the door\nE2 | No water | Open the tap\n"
    "E3 | Water does not drain | Clean the filter"
)
EFFECTS = table("How often | Effect\nCommon | heartburn, nausea\nUncommon | dizziness, rash")


@pytest.mark.parametrize(
    ("question", "rows", "answer"),
    [
        ("What does Hotel Sakura cost?", HOTELS, "$140"),
        ("When is the stay at Ryokan Hoshi?", HOTELS, "7 April"),
        ("Which hotel is the cheapest?", HOTELS, "Hotel Sakura"),
        ("Which hotel is the most expensive?", HOTELS, "Ryokan Hoshi"),
        ("Which port is used for the camera?", PORTS, "B"),
        ("Which ports have PoE?", PORTS, "B, C"),
        ("Which ports have no PoE?", PORTS, "A"),
        ("What does a tandem cost for a day?", BIKES, "30.00"),
        ("What is the weekly price of a city bike?", BIKES, "70.00"),
        ("What does error E2 mean?", CODES, "No water"),
        ("What should I do when the display shows E1?", CODES, "Close the door"),
        ("What do I do if the water does not drain?", CODES, "Clean the filter"),
        ("How common is rash?", EFFECTS, "Uncommon"),
    ],
)
def test_row_and_column_are_named(question: str, rows: Rows, answer: str) -> None:
    (read,) = worded_answers(question, [rows.table])
    assert read.text == answer
    assert ", ".join(rows.text[slice(*span)] for span in read.cells).startswith(answer)


def test_words_that_name_the_row_name_no_column() -> None:
    posts = table("Post | Holder | Chief duty\nChief Engineer | Bruna Tessimore | Power\nClerk | Ada Holt | Letters")
    assert worded_answers("Who is the Chief Engineer?", [posts.table])[0].text == "Bruna Tessimore"


def test_a_figure_names_a_row_only_behind_its_head() -> None:
    steps = table("Stage | Name\n3 | Start\n4 | Finish")
    assert worded_answers("What does quality flag 3 stand for?", [steps.table]) == []
    assert worded_answers("What is the name of stage 3?", [steps.table])[0].text == "Start"


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("What does Hotel Kobe cost?", HOTELS),
        ("What does a tandem cost?", BIKES),
        ("What does error E9 mean?", CODES),
        ("Who is the director?", PORTS),
    ],
)
def test_what_is_not_named_is_not_answered(question: str, rows: Rows) -> None:
    assert worded_answers(question, [rows.table]) == []


def test_tables_over_periods_are_left_alone() -> None:
    periods = table("Period | Spending\nQ2 2023 | up\nQ2 2022 | down")
    assert worded_answers("What was the spending in Q2 2023?", [periods.table]) == []


def test_a_cell_says_yes_or_no() -> None:
    (without,) = worded_answers("Does port A have PoE?", [PORTS.table])
    assert without.polarity == "no"
    (with_power,) = worded_answers("Does port B have PoE?", [PORTS.table])
    assert with_power.polarity == "yes"


ORDER = table("Item | Hours | Unit price | Amount\nPainting | 3 | $40.00 | $120.00\nTiling | 2 | $70.00 | $140.00")
ROTA = table("name | monday | tuesday\nAda | early | late\nBo | off | early\nCem | late | off")
MENU = table("item | size | price\nMocha | small | 3.10\nMocha | large | 3.90\nTea | pot | 2.80")


def test_a_line_costs_what_its_price_comes_to() -> None:
    assert [each.text for each in worded_answers("How much does painting cost?", [ORDER.table])] == ["$120.00"]
    assert [each.text for each in worded_answers("How much does painting cost each?", [ORDER.table])] == ["$40.00"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is off on tuesday?", "Cem"),
        ("When does Cem work late?", "monday"),
        ("who works early on monday", "Ada"),
    ],
)
def test_a_value_names_the_row_or_the_column(question: str, text: str) -> None:
    assert [each.text for each in worded_answers(question, [ROTA.table])] == [text]


def test_a_row_that_lacks_what_another_has_is_another() -> None:
    small, _, tea = MENU.table.rows
    assert names_another_row("How much is a large tea?", MENU.table, tea)
    assert names_another_row("How much is a large mocha?", MENU.table, small)
    assert not names_another_row("How much is a pot of tea?", MENU.table, tea)
