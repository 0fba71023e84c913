"""Proposals of other things are left out; those for yes or no say which, with the line that a list stands under."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.proposals.settle import about_the_same, settled
from core.reading.read import Reading, read


def answer(question: str, text: str, source: str = "notes.md, p. 1") -> Reading:
    return read(question, [Passage(key="k1", source=source, text=text)])


LUGGAGE = "Allowed in hand luggage\n\n- cameras\n- medicines\n\nNot allowed in hand luggage\n\n- knives\n- fireworks\n"


def test_an_item_is_quoted_with_the_line_that_denies_it() -> None:
    reading = answer("Are knives allowed in hand luggage?", LUGGAGE)
    assert reading.polarity == "no"
    quotes = [LUGGAGE[quote.start : quote.end] for quote in reading.quotes]
    assert quotes[0] == "Not allowed in hand luggage"
    assert quotes[1].startswith("- knives")


def test_what_the_text_does_not_speak_of_is_not_answered() -> None:
    hotel = "Hotel Oslo\n\nThe nightly rate is 120 euro. Dogs are allowed.\n"
    assert not answer("Is there a pool in Hotel Oslo?", hotel).answers
    assert answer("Are dogs allowed in Hotel Oslo?", hotel).polarity == "yes"


def test_the_exception_is_quoted_instead_of_the_rule() -> None:
    text = (
        "Employees may work from home up to three days a week. Working from abroad needs approval. "
        "Employees on probation are not eligible for remote work."
    )
    reading = answer("Can employees on probation work from home?", text)
    assert reading.polarity == "no"
    assert "probation" in text[reading.quotes[0].start : reading.quotes[0].end]


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("What is the caretaker's phone number?", "Caretaker: Ivo Lund, phone 555-0133", "555-0133"),
        ("What is the e-mail address of the desk?", "The desk (desk@example.org) answers.", "desk@example.org"),
        ("At what time does the train leave?", "The train leaves on 7 April at 10:03.", "10:03"),
    ],
)
def test_a_number_an_address_and_a_time_are_told_by_their_form(question: str, text: str, short: str) -> None:
    assert answer(question, text).short_answer == short


def test_of_several_values_the_one_of_the_case_asked_about_is_given() -> None:
    text = "The gym opens at 6 am on weekdays and at 9 am on Sundays."
    passages = [Passage(key="k1", source="gym.md", text=text)]
    proposal = Proposal("span", "6 am", (Quote(0, 0, len(text)),), confidence=0.7)
    (sundays,) = about_the_same("When does the gym open on Sundays?", [proposal], passages)
    (weekdays,) = about_the_same("When does the gym open on weekdays?", [proposal], passages)
    assert (sundays.short, weekdays.short) == ("9 am", "6 am")


def test_a_proposal_without_the_form_asked_for_is_left_out() -> None:
    text = "Landlord: Helen Marchetti, 12 Quarry Lane"
    passages = [Passage(key="k1", source="lease.md", text=text)]
    proposal = Proposal("named", "Helen Marchetti, 12 Quarry Lane", (Quote(0, 0, len(text)),), confidence=0.8)
    assert about_the_same("What is the landlord's phone number?", [proposal], passages) == []
    assert about_the_same("Who is the landlord?", [proposal], passages) == [proposal]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Does the patient smoke?", "no"),
        ("Has the patient diabetes?", "no"),
        ("Is breakfast included?", "yes"),
    ],
)
def test_boxes_answer_before_sentences(question: str, said: str) -> None:
    form = "Which allergies: Penicillin\nDoes the patient smoke? ☐ Yes ☒ No\nBreakfast included ☒\n☒ Asthma ☐ Diabetes"
    reading = answer(question, form)
    assert reading.polarity == said
    assert "☒" in form[reading.quotes[0].start : reading.quotes[0].end]


def test_an_opposite_of_the_same_thing_is_rather_sure() -> None:
    text = "The lift is out of order."
    passages = [Passage(key="k1", source="notes.md", text=text)]
    proposal = Proposal("sentence", text, (Quote(0, 0, len(text)),), confidence=0.2)
    (kept,) = settled("Is the lift working?", [proposal], passages)
    assert (kept.polarity, kept.confidence) == ("no", 0.5)


@pytest.mark.parametrize(
    ("question", "text", "short", "better"),
    [
        ("Who brings the flowers?", "Dad brings the cake, Kim the flowers.", "Dad", "Kim"),
        ("Who is the warden on floor 2?", "Wardens: floor 1 Helen Roe, floor 2 Dev Shah", "Helen Roe", "Dev Shah"),
        ("How long can I keep a DVD?", "You keep 12 books for 3 weeks and 4 DVDs for 1 week.", "3 weeks", "1 week"),
        (
            "When does the lease end?",
            "It runs from 1 May 2025 to 30 April 2026.",
            "1 May 2025 to 30 April 2026",
            "30 April 2026",
        ),
        ("When is the last bus?", "Every 30 minutes from 7:30 to 22:30", "7:30 to 22:30", "22:30"),
        ("Who is the dean?", "Letters go to the dean, Runa Falk.", "Runa Falk", "Runa Falk"),
        ("When does the mill close?", "The mill opens at eight and closes at five.", "eight", "five"),
        ("When does the mill open?", "The mill opens at eight and closes at five.", "eight", "eight"),
        (
            "When does the mill open?",
            "The mill opens at eight and closes at five in the evening, except on Fridays.",
            "eight and closes at five in the evening",
            "eight",
        ),
        (
            "When was the lift built?",
            "The lift was built on 2 May 2019 and repaired on 3 June 2024.",
            "2 May 2019 and repaired on 3 June 2024",
            "2 May 2019",
        ),
        (
            "How much do pupils pay?",
            "Entry\nadults 9 euro\npupils 4 euro\nat the gate",
            "9 euro pupils 4 euro",
            "4 euro",
        ),
        (
            "How much do adults pay?",
            "Entry\nadults 9 euro\npupils 4 euro\nat the gate",
            "9 euro pupils 4 euro",
            "9 euro",
        ),
        ("When is the power off?", "The power is off between 9:00 and 13:30.", "9:00 and 13:30", "9:00 and 13:30"),
    ],
)
def test_the_part_or_the_end_that_is_asked_for(question: str, text: str, short: str, better: str) -> None:
    proposal = Proposal("span", short, (Quote(0, 0, len(text)),), confidence=0.7)
    (kept,) = about_the_same(question, [proposal], [Passage(key="k1", source="a.md, p. 1", text=text)])
    assert kept.short == better


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("Who is the landlord?", "The deposit is kept by the landlord.", "the landlord"),
        ("When does class 5A visit?", "Class 4B visits on 20 March.", "20 March"),
        ("What was the fee in 2023?", "Fees from September 2025: £62 a day", "£62"),
        ("When does the coach come back?", "The coach leaves at 8:15.", "8:15"),
        ("What is the employee number?", "Employee: Marek Dvorak", "Marek Dvorak"),
        ("What is the agent's phone number?", "Caretaker: Ivo Lund, phone 555-0133", "555-0133"),
    ],
)
def test_answers_to_questions_close_to_it_are_left_out(question: str, text: str, short: str) -> None:
    proposal = Proposal("span", short, (Quote(0, 0, len(text)),), confidence=0.7)
    assert about_the_same(question, [proposal], [Passage(key="k1", source="a.md, p. 1", text=text)]) == []


def test_an_answer_in_a_list_of_questions_speaks_of_what_is_asked() -> None:
    text = "Do you take cards? Yes, all but one. Do you sell gold? No, never."
    assert answer("Do you take cards?", text).polarity == "yes"


def test_the_name_below_a_value_gives_way_to_the_value() -> None:
    page = "14 Quay Road, Tarn\n(Address and fax number of the head office)\n\nSigned by the undersigned.\n"
    start = page.index("Address")
    name = Proposal("span", "Address and fax number", (Quote(0, start - 1, start + 40),), confidence=0.7)
    passages = [Passage(key="k1", source="form.pdf, p. 1", text=page)]
    (kept,) = about_the_same("What is the address of the head office?", [name], passages)
    assert kept.short == "14 Quay Road, Tarn"
    unnamed = Proposal("span", "the undersigned", (Quote(0, page.index("Signed"), len(page) - 1),), confidence=0.7)
    assert about_the_same("Who signed it?", [unnamed], passages) == []
