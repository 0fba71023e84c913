"""What speaks of a like thing is told from what speaks of the thing asked about."""

from __future__ import annotations

import pytest

from core.reading.contrast import exception_among, kinds, misses_subject, of_another, of_another_owner, shares_word

LEASE = "Landlord: Helen Marchetti, 12 Quarry Lane\nTenant: Paul Adeyemi, born 3 May 1990"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many days of study leave are there?", "Employees have 27 days of annual leave."),
        ("How many days do part-time employees have?", "Full-time employees have 27 days."),
        ("When did the Berlin office open?", "The Munich office opened in 2011."),
        ("When does the train from Osaka to Hiroshima leave?", "The train from Tokyo to Kyoto leaves at 10:03."),
        ("When does the bus from Tokyo leave?", "The train from Tokyo leaves at 10:03."),
    ],
)
def test_another_kind_or_place_is_another_thing(question: str, text: str) -> None:
    assert of_another(question, text, "")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How quickly are passengers in a stuck cabin called?", "Those in a stopped cabin are called in two minutes."),
        ("On which radio channel do parties call?", "Parties call on VHF channel 12."),
        ("What colour badge do contractors have?", "Contractors wear a yellow badge."),
        ("How many days of annual leave are there?", "Employees have 27 days of annual leave."),
        ("How long is a five-hour flight?", "It is longer than six hours."),
        ("Does the team meet on Tuesday?", "The team meets on Monday."),
    ],
)
def test_other_words_for_the_same_are_not(question: str, text: str) -> None:
    assert not of_another(question, text, "")


def test_a_kind_that_the_passages_know_is_not_the_other() -> None:
    text = "The business plan allows refunds."
    question = "Does the trial plan allow refunds?"
    assert not of_another(question, text, "")
    assert of_another(question, text, "", elsewhere=kinds([text, "The trial plan costs 9 euro."]))
    assert not of_another(question, text, "Trial", elsewhere=kinds([text, "The trial plan costs 9 euro."]))


def test_a_line_answers_for_its_own_label() -> None:
    tenant = LEASE.split("\n")[1]
    assert of_another("When was the landlord born?", tenant, "", LEASE)
    assert not of_another("When was the tenant born?", tenant, "", LEASE)
    assert not of_another("When was Paul Adeyemi born?", tenant, "", LEASE)


@pytest.mark.parametrize(
    ("question", "text", "around", "misses"),
    [
        ("Is there a pool in Hotel Oslo?", "Dogs are allowed.", "Hotel Oslo", True),
        ("Are cats allowed in Hotel Oslo?", "Dogs are allowed.", "Hotel Oslo", True),
        ("Are dogs allowed in Hotel Oslo?", "Dogs are allowed.", "Hotel Oslo", False),
        ("Does the basic plan allow refunds?", "The basic plan costs 9 euro.", "", True),
        ("Do employees get sick pay?", "Staff receive sick pay.", "", False),
        ("Is smoking permitted?", "Smokers may smoke outside.", "", False),
    ],
)
def test_a_sentence_must_speak_of_what_is_asked_about(question: str, text: str, around: str, misses: bool) -> None:
    assert misses_subject(question, text, around) is misses


def test_an_exception_comes_before_the_rule() -> None:
    rule = "Employees may work from home."
    others = ["Probation lasts six months.", "Employees on probation are not eligible for remote work."]
    question = "Can employees on probation work from home?"
    assert exception_among(question, rule, others, [False, True]) == 1
    assert exception_among("Can employees work from home?", rule, others, [False, True]) is None


def test_a_shared_word_is_no_mere_predicate() -> None:
    assert shares_word("Is the lift free?", "The lift is out of order.")
    assert not shares_word("Is the lift free?", "Entry is free.")


CARD = (
    "Landlord: Helen Marchetti, 12 Quarry Lane\nCaretaker: Ivo Lund, phone 555-0133\n\n"
    "Customer: Lea Brandt\nPhone: 22 11 33 44\nCarrier: PostNord"
)
MAIL = "From: Lou Bell\n\nMy new number is 07700 900 461. Ben brings the cake.\n\nLou"


@pytest.mark.parametrize(
    ("question", "text", "value", "other"),
    [
        ("What is the landlord's phone number?", CARD, "555-0133", True),
        ("What is the caretaker's phone number?", CARD, "555-0133", False),
        ("What is the carrier's phone number?", CARD, "22 11", True),
        ("What is the customer's phone number?", CARD, "22 11", False),
        ("What is the phone number of the landlord?", CARD, "555-0133", True),
        ("What's Ben's number?", MAIL, "07700", True),
        ("What's Lou's new number?", MAIL, "07700", False),
        ("What is the phone number?", CARD, "22 11", False),
        ("What's last month's number?", CARD, "22 11", False),
    ],
)
def test_a_number_belongs_to_who_the_lines_speak_of(question: str, text: str, value: str, other: bool) -> None:
    assert of_another_owner(question, text, text.index(value)) is other


def test_what_holds_for_pets_speaks_of_dogs() -> None:
    assert not misses_subject("Can I bring my dog?", "Pets are welcome.", "")
    assert misses_subject("Can I bring my bicycle?", "Pets are welcome.", "")


def test_what_somebody_is_said_to_be_has_to_be_spoken_of() -> None:
    assert misses_subject("Is the keeper a guest?", "Name of keeper: Tove Brandal", "form.pdf")
    assert not misses_subject("Is the keeper a guest?", "The keeper is a guest of the club.", "form.pdf")
