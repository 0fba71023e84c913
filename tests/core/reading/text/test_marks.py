"""Which boxes of a form are ticked, and what that answers."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.read import read
from core.reading.text.marks import FormOption, chosen_labels, chosen_option, form_options, line_with_box
from core.reading.text.words import terms

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


PATIENT = (
    "Last name Kowalczyk\n\n☒ Smoker ☐ Diabetes\n\nDoes the patient have allergies? ☒ Yes ☐ No\n\n"
    "Is the patient pregnant? ☐ Yes ☐ No\n\nIs there a pacemaker? Yes ☐ No ☒ A hearing aid? Yes ☒ No ☐\n\n"
    "Are you insured?\n◉ Yes\n○ No\n\nThe nurse calls the patient on the evening before."
)
BOOKING = (
    "Room type: ○ Single ◉ Double\n\nBreakfast included ☒\n\nParking needed ☐\n\nFuel: ○ Petrol\n◉ Electric\n\n"
    "☒ No pets\n☒ I accept the rules of the house.\n\nHeating: ○ gas ○ oil"
)


@pytest.mark.parametrize(
    ("question", "text", "line", "verdict"),
    [
        ("Is the patient a smoker?", PATIENT, "☒ Smoker ☐ Diabetes", "yes"),
        ("Does the patient smoke?", PATIENT, "☒ Smoker ☐ Diabetes", "yes"),
        ("Has the patient diabetes?", PATIENT, "☒ Smoker ☐ Diabetes", "no"),
        (
            "Does the patient have allergies?",
            PATIENT,
            "Does the patient have allergies? ☒ Yes ☐ No",
            "yes",
        ),
        ("Is the patient pregnant?", PATIENT, "Is the patient pregnant? ☐ Yes ☐ No", ""),
        ("Is there a pacemaker?", PATIENT, "Is there a pacemaker? Yes ☐ No ☒ A hearing aid? Yes ☒ No ☐", "no"),
        ("Is the customer insured?", PATIENT, "Are you insured?\n◉ Yes\n○ No", "yes"),
        ("Is breakfast included?", BOOKING, "Breakfast included ☒", "yes"),
        ("Does the guest need parking?", BOOKING, "Parking needed ☐", "no"),
        ("Is it a double room?", BOOKING, "Room type: ○ Single ◉ Double", "yes"),
        ("Is the car electric?", BOOKING, "◉ Electric", "yes"),
        ("Are pets allowed?", BOOKING, "☒ No pets", "no"),
        ("Did the guest accept the rules?", BOOKING, "☒ I accept the rules of the house.", "yes"),
    ],
)
def test_the_box_that_a_question_is_about(question: str, text: str, line: str, verdict: str) -> None:
    answer = line_with_box(terms(question), text)
    assert answer is not None
    assert (text[answer.start : answer.end], answer.verdict) == (line, verdict)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Does the patient drive a car?", PATIENT),
        ("Does the patient call the nurse?", PATIENT),
        ("Is the patient's first child a smoker?", PATIENT),
        ("Is the heating by gas?", BOOKING),  # nothing is chosen
        ("Is parking free?", "● Breakfast\n● Parking\n● Sauna"),  # bullets of a list
        ("Is parking free?", "○ Breakfast\n○ Parking"),
        ("Does she take painkillers?", "Does she take blood thinners? ☒ Yes ☐ No"),
        ("Is it open?", "no boxes"),
    ],
)
def test_boxes_about_something_else_say_nothing(question: str, text: str) -> None:
    assert line_with_box(terms(question), text) is None


def test_two_questions_of_one_line_are_answered_apart() -> None:
    line = "Smoke? ☐ Yes, often ☒ No Drink? ☒ Yes ☐ No"
    drinks, smokes = line_with_box(["drink"], line), line_with_box(["smok"], line)
    assert drinks is not None and drinks.verdict == "yes"
    assert smokes is not None and smokes.verdict == "no"


MEMBER = "Form of the rowing club for a membership.\n\n○ Single (40 euro)\n◉ Family (70 euro)\n○ Student (20 euro)\n"


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("Which membership was chosen?", MEMBER, "Family (70 euro)"),
        ("Which fuel does the car need?", BOOKING, "Electric"),
        ("Which meals were ordered?", "Meals:\n☒ Lunch\n☐ Tea\n☒ Dinner", "Lunch, Dinner"),
        ("Which club is it?", MEMBER, None),
        ("Which heating was chosen?", "Heating:\n○ gas\n○ oil", None),
        ("Which dish was chosen?", "Dishes\n● soup\n● fish", None),
        ("Which answer was ticked?", PATIENT, None),
    ],
)
def test_the_option_of_a_group_that_is_asked_for(question: str, text: str, label: str | None) -> None:
    option = chosen_option(terms(question), text)
    assert (option.label if option else None) == label
    if option:
        assert text[option.label_start : option.label_end].startswith(option.label.split(",")[0])


def test_an_option_on_a_line_of_its_own_is_the_short_answer() -> None:
    passage = Passage(key="k", source="form.pdf, p. 1", text=MEMBER, page_text=MEMBER, offset=0, blocks=())
    assert read("Which membership was chosen?", [passage]).short_answer == "Family (70 euro)"
