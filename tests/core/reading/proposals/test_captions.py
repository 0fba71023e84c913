"""Values that stand above their names, as in forms and on covers, and what is asked for by such a name."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.captions import captioned_values
from core.reading.read import read

COVER = """ANNUAL REPORT

Larkspur Holdings plc
(Exact name of company as specified in its charter)

12 Weir Lane
Hexham, Northumberland NE46 1AB
(Address of registered office) (Postcode)

+44 1434 960 001
(Company’s telephone number, including area code)

The directors met four times in the year. They approved the accounts.
(Signed by all of them.)
"""


def test_values_are_the_lines_above_a_name_between_brackets() -> None:
    found = [(field.name, COVER[slice(*field.value)]) for field in captioned_values(COVER)]
    assert found == [
        ("Exact name of company as specified in its charter", "Larkspur Holdings plc"),
        ("Address of registered office", "12 Weir Lane\nHexham, Northumberland NE46 1AB"),
        ("Company’s telephone number, including area code", "+44 1434 960 001"),
    ]
    for field in captioned_values(COVER):
        assert COVER[slice(*field.around)].startswith(COVER[slice(*field.value)])
        assert COVER[slice(*field.around)].endswith(")")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is Larkspur's address?", "12 Weir Lane Hexham, Northumberland NE46 1AB"),
        ("What is the telephone number of Larkspur Holdings?", "+44 1434 960 001"),
    ],
)
def test_a_form_is_asked_by_the_names_of_its_fields(question: str, answer: str) -> None:
    other = "The address of the court is given in the notice."
    passages = [
        Passage(key="a1b2c", source="other.pdf, p. 3", text=other),
        Passage(key="d3f4g", source="larkspur.pdf, p. 1", text=COVER),
    ]
    assert read(question, passages).short_answer == answer


def test_what_is_no_field_of_a_form_is_not_answered_so() -> None:
    passages = [Passage(key="d3f4g", source="larkspur.pdf, p. 1", text=COVER)]
    assert read("What is the dividend of Larkspur Holdings?", passages).kind != "named"
