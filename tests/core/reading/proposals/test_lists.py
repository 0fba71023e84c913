"""Lists are found by the line that leads them in or a table's title, sections by their numbers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.proposals.lists import (
    body_under,
    item_list,
    items_of_section,
    stands_under_heading,
    table_list,
    topic,
)
from core.reading.proposals.sections import section_body
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.sentences import sentences

KIT = "Every member needs the following equipment:\n• a rope\n• a lamp;\n• two gloves.\n"
RULES = (
    "4.1 Scope\nThese rules bind members.\n4.2 Fees\nFees are due in May.\n4.2.1 Late fees\nA late fee is 5 crowns.\n"
    "4.2.10 Waivers\nThe board waives fees.\n4.3 Guests\nGuests pay."
)


def rows(*labels: str) -> tuple[TableRow, ...]:
    return tuple(
        TableRow(label, "", (), 10 * index, 10 * index + 9, (10 * index, 10 * index + len(label)))
        for index, label in enumerate(labels)
    )


def table(title: str, *labels: str, open_end: bool = False) -> Table:
    return Table(title, "", ("Crowns",), rows(*labels), 0, None, "", 0, 10 * len(labels), open_end)


def test_a_topic_is_what_is_listed_not_the_asking() -> None:
    assert topic("List all the opening hours of the museum") == {"open", "hour", "museum"}
    assert topic("What kinds of lamps are there?") == {"lamp"}


def test_items_are_found_by_their_lead_in() -> None:
    found = item_list(topic("List the equipment."), KIT, 3, least=1.0)
    assert found is not None
    assert found.place == 3
    assert found.texts == ("a rope", "a lamp", "two gloves")
    assert [bare in KIT[start:end] for bare, (start, end) in zip(found.texts, found.items, strict=True)] == [True] * 3
    assert KIT[found.start : found.end].rstrip(".") == KIT.strip().rstrip(".")


def test_a_list_at_the_end_of_its_text_may_go_on() -> None:
    wanted = topic("List the equipment.")
    last = item_list(wanted, KIT, 0, least=0.5)
    inside = item_list(wanted, KIT + "\nAsk the office for a rope of your own.\n", 0, least=0.5)
    assert last is not None and not last.complete
    assert inside is not None and inside.complete
    assert inside.texts == last.texts


def test_a_lead_in_about_something_else_is_no_answer() -> None:
    assert item_list(topic("List the members of the board."), KIT, 0, least=0.9) is None
    assert item_list(topic("List the equipment."), "The equipment:\n• a rope\n", 0, least=0.5) is None


def test_the_table_whose_title_covers_most_is_listed_without_its_total() -> None:
    tables = [
        table("Ticket offices", "North", "South"),
        table("Ticket prices by class", "First", "Second", "Total of both"),
        table("Ticket prices by class", "Third"),
    ]
    found = table_list(topic("List the ticket prices by class."), tables, least=0.5)
    assert found is not None
    assert (found.place, found.texts, found.items) == (1, ("First", "Second"), ((0, 5), (10, 16)))
    assert (found.start, found.end, found.complete) == (0, 30, True)


def test_a_table_needs_its_share_of_the_words_and_a_label_in_every_row() -> None:
    wanted = topic("List the ticket prices.")
    assert table_list(wanted, [table("Ticket offices", "North")], least=0.6) is None
    assert table_list(wanted, [table("Ticket prices", "First", "")], least=0.6) is None
    going_on = table_list(wanted, [table("Ticket prices", "First", open_end=True)], least=0.6)
    assert going_on is not None and not going_on.complete


def test_only_the_last_lines_of_a_title_name_the_table() -> None:
    far = table("Ticket prices\none\ntwo\nthree\nfour", "First")
    assert table_list(topic("List the ticket prices."), [far], least=0.5) is None


@pytest.mark.parametrize(
    ("number", "body"),
    [
        ("4.1", "These rules bind members."),
        ("4.2", RULES[RULES.index("Fees are") : RULES.index("\n4.3")]),
        ("4.2.1", "A late fee is 5 crowns."),
        ("4.2.10", "The board waives fees."),
        ("4.3", "Guests pay."),
    ],
)
def test_a_section_ends_where_the_next_of_its_level_begins(number: str, body: str) -> None:
    span = section_body(number, RULES)
    assert span is not None
    assert RULES[slice(*span)] == body


def test_what_has_no_section_has_no_body() -> None:
    assert section_body("9", RULES) is None
    assert section_body("4", "4 Empty\n\n") is None


def test_a_clause_that_begins_with_its_number_is_taken_whole() -> None:
    text = "1. The fee is ten crowns.\n2. Guests pay twice.\n"
    span = section_body("1", text)
    assert span is not None
    assert text[slice(*span)] == "1. The fee is ten crowns."


def test_a_number_that_goes_on_a_sentence_ends_no_section() -> None:
    text = "3 History\nThe club was founded and moved\n2 years later to the quay.\n4 Fees\nNone."
    span = section_body("3", text)
    assert span is not None
    assert text[slice(*span)] == "The club was founded and moved\n2 years later to the quay."


def test_a_long_section_is_cut() -> None:
    span = section_body("1", "1 Scope\n" + "word " * 700)
    assert span is not None
    assert 2390 <= span[1] - span[0] <= 2400


def test_sentences_under_a_heading_are_its_body() -> None:
    text = "Opening hours\n\nThe museum opens at nine. It closes at five.\n\nTickets\n\nA ticket costs 9 crowns.\n"
    units = sentences(text)
    headings = {text[unit.start : unit.end]: unit for unit in units if unit.kind == "heading"}
    bodies = {name: body_under(unit, units) for name, unit in headings.items()}
    assert {name: text[slice(*span)] for name, span in bodies.items() if span} == {
        "Opening hours": "The museum opens at nine. It closes at five.",
        "Tickets": "A ticket costs 9 crowns.",
    }


def test_a_last_line_without_a_stop_is_the_body_of_the_heading_above() -> None:
    text = "Installation\n\npip install tool"
    units = sentences(text)
    span = body_under(units[0], units)
    assert span is not None and text[slice(*span)] == "pip install tool"
    assert stands_under_heading(units[1], units)
    assert not stands_under_heading(units[0], units)
    rows = sentences("E5 | Water | Drain\nE7 | Door | Close")
    assert not any(stands_under_heading(unit, rows) for unit in rows)
    more = sentences(f"{text}\n\nIt takes a minute.")
    assert not any(stands_under_heading(unit, more) for unit in more)


@given(
    st.lists(st.sampled_from(["1 Scope", "1.1 Terms", "2. A rule.", "Some words follow.", "", "  3) Fees"]), max_size=8)
)
def test_a_body_is_a_stripped_stretch_of_its_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    for number in ("1", "1.1", "2", "3"):
        span = section_body(number, text)
        if span is not None:
            piece = text[slice(*span)]
            assert piece and piece == piece.strip()
            assert 0 <= span[0] < span[1] <= len(text)


POLICY = (
    "3 Meals\n\nMeals are paid.\n\n4 What is not covered\n\nThe company does not pay for:\n\n- minibar\n"
    "- travel insurance\n- gym fees\n\n5 Contact\n\nAsk the office."
)


def test_the_items_of_a_section_are_listed_by_its_number() -> None:
    found = items_of_section("4", POLICY, 2)
    assert found is not None
    assert (found.place, found.texts, found.complete) == (2, ("minibar", "travel insurance", "gym fees"), True)
    assert items_of_section("3", POLICY, 0) is None
    assert items_of_section("9", POLICY, 0) is None


def test_clauses_of_a_section_are_its_items_with_all_their_sentences() -> None:
    lease = (
        "## 3. Use\n\n3.1 Three people may live here.\n\n## 4. Repairs\n\n4.1 The roof is ours. Bulbs are yours.\n\n"
        "4.2 Boilers wait two days.\n\n## 5. Keys\n\n5.1 Two keys."
    )
    found = items_of_section("4", lease, 0)
    assert found is not None
    assert [lease[slice(*span)] for span in found.items] == [
        "4.1 The roof is ours. Bulbs are yours.",
        "4.2 Boilers wait two days.",
    ]


def test_the_head_of_amounts_names_no_rows_to_count() -> None:
    cell = TableCell("4", 0, 1, Decimal(4))
    labelled = tuple(replace(row, cells=(cell,)) for row in rows("Shed 1", "Shed 2"))
    sheds = Table("Sheds of the farm", "Shed", ("Sacks",), labelled, 0, None, "", 0, 20)
    assert table_list(topic("sacks"), [sheds], least=0.99, counts=True) is None
    counted = table_list(topic("sheds"), [sheds], least=0.99, counts=True)
    assert counted is not None and counted.texts == ("Shed 1", "Shed 2")
