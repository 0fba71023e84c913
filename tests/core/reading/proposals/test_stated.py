"""What the form of a text states becomes a proposal whose quotes show it."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.stated import from_statements

TEXT = (
    "The deposit is held by the Tenancy Deposit Scheme (TDS).\n\n"
    "Present: Mia Kern, Olaf Brandt. Apologies: Tom Reed.\n\n"
    "- Carla: order the frame by 31 October\n- Ben: call the painter by 7 November\n"
)


@pytest.mark.parametrize(
    ("question", "kind", "short", "computed"),
    [
        ("What does TDS stand for?", "list", "Tenancy Deposit Scheme", 0),
        ("What is the TDS?", "named", "Tenancy Deposit Scheme", 0),
        ("Who was present?", "list", "Mia Kern, Olaf Brandt", 0),
        ("How many people were present?", "list", "2", 2),
        ("Who must call the painter?", "list", "Ben", 0),
        ("How many actions are there?", "list", "2", 2),
    ],
)
def test_a_statement_is_proposed_with_its_quotes(question: str, kind: str, short: str, computed: int) -> None:
    (proposal,) = from_statements(question, [Passage(key="b2c3d", source="a.md, p. 1", text=TEXT)])
    assert (proposal.kind, proposal.short, len(proposal.computed_from)) == (kind, short, computed)
    quotes = [TEXT[quote.start : quote.end] for quote in proposal.quotes]
    assert computed or short in quotes[0]
    assert 0 < proposal.confidence < 1


def test_names_of_a_list_are_given_on_one_line() -> None:
    text = "Present:\n- Mia Kern\n- Olaf Brandt\n"
    (proposal,) = from_statements("Who was present?", [Passage(key="b2c3d", source="a.md, p. 1", text=text)])
    assert (proposal.short, len(proposal.computed_from)) == ("Mia Kern, Olaf Brandt", 2)


@pytest.mark.parametrize(
    ("question", "item"),
    [
        ("What is the first step?", "Open the lid"),
        ("What is the second step?", "Add water"),
        ("What is the last step of the manual?", "Wait"),
        ("What is the fourth step?", None),
        ("What is the last prize?", None),
        ("What is the last step in Riga?", None),
    ],
)
def test_an_item_is_named_by_its_place(question: str, item: str | None) -> None:
    text = "Steps\n\n1. Open the lid\n- slowly\n2. Add water\n3. Wait\n\nThe manual ends."
    proposals = from_statements(question, [Passage(key="b2c3d", source="a.md, p. 1", text=text)])
    assert [proposal.short for proposal in proposals] == ([] if item is None else [item])


@pytest.mark.parametrize("question", ["What does XPQ stand for?", "Who paints the door?", "How deep is the well?"])
def test_what_is_not_stated_is_not_proposed(question: str) -> None:
    assert from_statements(question, [Passage(key="b2c3d", source="a.md, p. 1", text=TEXT)]) == []


LEAFLET = (
    "Zinc drops. Babies must not use Zincofen.\n\nDo not use it if you have\n\n- a weak liver\n- an allergy to zinc\n\n"
    "The letter has the reference PQ/2071. Take two drops a day. "
    "The account number is 2019 4431 88."
)


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Who should not use Zincofen?", "Babies must not use Zincofen; a weak liver; an allergy to zinc"),
        ("What is the reference number?", "PQ/2071"),
        ("What is the account number?", "2019 4431 88"),
        ("What is the case number?", None),
        ("Who should not use Ferromax?", None),
    ],
)
def test_lists_that_deny_and_codes(question: str, short: str | None) -> None:
    proposals = from_statements(question, [Passage(key="b2c3d", source="a.md, p. 1", text=LEAFLET)])
    assert [proposal.short for proposal in proposals] == ([] if short is None else [short])
