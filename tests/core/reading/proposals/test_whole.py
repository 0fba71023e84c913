"""A quoted heading gives way to what it heads, the first of an enumeration or a list to all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.reading.asked import read_asked
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.proposals.whole import made_whole
from core.reading.text.sentences import sentences_of

MACHINE = "Coffee machine\n\nWhat to do if the machine leaks\n\nUnplug it and check the seal.\n\nWarranty\n\n24 months."
JACKET = "Colours of the jacket\n\n- red\n- navy\n- olive\n\nSizes\n\n- small\n- large"
UNPAID = "Members who did not pay\n\n- Lena Fox\n- Max Ude\n\nMembers who paid\n\n- Ada Lin\n- Tom Reed"


def answered(question: str, short: str, text: str) -> Proposal:
    """An answer whose quote is the sentence that holds it, made whole."""
    start = text.index(short)
    unit = next(each for each in sentences_of(text) if each.start <= start < each.end)
    best = Proposal("span", short, (Quote(0, unit.start, unit.end),), confidence=0.5)
    return made_whole(question, read_asked(question), best, [Passage(key="b2c3d", source="a.md, p. 1", text=text)])


@pytest.mark.parametrize(
    ("question", "heading", "text", "short", "quote"),
    [
        (
            "What should I do if the machine leaks?",
            "What to do if the machine leaks",
            MACHINE,
            "Unplug it and check the seal",
            "Unplug it and check the seal.",
        ),
        (
            "Which colours does the jacket come in?",
            "Colours of the jacket",
            JACKET,
            "red, navy, olive",
            "- red\n- navy\n- olive",
        ),
        ("How many did not pay?", "Members who did not pay", UNPAID, "2", "- Lena Fox\n- Max Ude"),
        (
            "Which tools are needed?",
            "Tools needed",
            "Tools needed:\n- a wrench\n- oil",
            "a wrench, oil",
            "- a wrench\n- oil",
        ),
        # Titles are asked for, or say what the question does not.
        ("What is the title?", "Coffee machine", MACHINE, "Coffee machine", "Coffee machine"),
        ("Which page tells of the warranty?", "Warranty", MACHINE, "Warranty", "Warranty"),
        ("What leaks?", "What to do if the machine leaks", MACHINE, "What to do if the machine leaks", None),
    ],
)
def test_a_heading_gives_way_to_what_stands_below(
    question: str, heading: str, text: str, short: str, quote: str | None
) -> None:
    best = answered(question, heading, text)
    assert best.short == short
    if quote is not None:
        assert text[best.quotes[0].start : best.quotes[0].end] == quote


@pytest.mark.parametrize(
    ("question", "first", "text", "short"),
    [
        (
            "What does the kit hold?",
            "a torch",
            "The kit holds a torch, a rope and a whistle.",
            "a torch, a rope and a whistle",
        ),
        ("What does the kit hold?", "torch", "The kit holds a torch and a rope.", "a torch and a rope"),
        ("Who did not pay?", "Lena Fox", "Lena Fox and Max Ude.", "Lena Fox and Max Ude"),
        ("What does the garden have?", "roses", "It has roses, lilies and an old oak.", "roses, lilies and an old oak"),
        # One is asked for, or what follows is no member.
        ("What is the first thing in the kit?", "a torch", "It holds a torch, a rope and a whistle.", "a torch"),
        ("Who is the chair?", "Mia Kern", "The chair is Mia Kern, Olaf Brandt and Tom Reed.", "Mia Kern"),
        ("When does the shop open?", "nine", "The shop opens at nine, and the bakery at six.", "nine"),
        ("To whom was the mill sold?", "Karl Blum", "It was sold to Karl Blum, a farmer, and rebuilt.", "Karl Blum"),
        ("What did Tom found?", "Lumo", "Tom founded Lumo and Ada sold it.", "Lumo"),
        ("What does he bake?", "bread", "He bakes bread and sleeps.", "bread"),
        ("What did she buy?", "a car", "She bought a car and left.", "a car"),
        (
            "What does the ticket cover?",
            "two boats",
            "It covers two boats, a car and her dog.",
            "two boats, a car and her dog",
        ),
    ],
)
def test_the_first_of_an_enumeration_grows_to_all_of_it(question: str, first: str, text: str, short: str) -> None:
    assert answered(question, first, text).short == short


@pytest.mark.parametrize(
    ("question", "item", "short"),
    [
        ("Who did not pay?", "Lena Fox", "Lena Fox, Max Ude"),
        ("Who paid?", "Ada Lin", "Ada Lin, Tom Reed"),
        ("Who paid?", "Max Ude", "Max Ude"),  # the list is of those who did not
        ("Who was the first who did not pay?", "Lena Fox", "Lena Fox"),
        ("Who chairs the board?", "Ada Lin", "Ada Lin"),
    ],
)
def test_an_item_grows_to_its_list(question: str, item: str, short: str) -> None:
    best = answered(question, item, UNPAID)
    assert best.short == short
    assert len(best.computed_from) == (2 if "," in short else 0)


def test_other_answers_stay() -> None:
    yes_no = "Did Lena Fox pay?"
    assert answered(yes_no, "Lena Fox", UNPAID).short == "Lena Fox"
    table = Proposal("table", "Lena Fox", (Quote(0, 0, 5),))
    passage = Passage(key="b2c3d", source="a.md, p. 1", text=UNPAID)
    form = read_asked("Who did not pay?")
    for best in (
        table,
        replace(table, kind="span", quotes=()),
        replace(table, kind="span", quotes=(Quote(0, 0, 5, 1),)),
    ):
        assert made_whole("Who did not pay?", form, best, [passage]) == best
