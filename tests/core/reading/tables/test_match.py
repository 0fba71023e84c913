"""Of a row's cells the one of the kind that a question asks for is taken; a row about something else is left alone."""

from __future__ import annotations

import pytest

from core.reading.tables.derive import TableReader
from core.reading.tables.kinds import fits
from core.reading.tables.lookup import cell_at, table_question
from core.reading.tables.match import asks_empty_cell, match_cells
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.values import values


def cell(text: str) -> TableCell:
    amounts = [value for value in values(text) if value.amount is not None]
    amount = amounts[0].amount if len(amounts) == 1 and len(text) < 10 else None
    return TableCell(text, 0, len(text), amount, "%" in text)


def table(corner: str, heads: tuple[str, ...], *lines: tuple[str, tuple[str, ...]]) -> Table:
    rows = [
        TableRow(label, "", tuple(cell(text) if text else None for text in texts), 0, 0, (0, 0))
        for label, texts in lines
    ]
    return Table("", corner, heads, tuple(rows), 0, None, "", 0, 0)


POSTS = table(
    "Post",
    ("Holder", "Chief duty", "Extension"),
    ("Chief Engineer", ("Bruna Tessimore", "Power and water", "192")),
    ("Steward", ("Orla Finn", "The kitchen", "140")),
    ("Director", ("Dr Ivo Lund", "Answers to the Council", "101")),
)
INSTRUMENTS = table(
    "Instrument",
    ("Place", "Rating", "In service"),
    ("Great Reflector", ("East Dome", "1.32 m mirror", "1971")),
    ("Spectrograph", ("West Dome", "380 to 920 nm", "2009")),
)
CURRENTS = table(
    "Parameter",
    ("Condition", "Typ", "Max"),
    ("Supply current", ("measuring", "650", "900")),
    ("Supply current", ("sleep", "0.4", "1.2")),
)


def best(question: str, given: Table) -> tuple[str, float]:
    matches = match_cells(table_question(question), [given])
    return (cell_at([given], matches[0])[1].text, matches[0].score) if matches else ("", 0.0)


@pytest.mark.parametrize(
    ("question", "given", "text"),
    [
        ("Who is the Chief Engineer?", POSTS, "Bruna Tessimore"),
        ("Who runs the kitchen?", POSTS, "Orla Finn"),
        ("What is the extension of the Steward?", POSTS, "140"),
        ("What is the mirror diameter of the Great Reflector?", INSTRUMENTS, "1.32 m mirror"),
        ("Which wavelengths does the spectrograph cover?", INSTRUMENTS, "380 to 920 nm"),
        ("Since when has the spectrograph been in service?", INSTRUMENTS, "2009"),
        ("What is the supply current in sleep mode?", CURRENTS, "0.4"),
        ("What is the maximum supply current while measuring?", CURRENTS, "900"),
    ],
)
def test_the_cell_of_the_kind_asked_for(question: str, given: Table, text: str) -> None:
    assert best(question, given)[0] == text


def test_a_bare_figure_is_money_under_a_word_for_money() -> None:
    priced = table("Ticket", ("Price", "Number"), ("Day", ("9", "400")))
    row = priced.rows[0]
    assert [fits("How much does a day ticket cost?", priced, row, other) for other in row.cells if other] == [0, -1]


SITES = table(
    "Site",
    ("Height", "Use"),
    ("Gull Hill", ("31 m", "Hide and radio mast")),
    ("Mast Rock", ("12 m", "Light")),
)


def test_the_height_of_a_hill_is_not_that_of_the_mast_on_it() -> None:
    mast, hill = (
        TableReader(question, [SITES]).answers()[0]
        for question in ("How tall is the radio mast on Gull Hill?", "How tall is the cliff of Gull Hill?")
    )
    rock = TableReader("How tall is the rock of Mast Rock?", [SITES]).answers()[0]
    assert mast.text == hill.text == "31 m"
    assert mast.score < rock.score - 0.2


@pytest.mark.parametrize("question", ["How much does the Director earn?", "Who was the first Director?"])
def test_a_row_without_what_is_asked_for_scores_low(question: str) -> None:
    assert best(question, POSTS)[1] < best("Who is the Director?", POSTS)[1] - 0.25


@pytest.mark.parametrize(
    ("question", "text", "kind"),
    [
        ("Who leads it?", "Ana de Vries", 1),
        ("Who leads it?", "101", -1),
        ("Who pays?", "tenants", 0),
        ("When was it built?", "3 May 2021", 1),
        ("When was it built?", "East Dome", -1),
        ("How long does it take?", "20 minutes", 1),
        ("How heavy is it?", "9 kg", 2),
        ("How heavy is it?", "9 cm", -1),
        ("What does it do?", "9 cm", 0),
        ("How much does it cost?", "£9", 1),
    ],
)
def test_kinds_of_cells(question: str, text: str, kind: int) -> None:
    given = table("", ("Value",), ("It", (text,)))
    row = given.rows[0]
    assert row.cells[0] is not None
    assert fits(question, given, row, row.cells[0]) == kind


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Wann ist Anna Weber eingetreten?", "01.04.2019"),
        ("Wann ist Anna Weber aus der Firma ausgetreten?", "31.12.2023"),
        ("Wann ist Jan Kurz in die Firma eingetreten?", "15.09.2021"),
    ],
)
def test_a_german_participle_names_the_column_of_its_noun(question: str, text: str) -> None:
    staff = table(
        "Name",
        ("Abteilung", "Eintritt", "Austritt"),
        ("Anna Weber", ("Einkauf", "01.04.2019", "31.12.2023")),
        ("Jan Kurz", ("Lager", "15.09.2021", "")),
    )
    assert best(question, staff)[0] == text


def _grouped(*lines: tuple[str, str, tuple[str, ...]]) -> Table:
    rows = [TableRow(label, group, tuple(map(cell, texts)), 0, 0, (0, 0)) for label, group, texts in lines]
    return Table("", "", ("2022", "2021"), tuple(rows), 6, None, "$", 0, 0)


PARTS = _grouped(
    ("Net sales", "Americas:", ("37,472", "35,870")),
    ("Operating income", "Americas:", ("13,914", "12,600")),
    ("Net sales", "Europe:", ("19,287", "18,943")),
    ("Operating income", "Europe:", ("6,780", "6,300")),
)
WHOLE = _grouped(
    ("Total operating expenses", "Operating expenses:", ("12,809", "11,129")),
    ("Operating income", "Operating expenses:", ("23,076", "24,126")),
)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What was operating income in 2022?", "23,076"),
        ("By how much did operating income change?", "23,076"),
        ("What was the operating income of Europe in 2022?", "6,780"),
        ("What was operating income in the Americas in 2021?", "12,600"),
        ("What were net sales in Europe in 2022?", "19,287"),
    ],
)
@pytest.mark.parametrize("order", [(PARTS, *[POSTS] * 5, WHOLE), (WHOLE, PARTS)])
def test_a_question_that_names_no_part_asks_for_the_whole(question: str, text: str, order: tuple[Table, ...]) -> None:
    matches = match_cells(table_question(question), list(order))
    assert cell_at(list(order), matches[0])[1].text == text


DEPOTS = table(
    "Shed",
    ("Sacks", "Tins"),
    ("Shed 1", ("137", "1.5")),
    ("Shed 10", ("1370", "")),
    ("Shed 100", ("13", "7")),
)


def test_a_label_as_it_stands_rules_out_rows_of_other_numbers() -> None:
    matches = match_cells(table_question("How many sacks are in Shed 10?"), [DEPOTS])
    assert {DEPOTS.rows[match.row].label for match in matches} == {"Shed 10"}
    both = match_cells(table_question("How many sacks are in Shed 1 and Shed 100?"), [DEPOTS])
    assert {DEPOTS.rows[match.row].label for match in both} == {"Shed 1", "Shed 100"}


def test_a_row_with_nothing_in_the_column_asked_for_answers_nothing() -> None:
    assert match_cells(table_question("How many tins are in Shed 10?"), [DEPOTS]) == []
    assert asks_empty_cell("How many tins are in Shed 10?", DEPOTS, DEPOTS.rows[1])
    assert not asks_empty_cell("How many sacks are in Shed 10?", DEPOTS, DEPOTS.rows[1])


def test_how_many_of_a_thing_stands_under_the_head_of_its_number() -> None:
    stock = table("Item", ("Unit price", "Qty"), ("Bolt", ("0.13", "75000")), ("Nut", ("0.20", "900")))
    best = match_cells(table_question("How many bolts are there?"), [stock])[0]
    assert cell_at([stock], best)[1].text == "75000"


def test_the_unit_of_a_head_need_not_be_asked() -> None:
    plots = table("Plot", ("Area (ha)", "Yield (t)"), ("Mill", ("2.1", "")), ("Hill", ("1.2", "9")))
    assert asks_empty_cell("What is the yield of the Mill plot?", plots, plots.rows[0])
