"""Counts of a dataset: kinds, question types, origins, and how distinct its questions are."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.files import sha256_of
from core.types import Pair
from synth.dataset.manifest import counts, distinct, question_type, rejected_by, write_manifest
from synth.dataset.split import SplitProof
from tests.support.club import CHARTS, RACKS, filled


def row(row_id: str, **changes) -> Pair:
    made = Pair(
        id=row_id,
        kind="closed-book",
        question="How many racks does the boathouse have?",
        answer="14",
        context="",
        evidence=RACKS.evidence,
        fact=RACKS.id,
        group=row_id,
        split="train",
        origin="rules",
    )
    return replace(made, **changes)


@pytest.fixture
def work(tmp_path):
    work = filled(tmp_path)
    work.add_row(row("a"), "c")
    work.add_row(
        row("b", kind="evidence", split="test", question="Who leads the museum?", evidence=CHARTS.evidence), "c"
    )
    work.add_row(row("c", kind="rewrite", question="", fact="", origin="person", evidence=()), "c")
    work.reject("grounding", "low", {})
    work.reject("leak", "source", {})
    work.reject("leak", "source", {})
    yield work
    work.close()


def test_rows_are_counted_in_every_way(work):
    found = counts(work)
    assert (found["pairs"], found["facts"], found["rejected"], found["groups"]) == (3, 4, 3, 3)
    assert found["kinds"] == {"closed-book": 1, "evidence": 1, "rewrite": 1}
    assert found["splits"] == {"train": 2, "val": 0, "test": 1}
    assert found["question_types"] == {"how many": 1, "none": 1, "who": 1}
    assert found["documents"] == {"club.pdf": 1, "museum.pdf": 1}
    assert found["origins"] == {"rules": 2, "person": 1}
    assert found["written_by_people"] == 0.3333


def test_drops_are_counted_per_check_most_first(work):
    assert list(rejected_by(work).items()) == [("leak", 2), ("grounding", 1)]


@pytest.mark.parametrize(
    ("question", "kind"),
    [("How many?", "how many"), ("According to the guide, who leads?", "who"), ("Name it.", "other"), ("", "none")],
)
def test_question_types(question, kind):
    assert question_type(question) == kind


def test_repeated_questions_are_less_distinct(work):
    before = distinct(work)
    work.add_row(row("d"), "c")
    after = distinct(work)
    assert after["distinct-1"] < before["distinct-1"] <= 1.0
    assert after["distinct-3"] < before["distinct-3"] <= 1.0


def test_the_manifest_hashes_the_files_and_comes_without_nearest_rows(work, tmp_path):
    (tmp_path / "pairs.jsonl").write_text("{}\n")
    proof = SplitProof(shared_groups=0, shared_grams=0, barred=1, dropped=2)
    returned = write_manifest(
        tmp_path, work, files=["pairs.jsonl"], head={"seed": 3}, proof=proof, checks={}, coverage={}, audit=None
    )
    written = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert written["files"] == {"pairs.jsonl": sha256_of(tmp_path / "pairs.jsonl")}
    assert (written["seed"], written["split"]["barred"]) == (3, 1)
    assert "nearest" in written
    assert "nearest" not in returned
    assert {name: value for name, value in written.items() if name != "nearest"} == returned
