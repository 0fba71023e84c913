"""Main clauses: lead, subject, verb, rest, and how they are inverted; doubtful sentences give none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.facts.english.prose.clause import holds_verb, is_second_verb, is_subject, parse


@pytest.mark.parametrize(
    ("sentence", "lead", "subject", "verb", "rest", "inverted"),
    [
        (
            "The head cook prepares 300 meals a day.",
            "",
            "The head cook",
            "prepares",
            "300 meals a day",
            ("does", "prepare"),
        ),
        ("The museum has closed.", "", "The museum", "has", "closed", ("has", "")),
        ("The museum has 12 rooms.", "", "The museum", "has", "12 rooms", ("does", "have")),
        ("The vans carry 900 kg.", "", "The vans", "carry", "900 kg", ("do", "carry")),
        ("The tickets cost 5 crowns.", "", "The tickets", "cost", "5 crowns", ("do", "cost")),
        ("The ticket cost 5 crowns.", "", "The ticket", "cost", "5 crowns", ("did", "cost")),
        ("The tower stands on the hill.", "", "The tower", "stands", "on the hill", ("does", "stand")),
        ("The price increases every year.", "", "The price", "increases", "every year", ("does", "increase")),
        ("Dr. Anna Holm leads the laboratory.", "", "Dr. Anna Holm", "leads", "the laboratory", ("does", "lead")),
        ("Members of the club must pay by 1 May.", "", "Members of the club", "must", "pay by 1 May", ("must", "")),
        ("Net sales in May 3, 2021 rose by 2%.", "", "Net sales in May 3, 2021", "rose", "by 2%", ("did", "rise")),
        (
            "As of 1 May 2022, the company employed 64 staff.",
            "As of 1 May 2022",
            "the company",
            "employed",
            "64 staff",
            ("did", "employ"),
        ),
        (
            "In 2021, the museum received 12,000 visitors.",
            "In 2021",
            "the museum",
            "received",
            "12,000 visitors",
            ("did", "receive"),
        ),
    ],
)
def test_a_clause_is_taken_apart(sentence, lead, subject, verb, rest, inverted):
    clause = parse(sentence)
    assert clause is not None
    assert (clause.lead, clause.subject, clause.verb, clause.rest) == (lead, subject, verb, rest)
    assert clause.inverted == inverted
    assert clause.sentence[clause.verb_at :].casefold().startswith(verb)


@pytest.mark.parametrize(
    "sentence",
    [
        "It costs 5 crowns.",  # what does?
        "The shares purchased under the plan were sold.",  # a participle before the verb
        "MRI performed later showed a lesion.",
        "The pump that failed was replaced.",
        "The ferry did not sail.",
        "Which boats sail?",
        "If it rains, the match ends.",
        "The fee would be 5 crowns.",
        "Each of the boats has a bell.",
        "Boats and bells",
        "",
    ],
)
def test_what_can_be_read_in_two_ways_gives_no_clause(sentence):
    assert parse(sentence) is None


@pytest.mark.parametrize(
    ("subject", "stands"),
    [
        ("The head cook", True),
        ("Members of the club", True),
        ("Acme (the maker)", True),
        ("The head cook of", False),
        ("This boat", False),
        ("Based on the charter", False),
        ("12 boats", False),
        ("The boat (old", False),
        ("", False),
    ],
)
def test_what_a_question_can_repeat(subject, stands):
    assert is_subject(subject) is stands


def test_a_further_verb_is_seen():
    assert holds_verb("the boat which sails")
    assert holds_verb("the boat is old")
    assert holds_verb("the crew employs two cooks")
    assert not holds_verb("the old boat of the harbour")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("employs", "takes", True),
        ("employed", "took", True),
        ("employs", "reports", False),
        ("employed", "takes", False),
        ("has", "is", True),
    ],
)
def test_second_verbs_agree_with_the_first(first, second, expected):
    assert is_second_verb(first, second) is expected


@given(st.text(alphabet="The boat is was has of (,.) 12 and which rose", max_size=80))
def test_parts_are_spans_of_the_sentence(sentence):
    clause = parse(sentence)
    if clause is not None:
        assert clause.subject in clause.sentence
        assert clause.verb_at <= clause.rest_at <= len(clause.sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The trust's policy with Nordby covers hull damage claims up to 40 crowns.",
        "The edition, printed by Halloway Press on 3 June 2020.",
        "Edition 2 printed by Halloway Press on 3 June 2020.",
    ],
)
def test_a_clause_with_two_verbs_or_a_participle_alone_is_left(sentence: str):
    clause = parse(sentence)
    assert clause is None or clause.verb == "covers"


@pytest.mark.parametrize(
    ("sentence", "subject", "verb"),
    [
        ("The arcade displays prints by 9 makers.", "The arcade", "displays"),
        ("Age limits in the junior crew are 12 and 16 years.", "Age limits in the junior crew", "are"),
        ("The pump stops if the door is open.", "The pump", "stops"),
        ("Sales grew by 5% in May.", "Sales", "grew"),
    ],
)
def test_of_two_words_that_may_be_verbs_number_and_auxiliaries_decide(sentence: str, subject: str, verb: str):
    clause = parse(sentence)
    assert clause is not None
    assert (clause.subject, clause.verb) == (subject, verb)
