"""People are found by their post, doers after "by", and values by the name in front of them."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.named import named_answers
from core.reading.read import read
from core.reading.reader import read_question

MINUTES = """Minutes of the Harbour Committee

Present: Cllr Maren Dyson (Chair), Cllr Imran Sheikh (Vice-Chair), Joan Petrie
Apologies: Peter Vance, Noor Haddad
The Harbour Master, Captain Elin Roe, reported on the moorings. The survey was carried out by Quill Research in May.
Date of report: 12 June 2024
Report number: 2024-0883

Signed for the Landlord by Harriet Okonedo, Property Director.
Signed for the Tenant by Rowan Finch, Managing Director.

Luca Moretti
Senior Vice President,
Chief Financial Officer
"""


def best(question: str, text: str = MINUTES, denial: str = "") -> str:
    passage = Passage(key="k", source="minutes.pdf, p. 1", text=text)
    answers = named_answers(question, read_question(question), [passage], denial)
    return text[answers[0].start : answers[0].end] if answers else ""


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who is the Harbour Master?", "Captain Elin Roe"),
        ("Who is the chair of the committee?", "Cllr Maren Dyson"),
        ("Who chaired the meeting?", "Cllr Maren Dyson"),
        ("Who is the vice-chair?", "Cllr Imran Sheikh"),
        ("Who is the managing director?", "Rowan Finch"),
        ("Who is the CFO?", "Luca Moretti"),
        ("Who is the chief financial officer?", "Luca Moretti"),
        ("Who signed for the tenant?", "Rowan Finch"),
        ("Who signed for the landlord?", "Harriet Okonedo"),
        ("Who carried out the survey?", "Quill Research"),
    ],
)
def test_a_person_asked_by_post_or_deed(question: str, name: str) -> None:
    assert best(question) == name


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is the report number?", "2024-0883"),
        ("What is the date of the report?", "12 June 2024"),
        ("Who was present?", "Cllr Maren Dyson (Chair), Cllr Imran Sheikh (Vice-Chair), Joan Petrie"),
    ],
)
def test_a_value_asked_by_its_name(question: str, value: str) -> None:
    assert best(question) == value


def test_values_on_one_line_are_parted() -> None:
    line = "Treasurer: Mia Kern. Auditor: Tom Reed. Fee: 20 crowns."
    assert best("Who is the treasurer?", line) == "Mia Kern"
    assert best("What is the fee?", line) == "20 crowns"


def test_of_the_words_for_a_denial_one_is_enough() -> None:
    assert best("Who absent apologies?", denial="absent apologies") == "Peter Vance, Noor Haddad"


@pytest.mark.parametrize(
    "question", ["Who is the auditor?", "Who is the deputy harbour master?", "How many moorings are there?"]
)
def test_what_is_not_named_is_not_answered(question: str) -> None:
    assert best(question) == ""


def test_another_post_of_the_same_name_is_left_alone() -> None:
    assert best("Who is the director?", "The deputy director, Ana Lund, spoke. Our former director, Bo Ek, left.") == ""


MAILS = """From: Ada Holm
To: Board
Date: Mon, 5 May 2025 10:12
Subject: Roof repair

The roof is repaired from 2 June 2025. Please move your cars.

From: Ivo Lund
Sent: 9 May 2025
Subject: Car park

The car park opens again on 20 June 2025.
"""


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("When was the mail about the roof repair sent?", "5 May 2025"),
        ("When was the e-mail about the car park sent?", "9 May 2025"),
        ("When did Ivo Lund send his message?", "9 May 2025"),
        ("On which date was the letter from Ada Holm written?", "5 May 2025"),
        ("When does the car park open?", ""),
    ],
)
def test_when_a_message_was_sent_is_told_by_its_line_of_date(question: str, value: str) -> None:
    assert best(question, MAILS) == value


@pytest.mark.parametrize("question", ["When was the report written?", "When was the letter to the tenant sent?"])
def test_a_page_without_a_line_of_date_tells_no_sending(question: str) -> None:
    assert best(question, "The report on the moorings was handed to the council.") == ""


PAPER = """Mulch of white clover lowers leaching
on upland plots

Anna Virtanen1, Bilal Chaudhry1,2 and Rosa M. Lindqvist2

1 Department of Soil Science, University of Tampere

Abstract
Earlier work by Ove Brandt used straw.
"""


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who wrote the paper?", "Anna Virtanen1, Bilal Chaudhry1,2 and Rosa M. Lindqvist2"),
        (
            "Who are the authors of the study on clover mulch?",
            "Anna Virtanen1, Bilal Chaudhry1,2 and Rosa M. Lindqvist2",
        ),
        ("Who used straw?", ""),
    ],
)
def test_authors_stand_under_the_title(question: str, name: str) -> None:
    assert best(question, PAPER) == name


def test_a_title_in_capitals_is_no_author() -> None:
    assert best("Who wrote the report?", "Annual Report\nHarbour Committee\n\nThe year was quiet.") == ""


PERSON = (
    "Surname: Aksnes\nGiven name: Torunn\nDate of birth: 04.07.1981\nPlace of birth: Bergen\nArrival date: 3 May 2024\n"
    "Name: Hotel Nord"
)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("When was she born?", "04.07.1981"),
        ("Where was she born?", "Bergen"),
        ("When did she arrive?", "3 May 2024"),
        ("What is her given name?", "Torunn"),
        ("What is the name of the dog?", ""),
        ("When did she leave?", ""),
    ],
)
def test_a_label_is_asked_for_by_all_of_its_words_or_by_its_verb(question: str, value: str) -> None:
    assert best(question, PERSON) == value


def test_a_line_is_found_by_another_word_for_its_label() -> None:
    passages = [Passage(key="k1", source="note.md", text="Carrier: PostNord\nWeight: 3.4 kg")]
    assert read("How heavy is the parcel?", passages).short_answer == "3.4 kg"


@pytest.mark.parametrize(
    ("question", "text", "name"),
    [
        ("Who holds the deposit?", "The tenant pays a deposit, held by the Deposit Board (DB).", "Deposit Board"),
        (
            "Who keeps the bond?",
            "The bond is 800 euro, kept by the housing association in a safe.",
            "the housing association",
        ),
        ("Who supplies the towels?", "Towels are supplied by the client. Soap is bought.", "the client"),
        ("Who cleans the towels?", "Towels are supplied by the client.", ""),
    ],
)
def test_who_does_it_stands_behind_a_participle(question: str, text: str, name: str) -> None:
    assert best(question, text) == name


def test_a_term_is_how_long() -> None:
    passages = [Passage(key="k1", source="loan.md, p. 1", text="Amount: 900 euro\nTerm: 36 months\nRate: 4 %")]
    assert read("How long does the loan run?", passages).short_answer == "36 months"
