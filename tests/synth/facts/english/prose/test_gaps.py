"""Values of a clause and the questions that ask for them."""

from __future__ import annotations

import pytest

from synth.facts.english.asking import direct, indirect, units
from synth.facts.english.prose.clause import parse
from synth.facts.english.prose.sentences import attaches, gaps, leading


def asked(sentence: str) -> list[tuple[str, str]]:
    """Questions of a sentence with their answers."""
    clause = parse(sentence)
    if clause is None:
        return []
    return [
        (direct(clause, gap, gap.wh[0], clause.subject), clause.sentence[gap.start : gap.end]) for gap in gaps(clause)
    ]


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "The museum received 12,000 visitors in 2021.",
            "how many visitors did The museum receive in 2021",
            "12,000 visitors",
        ),
        ("The island is 7.4 km long.", "how long is The island", "7.4 km"),
        ("The chairman serves for five years.", "for how long does The chairman serve", "five years"),
        ("The pool is open from 1 May to 30 September.", "when is The pool open", "from 1 May to 30 September"),
        ("The committee meets twice a year.", "how often does The committee meet", "twice a year"),
        (
            "A notice must be given 30 days before the meeting.",
            "how many days before the meeting must A notice be given",
            "30 days",
        ),
        ("The store holds 480 TB.", "how many TB does The store hold", "480 TB"),
        ("The ticket costs 5 crowns.", "how much does The ticket cost", "5 crowns"),
        ("The tank is kept at 4 °C.", "at what temperature is The tank kept", "4 °C"),
        ("The fund owns 12% of the shares.", "what percentage of the shares does The fund own", "12%"),
        ("The filter is replaced every 6 months.", "how often is The filter replaced", "every 6 months"),
        ("The share of women is 48%.", "what is The share of women", "48%"),
        ("The club was founded in 1931.", "when was The club founded", "1931"),
        ("The form must be filed by 1 May 2024.", "by when must The form be filed", "1 May 2024"),
        ("Guests pay a deposit of 40 crowns.", "what deposit do Guests pay", "40 crowns"),
    ],
)
def test_a_value_is_asked_for_by_its_question_word(sentence, question, answer):
    assert (question, answer) in asked(sentence)


def test_each_of_two_values_is_asked_given_the_other():
    assert asked("The office closes at 17:00 on Fridays.") == [
        ("when does The office close on Fridays", "17:00"),
        ("when does The office close at 17:00", "on Fridays"),
    ]
    assert asked("Prices rose by 4% in 2022.") == [
        ("by what percentage did Prices rise in 2022", "4%"),
        ("when did Prices rise by 4%", "2022"),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "The lamp does not burn for 3 hours.",
        "The vans carry 900 kg or 12 crates.",
        "The fund held 3 million euros and 12 bonds.",
        "The fee is 5 crowns unless the boat is old.",
        "The boat has 12 seats, 2 masts and a bell.",
        "The fee rose from 5 crowns to 6 crowns.",
        "The rate was 4% and 5%, respectively.",
        "The club was founded in late 1931.",
    ],
)
def test_what_is_not_the_whole_answer_is_not_asked(sentence):
    assert asked(sentence) == []


def test_the_indirect_form_keeps_the_order():
    clause = parse("The island is 7.4 km long.")
    assert clause is not None
    (gap,) = gaps(clause)
    assert indirect(clause, gap, gap.wh[0], "the island") == "how long the island is"


@pytest.mark.parametrize(
    ("sentence", "value", "predicate"),
    [
        ("Six bicycles are kept at the office", "Six bicycles", "are kept at the office"),
        ("12% of the members live abroad", "12%", "of the members live abroad"),
    ],
)
def test_a_quantity_may_be_the_subject(sentence, value, predicate):
    found = leading(sentence)
    assert found is not None
    assert (found[0].text, found[1]) == (value, predicate)


@pytest.mark.parametrize(
    "sentence",
    ["Six of them left", "Three dogs and two cats live here in the yard", "The boat has six oars", "Ten boats."],
)
def test_other_beginnings_are_no_quantities(sentence):
    assert leading(sentence) is None


@pytest.mark.parametrize(
    ("before", "expected"),
    [("be kept at", True), ("sell boats at", True), ("a plan to sell at", False), ("oil refined in", False)],
)
def test_a_phrase_belongs_to_the_verb_or_to_a_participle(before, expected):
    assert attaches(before) is expected


@pytest.mark.parametrize(
    ("noun", "plural"), [("km", "kilometres"), ("day", "days"), ("TB", "TB"), ("year and a day", "years and a day")]
)
def test_units_are_named_in_the_plural(noun, plural):
    assert units(noun) == plural
