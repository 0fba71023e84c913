"""Making rows: how many, of which kinds, and what people wrote is kept."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from core.settings import SynthSettings
from core.types import Pair, Preference
from synth.dataset.write import locked, replace
from synth.making import make
from synth.making.run import all_checks, record_of, row_checks
from tests.support.club import RACKS, candidate, workspace
from tests.support.synth_rows import club_run


def test_as_many_rows_as_asked_for(tmp_path):
    run = club_run(tmp_path, pairs=7)
    rows = list(make.pairs(run))
    assert len(rows) == run.rows == run.work.count("rows") == 7
    assert run.full
    assert run.rows_to_make == 0
    assert len({row.id for row in rows}) == 7


def test_without_a_number_every_phrasing_is_used(tmp_path):
    run = club_run(tmp_path)
    rows = list(make.pairs(run))
    assert run.rows_to_make is None
    assert not run.full
    assert len(rows) == run.work.count("rows") > 4
    assert set(run.tally.seen) == {check.name for check in all_checks(run)}


def test_only_kinds_with_a_share_are_made(tmp_path):
    off = dict.fromkeys(SynthSettings().shares, 0.0)
    rows = list(make.pairs(club_run(tmp_path, shares={**off, "closed-book": 1.0})))
    assert Counter(row.kind for row in rows) == {"closed-book": len(rows)}


def test_preferences_follow_the_number_of_rows(tmp_path):
    run = club_run(tmp_path)
    list(make.pairs(run))
    make.prefer(run)
    assert 0 < run.work.count("preferences") <= round(run.plan.settings.preference_rows * run.rows) + 1


def test_checks_that_compare_rows_stand_around_the_search(tmp_path):
    run = club_run(tmp_path)
    single, every = [check.name for check in row_checks(run)], [check.name for check in all_checks(run)]
    assert [name for name in every if name in single] == single
    assert every.index("ambiguous") < every.index("retriever")
    assert every[-1] == "duplicate"


def test_a_rejected_candidate_is_recorded_with_its_place(tmp_path):
    work = workspace(tmp_path)
    record = record_of(candidate(work))
    assert (record["doc"], record["page"], record["quote"]) == ("club.pdf", 0, RACKS.evidence[0].quote)


@pytest.fixture
def dataset(tmp_path) -> Path:
    def pair(row_id: str, origin: str) -> Pair:
        return Pair(
            id=row_id * 16,
            kind="instruction",
            question=f"Who is {row_id}?",
            answer="Ole",
            context="",
            evidence=(),
            fact="",
            group=row_id,
            split="train",
            origin=origin,
        )

    better = Preference(
        id="d" * 16,
        kind="feedback",
        prompt="Who?",
        context="",
        chosen="Ole",
        rejected="Bo",
        group="d",
        split="train",
        fact="",
        origin="person",
    )
    folder = tmp_path / "dataset"
    folder.mkdir()
    with locked(folder) as opened:
        replace(opened, [pair("a", "person"), pair("b", "import"), pair("c", "rules"), better], {})
    return folder


def test_rows_of_people_are_taken_over_and_others_are_not(tmp_path, dataset):
    run = club_run(tmp_path)
    make.keep_people(run, dataset)
    assert {record["id"][0] for record in run.work.records("rows")} == {"a", "b"}
    assert run.work.count("preferences") == 1
    assert json.loads((dataset / "pairs.jsonl").read_text(encoding="utf-8").splitlines()[2])["origin"] == "rules"
