"""Planted errors and harmless changes: what each changes, and what is counted."""

from __future__ import annotations

import random

import pytest

from core.metrics import normalised
from synth.check.base import SimpleCheck
from synth.check.evidence import borne_out, quoted, valued
from synth.making.audit import ERRORS, HARMLESS, audit
from tests.support.club import FACTS, RACKS, candidate, filled


@pytest.fixture
def work(tmp_path):
    work = filled(tmp_path)
    for fact in FACTS:
        work.accept(candidate(work, fact))
        work.accept(candidate(work, fact, 1))
    yield work
    work.close()


def changed(work, name, plants):
    for seed in range(20):
        planted = plants[name](candidate(work), work, random.Random(seed))
        if planted is not None:
            return planted
    raise AssertionError(f"{name} never applies")


def test_a_wrong_number_stands_in_value_answer_and_statement_alike(work):
    wrong = changed(work, "wrong number", ERRORS).fact
    assert wrong.value == wrong.answer != RACKS.value
    assert wrong.value in wrong.statement
    assert wrong.evidence == RACKS.evidence


def test_another_entity_is_asked_about(work):
    wrong = changed(work, "wrong entity", ERRORS)
    assert normalised(wrong.fact.subject) != normalised(RACKS.subject)
    assert wrong.fact.subject in wrong.question
    assert wrong.fact.value == RACKS.value


def test_a_swapped_chunk_is_quoted_truly(work):
    wrong = changed(work, "swapped chunk", ERRORS)
    (citation,) = wrong.fact.evidence
    assert work.page_text(citation.sha256, citation.page)[citation.start : citation.end] == citation.quote
    assert (citation.sha256, citation.page) != (RACKS.evidence[0].sha256, 0)
    assert wrong.source.holds(citation)


def test_a_missing_quote_stands_nowhere(work):
    wrong = changed(work, "missing quote", ERRORS)
    assert wrong.fact.evidence[0].quote not in wrong.source.text
    assert "14 racks" in wrong.fact.evidence[0].quote


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_harmless_changes_pass_the_checks_of_evidence(work, name):
    for fact in FACTS:
        same = HARMLESS[name](candidate(work, fact), work, random.Random(0))
        if same is not None:
            assert quoted(work.page_text)(same) == valued(same) == borne_out(same) == ""


def test_recall_and_false_alarms_are_counted_per_check(work):
    checks = [
        SimpleCheck("quote", quoted(work.page_text)),
        SimpleCheck("figures", borne_out),
        SimpleCheck("never", lambda _: ""),
    ]
    report = audit(work, checks, 5).to_json()
    numbers, quotes = report["recall"]["wrong number"], report["recall"]["missing quote"]
    assert numbers["share"] == numbers["alone"]["figures"] == 1.0
    assert quotes["alone"]["quote"] == 1.0
    assert all(found["alone"]["never"] == 0.0 for found in report["recall"].values())
    assert report["false_alarm_share"] == 0.0
    assert 0 < numbers["planted"] <= 5


def test_one_candidate_of_each_fact_comes_first(work):
    seen: list[str] = []
    check = SimpleCheck("see", lambda one: seen.append(one.fact.id) or "")
    audit(work, [check], len(FACTS))
    assert len(set(seen[: len(FACTS)])) == len(FACTS)


def test_nothing_accepted_nothing_planted(tmp_path):
    empty = filled(tmp_path)
    report = audit(empty, [SimpleCheck("never", lambda _: "")], 5).to_json()
    assert report["recall"]["wrong number"] == {"planted": 0, "caught": 0, "share": 0.0, "alone": {"never": 0.0}}
    assert report["false_alarm_share"] == 0.0
