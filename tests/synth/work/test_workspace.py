"""Facts, candidates and rows of a run, as they are stored and come back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from core.types import Pair, Preference
from synth.work.candidate import SourcePassage
from tests.support.club import CHARTS, FACTS, LICENCES, QUAY, RACKS, candidate


def pair(row_id: str = "r", **changes) -> Pair:
    made = Pair(
        id=row_id,
        kind="closed-book",
        question="How many?",
        answer="14",
        context="",
        evidence=RACKS.evidence,
        fact=RACKS.id,
        group="g",
        split="train",
    )
    return replace(made, **changes)


def test_facts_come_back_as_they_were(work):
    assert work.fact(RACKS.id) == RACKS
    assert not work.add_fact(RACKS, "another chunk")
    assert work.facts_of(candidate(work, QUAY).source.chunk) == [QUAY, LICENCES]


def test_a_plan_takes_one_fact_of_every_chunk_first(work):
    planned = list(work.planned(2))
    assert Counter(each.fact.id for each in planned) == Counter(each.id for each in FACTS)
    chunks = [each.chunk for each in planned]
    assert len(set(chunks[:3])) == 3  # the first round
    assert chunks[3] in chunks[:3]
    assert len(list(work.planned(1))) == 3


def test_other_facts_are_of_one_kind_and_wrap_around(work):
    assert work.add_fact(replace(RACKS, id="d", kind="date"), "c")
    for each in FACTS:
        others = work.others(each, 10)
        assert {other.id for other in others} == {other.id for other in FACTS} - {each.id}
        assert work.others(each, 2) == others[:2]


def test_answers_to_a_question_are_compared_without_case_and_articles(work):
    assert work.answers_to("how many racks does boathouse of rowing club have") == {"14 racks"}
    work.add_fact(replace(RACKS, id="f2", answer="15 racks"), "c")
    assert work.answers_to(RACKS.questions[0]) == {"14 racks", "15 racks"}
    assert work.answers_to("Who?") == set()


def test_accepted_candidates_come_back_whole(work):
    first = candidate(work)
    hits = (work.stretch(first.source.sha256, 1, 0, 20, chunk="h", header="Rules"),)
    vector = np.ones(4, dtype=np.float32).tobytes()
    accepted = replace(first, hits=hits, figures={"grounding": 0.5}, cluster=3, vector=vector)
    work.accept(accepted)
    work.accept(candidate(work, QUAY, 1))
    back = list(work.accepted())
    assert back[0] == accepted
    assert [one.question for one in back] == [RACKS.questions[0], QUAY.questions[1]]
    assert isinstance(back[0].hits[0], SourcePassage)


def test_a_row_is_stored_once(work):
    assert work.add_row(pair(), "c")
    assert not work.add_row(pair(answer="15"), "c")
    assert work.has_row("r")
    assert not work.has_row("s")
    (record,) = work.records("rows")
    assert record["answer"] == "14"


def test_records_carry_the_split_as_it_is_now(work):
    work.add_row(pair(), "c")
    work.db.execute("UPDATE rows SET split='test', grp='h'")
    (record,) = work.records("rows")
    assert (record["group"], record["split"]) == ("h", "test")
    assert list(work.records("rows", "split='train'")) == []


def test_dropped_rows_are_among_the_rejected_ones(work):
    work.add_row(pair("a"), "c")
    work.add_row(pair("b"), "c")
    work.drop_rows(["a"], "overlap", "shares words")
    assert [record["id"] for record in work.records("rows")] == ["b"]
    (rejected,) = work.records("rejected")
    assert (rejected["id"], rejected["check"], rejected["reason"]) == ("a", "overlap", "shares words")


def test_a_preference_is_stored_once(work):
    better = Preference(
        id="p",
        kind="corrupted",
        prompt="q",
        context="",
        chosen="a",
        rejected="b",
        group="g",
        split="train",
        fact=CHARTS.id,
        origin="rules",
    )
    assert work.add_preference(better)
    assert not work.add_preference(better)
    assert [record["chosen"] for record in work.records("preferences")] == ["a"]
