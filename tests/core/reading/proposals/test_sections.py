"""Sections are found by figures, letters, Roman numerals, the word of an annex, and the marks of their clauses."""

from __future__ import annotations

import pytest

from core.reading.proposals.sections import list_bodies, number_of_line, section_body

MANUAL = (
    "A.1 Fuses\nFuse F1 is 5 A.\n\nA.10 Relays\nRelay K1 switches the pump.\n\nAnnex B Colours\nRed is hot.\n\n"
    "II. Fees\nThe fee is 5 crowns.\n1. Boats\n2. Guests\n\nIII. Terms\nThe term is a year."
)
LEASE = "1. Parties\nOwner and tenant.\n2. Duties\n(a) The tenant pays.\n(b) No pets.\n\n3. Taxes\n(a) Yes.\n(b) None."
LINES = "Clause 2(b): The deposit is held in escrow.\nClause 2(c): Interest goes to the tenant.\nClause 3: Ends.\n"
ACT = (
    "Section 3. Boats.\n(1) Every boat is registered.\n(2) The owner must\n(a) pay the fee, and\n(b) show proof.\n"
    "(3) Small boats are exempt.\n\nSection 4. Fines. None."
)
LONG = (
    "2.2 No pets.\n\n7. At the end the tenant shall clean the flat, return all keys and tell the owner the new address."
)


@pytest.mark.parametrize(
    ("number", "text", "body"),
    [
        ("A.1", MANUAL, "Fuse F1 is 5 A."),
        ("A.10", MANUAL, "Relay K1 switches the pump."),
        ("annex b", MANUAL, "Red is hot."),
        ("II", MANUAL, "The fee is 5 crowns.\n1. Boats\n2. Guests"),
        ("III", MANUAL, "The term is a year."),
        ("A.2", MANUAL, None),
        ("B", MANUAL, None),
        ("2(b)", LEASE, "(b) No pets."),
        ("2(c)", LEASE, None),
        ("2(b)", LINES, "Clause 2(b): The deposit is held in escrow."),
        ("2(d)", LINES, None),
        ("3", ACT, ACT[: ACT.index("\n\n")]),
        ("3(1)", ACT, "(1) Every boat is registered."),
        ("3(2)(a)", ACT, "(a) pay the fee"),
        ("3(4)", ACT, None),
        ("2", LINES, LINES[: LINES.index("\nClause 3")]),
        ("2.2", LONG, "2.2 No pets."),
        ("4.2", "4.2 Fees\nFees are due.\n1. Boats\n2. Guests\n5 Keys\nTwo.", "Fees are due.\n1. Boats\n2. Guests"),
        ("(ii)", "The box holds:\n(i) a lamp\n(ii) string", "(ii) string"),
        ("annex 2", "2 Fees\nNone.\nAnnex 2 Maps\nOne map.", "One map."),
    ],
)
def test_a_body_is_found_by_its_number(number: str, text: str, body: str | None) -> None:
    span = section_body(number, text)
    assert (span and text[slice(*span)]) == body


def test_items_are_told_from_headings() -> None:
    assert [LEASE[slice(*span)] for span in list_bodies("(b)", LEASE)] == ["(b) No pets.", "(b) None."]
    assert list_bodies("II", MANUAL) == []
    assert list_bodies("2(b)", LEASE) == []


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Clause 2 (b): Escrow", "2(b)"),
        ("Appendix C Maps", "appendix c"),
        ("IV. Fees", "iv"),
        ("Part IV", "iv"),
        ("I think so", None),
        ("Particulars", None),
        ("B Fees", None),
    ],
)
def test_the_number_of_a_line(line: str, number: str | None) -> None:
    assert number_of_line(line) == number
