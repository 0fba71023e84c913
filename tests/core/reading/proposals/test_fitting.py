"""Proposals that can answer a question: a number for how many, of whom it names."""

from __future__ import annotations

import pytest

from core.blocks import Block
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.proposals.fitting import that_fit

PAGE = (
    "Tornvik Shipping, report for 2021 and 2020. The fleet has nine small ferries. We speak of our values.\n"
    "Fares 140 120\n"
)


def kept(question: str, short: str, quoted: str, kind: str = "span", page: str = PAGE, others: int = 0) -> list[str]:
    start = page.index(quoted)
    row = page.find("Fares")
    blocks = (Block(kind="table", start=row, end=len(page) - 1),) if row >= 0 else ()
    passages = [Passage(key="k", source="tornvik.pdf, p. 1", text=page, blocks=blocks)]
    passages += [Passage(key=f"o{at}", source=f"tornvik.pdf, p. {at + 2}", text="Oslo.") for at in range(others)]
    proposal = Proposal(kind, short, (Quote(0, start, start + len(quoted)),))
    return [fitting.short for fitting in that_fit(question, [proposal], passages)]


FERRIES = "The fleet has nine small ferries."


def test_how_many_is_answered_by_a_number_alone() -> None:
    assert kept("How many ferries does the fleet have?", "small ferries", FERRIES) == ["nine small ferries"]
    assert kept("How many ferries does the fleet have?", "our values", "We speak of our values.") == []
    assert kept("How many ferries does the fleet have?", "$140", "Fares 140 120", "table") == []
    assert kept("How many dollars are the fares?", "$140", "Fares 140 120", "table") == ["$140"]


SHARES = "On 3 May 12,500 shares of $0.01 each were held. It has one of our employees on its board."


@pytest.mark.parametrize(
    ("question", "short", "shorts"),
    [
        ("How many shares were held?", "$0.01", ["12,500 shares"]),
        ("How many shares were held?", "3 May", ["12,500 shares"]),
        ("How many employees are there?", "one of our employees", []),
        ("Which segment has a loss?", "$(895) million", []),
        ("Which share of sales is it?", "40%", ["40%"]),
        ("Which segment has a loss?", "Ships, $895 million", ["Ships, $895 million"]),
    ],
)
def test_sums_days_and_one_among_several_count_nothing(question: str, short: str, shorts: list[str]) -> None:
    quoted = SHARES if "shares" in question else "It has one of our employees on its board."
    assert kept(question, short, quoted, page=SHARES) == shorts


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ("What did Tornvik earn in 2021?", True),
        ("What did Baltika earn in 2021?", False),
        ("What were Baltika's fares?", False),
        ("What were the fares of Baltika in 2021?", False),
        ("What were the fares in January of 2021?", True),
        ("What Were The Fares Of Baltika?", True),
    ],
)
def test_what_is_asked_of_another_one_is_not_answered(question: str, fits: bool) -> None:
    assert bool(kept(question, "140", "Fares 140 120", "table")) == fits


def test_whom_the_whole_document_speaks_of_need_not_stand_on_the_page() -> None:
    assert kept("What did Oslo earn?", "140", "Fares 140 120", "table", others=4) == ["140"]


POSTS = "Ana Ruiz was Harbour Master of Oslo Port before she came. Bo Lind, Harbour Master of Tornvik, took over.\n"


@pytest.mark.parametrize(
    ("question", "short", "quoted", "fits"),
    [
        ("Who is the harbour master of Tornvik?", "Ana Ruiz", "Ana Ruiz was Harbour Master of Oslo Port", False),
        ("Who is the harbour master of Tornvik?", "Bo Lind", "Bo Lind, Harbour Master of Tornvik, took over.", True),
        ("Who was harbour master of Oslo Port?", "Ana Ruiz", "Ana Ruiz was Harbour Master of Oslo Port", True),
        ("Who is the head of Tornvik?", "Harbour Master", "Bo Lind, Harbour Master of Tornvik, took over.", False),
        ("Who took over?", "Harbour Master", "Bo Lind, Harbour Master of Tornvik, took over.", True),
    ],
)
def test_who_holds_a_post_is_no_holder_elsewhere_and_no_post(
    question: str, short: str, quoted: str, fits: bool
) -> None:
    assert bool(kept(question, short, quoted, "named", page=PAGE + POSTS)) == fits


def test_when_is_not_answered_by_a_value_that_is_no_date() -> None:
    assert kept("When did the fleet get its ferries?", "nine", FERRIES, "named") == []
    assert kept("When was the report made?", "2021", "report for 2021 and 2020.", "named") == ["2021"]


PRICE = "We bought Fjordtek for $7.5 million in cash, and $2.5 million of our common stock was issued."


@pytest.mark.parametrize(
    ("question", "short", "fits"),
    [
        ("How much was paid in cash for Fjordtek?", "$7.5 million", True),
        ("How much was paid in cash for Fjordtek?", "$2.5 million", False),
        ("How much was paid in shares for Fjordtek?", "$7.5 million", False),
        ("How much was paid in shares for Fjordtek?", "$2.5 million", True),
        ("How much was paid for Fjordtek?", "$7.5 million", True),
    ],
)
def test_what_was_paid_with_is_the_one_asked_for(question: str, short: str, fits: bool) -> None:
    assert bool(kept(question, short, PRICE, page=PRICE)) == fits


def test_when_inside_a_question_asks_for_no_date() -> None:
    assert kept("What does the fleet do when it rains?", "nine", FERRIES, "named") == ["nine"]
