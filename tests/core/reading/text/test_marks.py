"""Which boxes of a form are ticked, and what that answers."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.read import read
from core.reading.text.marks import FormOption, chosen_labels, form_options

FORM = (
    "Insured: ☒\n\nSmoker: ☐\n\nColour: ○ red ◉ blue ○ green\n\nPets allowed: ☐ yes ☒ no\n\n"
    "Payment is made ☒ by card ☐ in cash ☒ by transfer\n"
)


def test_options_have_their_marks_and_labels() -> None:
    assert form_options("Colour: ○ red ◉ blue.") == [FormOption(False, "red"), FormOption(True, "blue")]
    assert form_options("Insured: ☒") == [FormOption(True, "")]
    assert form_options("no box") == []


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("○ red ◉ blue", "blue"),
        ("☒ card ☐ cash ☑ transfer", "card, transfer"),
        ("☐ card ☐ cash", ""),
        ("Insured: ☒", ""),
        ("☒ insured", ""),
    ],
)
def test_what_is_chosen_among_several(text: str, chosen: str) -> None:
    assert chosen_labels(text) == chosen


@pytest.mark.parametrize(
    ("question", "polarity"),
    [
        ("Is the car insured?", "yes"),
        ("Is the driver a smoker?", "no"),
        ("Are pets allowed?", "no"),
        ("Is the colour blue?", "yes"),
        ("Is the colour red?", "no"),
    ],
)
def test_an_empty_box_is_a_no(question: str, polarity: str) -> None:
    lines = [
        Passage(key=f"k{index}", source="form.pdf, p. 1", text=line, page_text=FORM, offset=FORM.index(line), blocks=())
        for index, line in enumerate(FORM.strip().split("\n\n"))
    ]
    assert read(question, lines).polarity == polarity


def test_the_option_that_is_chosen_answers() -> None:
    line = "Colour: ○ red ◉ blue ○ green"
    passage = Passage(key="k", source="form.pdf, p. 1", text=line, page_text=FORM, offset=FORM.index(line), blocks=())
    assert read("What is the colour?", [passage]).short_answer == "blue"
