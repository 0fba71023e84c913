"""Facts of a whole document: contradictions are dropped, languages without rules give none, offsets hold."""

from __future__ import annotations

import pytest

from core.types import Fact
from synth.facts.read import read_facts, rule_language
from tests.support.stated_facts import document, page

AROUND = "It is one of the works that the club has had for a long time, and it was made by the members of it. "
GERMAN = "Die Satzung tritt am Tage nach ihrer Bekanntmachung in Kraft. Der Beitrag beträgt 40 Euro im Jahr. "


def facts(*texts: str) -> list[Fact]:
    pages = [page(text, index) for index, text in enumerate(texts)]
    found = list(read_facts(document("Rowing Club Handbook"), pages))
    for fact in found:
        for citation in fact.evidence:
            assert texts[citation.page][citation.start : citation.end] == citation.quote
    return found


def test_a_second_answer_to_one_question_drops_both():
    one = AROUND + "The old boathouse has 14 racks."
    other = AROUND + "The old boathouse has 15 racks."
    assert [fact.answer for fact in facts(one)] == ["14 racks"]
    assert facts(one, other) == []


def test_a_repeated_fact_comes_once():
    one = AROUND + "The old boathouse has 14 racks."
    found = facts(one, one)
    assert [(fact.answer, fact.evidence[0].page) for fact in found] == [("14 racks", 0)]


def test_a_page_in_another_language_gives_no_facts():
    found = facts(GERMAN * 3, AROUND + "The old boathouse has 14 racks.")
    assert [fact.evidence[0].page for fact in found] == [1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (AROUND, "en"),
        (GERMAN, ""),
        ("12 34 56", "en"),
        ("", "en"),
        ("2024年の予算はいくらですか。", ""),
    ],
)
def test_which_rules_read_a_page(text, code):
    assert rule_language(text) == code


def test_a_bullet_is_no_part_of_a_quote():
    (fact,) = facts(AROUND + "\n\n• The old boathouse has 14 racks.\n")
    assert fact.evidence[0].quote == "The old boathouse has 14 racks."


def test_ids_depend_on_place_and_question():
    first = facts(AROUND + "The old boathouse has 14 racks. The new quay is 62 m long.")
    second = facts(AROUND + "The old boathouse has 14 racks. The new quay is 62 m long.")
    assert [fact.id for fact in first] == [fact.id for fact in second]
    assert len({fact.id for fact in first}) == len(first) == 2


def test_a_failed_page_is_not_read():
    text = AROUND + "The old boathouse has 14 racks."
    failed = page(text)
    assert list(read_facts(document("Handbook"), [failed.__class__(index=0, text=text, quality="failed")])) == []
