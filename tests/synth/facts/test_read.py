"""What is asked of a sentence, and which sentences are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Document, Fact, Page
from synth.facts.read import read_facts
from tests.support.stored import stored_document

# A page must read like English before facts are looked for on it.
AROUND = "It is one of the works that the club has had for a long time, and it was made by the members of it. "


def document(title: str = "Rowing Club Handbook") -> Document:
    return stored_document("club.pdf", title=title)


def facts(*pages: str) -> list[Fact]:
    return list(read_facts(document(), [Page(index=at, text=text) for at, text in enumerate(pages)]))


def asked(sentence: str) -> dict[str, str]:
    """Return the first question of each fact of a sentence, without the document's name, with its answer."""
    found = facts(AROUND + sentence)
    return {fact.questions[0].replace(", according to the Rowing Club Handbook", ""): fact.answer for fact in found}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The old boathouse has 14 racks.", "How many racks does the old boathouse have?", "14 racks"),
        ("The new quay is 62 m long.", "How long is the new quay?", "62 m"),
        ("Boat licences cost 45 euros a year.", "How much do boat licences cost?", "45 euros a year"),
        ("The club treasurer serves for three years.", "For how long does the club treasurer serve?", "three years"),
        ("The main gate closes at 21:30.", "When does the main gate close?", "21:30"),
        ("The club was founded on 4 May 1887.", "When was the club founded?", "4 May 1887"),
        ("Oars are varnished every six months.", "How often are oars varnished?", "every six months"),
        ("Refunds are paid within 14 days.", "Within how many days are refunds paid?", "14 days"),
        ("The head coach is Marit Solvang.", "Who is the head coach?", "Marit Solvang"),
        ("The silver trophy stands in the Long Room.", "Where does the silver trophy stand?", "in the Long Room"),
        ("A sculler is a person who rows with two oars.", "What is a sculler?", "a person who rows with two oars"),
        ("The paint hut must be kept at 24 °C.", "At what temperature must the paint hut be kept?", "24 °C"),
        (
            "The berth fee rose by 12 per cent in 2019.",
            "By what percentage did the berth fee rise in 2019?",
            "12 per cent",
        ),
        ("The Safety Committee (SC) meets in June.", "What does SC stand for?", "Safety Committee"),
    ],
)
def test_a_sentence_is_asked(sentence, question, answer):
    found = asked(sentence)
    assert found[question] == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "It has 14 racks.",  # what has?
        "The old boathouse does not have 14 racks.",
        "The old boathouse has 14 racks and 3 slips.",  # half an answer
        "The old boathouse has 14 racks unless it floods.",
        "The old boathouse could have 14 racks.",
        "The first boat leaves at 06:40 and the last returns at 21:10.",
        "These have 14 racks.",
        "Does the old boathouse have 14 racks?",
        "The fees were 20 and 30 euros, respectively.",
        "In 2023 and 2022, the club paid a charge of 20 euros and 30 euros, respectively, in fees for late returns.",
        "The racks, which cost 20 euros, or 30 euros with locks, are new.",
    ],
)
def test_what_is_not_certain_is_not_asked(sentence):
    assert asked(sentence) in ({}, {"When does the first boat leave?": "06:40"})


def test_a_name_keeps_its_capital_and_a_noun_does_not():
    text = (
        f"{AROUND}Kvitholmsund has 14 racks. Breakfast is served at 08:00. We spoke of Kvitholmsund before breakfast."
    )
    questions = [fact.questions[0] for fact in facts(text)]
    assert "How many racks does Kvitholmsund have, according to the Rowing Club Handbook?" in questions
    assert "When is breakfast served, according to the Rowing Club Handbook?" in questions


def test_a_question_with_two_answers_is_dropped():
    one, other = f"{AROUND}The old boathouse has 14 racks.", f"{AROUND}The old boathouse has 15 racks."
    assert len(facts(one)) == len(facts(one, one)) == 1
    assert facts(one, other) == []


def test_phrasings_differ_and_name_the_document():
    (fact,) = facts(f"{AROUND}The old boathouse has 14 racks.")
    assert len(set(fact.questions)) == len(fact.questions) >= 6
    assert all("Rowing Club Handbook" in question for question in fact.questions)
    assert all("racks" in question and "14" not in question for question in fact.questions)


def test_glossaries_and_timelines():
    page = """Words used
Term Meaning
Bow ball The rubber ball on the bow of a boat
Cox A person who steers
Rigger An arm that holds the oar
History
Year Event
1887 Foundation of the club
1921 Opening of the first boathouse
1974 First boat for women
"""
    answers = {fact.subject: fact.answer for fact in facts(AROUND * 3 + "\n" + page)}
    assert answers["Cox"] == "A person who steers"
    assert answers["Opening of the first boathouse"] == "1921"


words = st.sampled_from(
    "the a of and The It 14 4.5% $3 May 1887 is was has have rows boats club by in on to , . ; ( ) “ ” \n -"
    " respectively every years which that Table 1 Term Meaning (SC) 21:30 m °C".split(" ")
)


@given(st.lists(words, max_size=60).map(" ".join))
def test_quotes_stand_at_their_offsets_whatever_the_text(text):
    page = AROUND * 2 + text
    for fact in facts(page):
        assert fact.answer.strip()
        assert len(fact.questions) >= 4
        for citation in fact.evidence:
            assert page[citation.start : citation.end] == citation.quote
        assert fact.value in fact.evidence[0].quote


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text):
    assert all(fact.evidence for fact in facts(text, AROUND + text))
